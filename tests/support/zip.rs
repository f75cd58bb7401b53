//! Writes ZIP archives, right and wrong ones.

use std::io::Write;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// A member as it is written; what is wrong with it is set after [`Member::new`].
#[derive(Clone)]
pub struct Member {
    pub name: String,
    pub packed: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    pub crc32: u32,
    /// Unpacked.
    pub size: u32,
    /// Where the header is said to be, if not where it is.
    pub header_at: Option<u32>,
    /// The mode, in the upper half.
    pub attributes: u32,
    /// The name in the header before the member, if not the same.
    pub other_name: Option<String>,
}

impl Member {
    pub fn stored(name: &str, bytes: &[u8]) -> Member {
        let mut crc = Crc::new();
        crc.update(bytes);
        Member {
            name: name.into(),
            packed: bytes.to_vec(),
            method: 0,
            flags: 0,
            crc32: crc.sum(),
            size: u32::try_from(bytes.len()).unwrap(),
            header_at: None,
            attributes: 0o100_644 << 16,
            other_name: None,
        }
    }

    pub fn deflated(name: &str, bytes: &[u8]) -> Member {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        Member {
            packed: encoder.finish().unwrap(),
            method: 8,
            ..Member::stored(name, bytes)
        }
    }
}

/// An archive of these members.
pub fn archive(members: &[Member]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for member in members {
        let at = u32::try_from(bytes.len()).unwrap();
        let local_name = member.other_name.as_ref().unwrap_or(&member.name);
        let common = |name: &str| {
            let mut common = Vec::new();
            for value in [20, member.flags, member.method, 0, 0x21] {
                common.extend(u16::to_le_bytes(value));
            }
            common.extend(member.crc32.to_le_bytes());
            common.extend(u32::try_from(member.packed.len()).unwrap().to_le_bytes());
            common.extend(member.size.to_le_bytes());
            common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
            common.extend([0, 0]);
            common
        };
        bytes.extend(b"PK\x03\x04");
        bytes.extend(common(local_name));
        bytes.extend(local_name.bytes());
        bytes.extend(&member.packed);
        directory.extend(b"PK\x01\x02");
        directory.extend([20, 3]);
        directory.extend(common(&member.name));
        // Comment, disk, internal attributes.
        directory.extend([0; 6]);
        directory.extend(member.attributes.to_le_bytes());
        directory.extend(member.header_at.unwrap_or(at).to_le_bytes());
        directory.extend(member.name.bytes());
    }
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    let at = u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let size = u32::try_from(directory.len()).unwrap().to_le_bytes();
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count);
    bytes.extend(count);
    bytes.extend(size);
    bytes.extend(at);
    bytes.extend([0, 0]);
    bytes
}
