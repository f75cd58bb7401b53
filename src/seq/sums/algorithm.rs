//! The checksums: their names, their text and their computation.

use xxhash_rust::xxh3::Xxh3Default;
use xxhash_rust::xxh64::Xxh64;

use super::c4;
use crate::crypto::digest::{Sha, ShaDigest};
use crate::hex;

/// A checksum algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Algorithm {
    /// The C4 ID of SMPTE ST 2114: SHA-512 in base58.
    C4,
    Md5,
    Sha1,
    Sha256,
    Sha512,
    /// XXH3 with 128 bits.
    Xxh128,
    /// XXH3 with 64 bits.
    Xxh3,
    Xxh64,
}

impl Algorithm {
    pub(crate) const ALL: [Algorithm; 8] = [
        Algorithm::C4,
        Algorithm::Md5,
        Algorithm::Sha1,
        Algorithm::Sha256,
        Algorithm::Sha512,
        Algorithm::Xxh128,
        Algorithm::Xxh3,
        Algorithm::Xxh64,
    ];

    /// Its name, as in an ASC MHL manifest.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Algorithm::C4 => "c4",
            Algorithm::Md5 => "md5",
            Algorithm::Sha1 => "sha1",
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha512 => "sha512",
            Algorithm::Xxh128 => "xxh128",
            Algorithm::Xxh3 => "xxh3",
            Algorithm::Xxh64 => "xxh64",
        }
    }

    /// The algorithm with this name, in lower case or as the tag of a list (`MD5`).
    pub(crate) fn named(name: &str) -> Option<Algorithm> {
        let is_named = |one: &Algorithm| one.name().eq_ignore_ascii_case(name);
        Algorithm::ALL.into_iter().find(is_named)
    }

    /// All names.
    pub(crate) fn names() -> Vec<String> {
        Algorithm::ALL.map(|one| one.name().to_owned()).to_vec()
    }

    /// The length of the checksum in bytes.
    pub(crate) fn length(self) -> usize {
        match self {
            Algorithm::Xxh3 | Algorithm::Xxh64 => 8,
            Algorithm::Md5 | Algorithm::Xxh128 => 16,
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
            Algorithm::C4 | Algorithm::Sha512 => 64,
        }
    }

    /// Whether a manifest of ASC MHL 2.0 can have it.
    pub(crate) fn is_in_mhl(self) -> bool {
        match self {
            Algorithm::C4
            | Algorithm::Md5
            | Algorithm::Sha1
            | Algorithm::Xxh128
            | Algorithm::Xxh3
            | Algorithm::Xxh64 => true,
            Algorithm::Sha256 | Algorithm::Sha512 => false,
        }
    }

    /// The text of a checksum: hexadecimal in lower case, or a C4 ID.
    pub(crate) fn text(self, sum: &[u8]) -> String {
        match self {
            Algorithm::C4 => c4::encode(sum),
            Algorithm::Md5
            | Algorithm::Sha1
            | Algorithm::Sha256
            | Algorithm::Sha512
            | Algorithm::Xxh128
            | Algorithm::Xxh3
            | Algorithm::Xxh64 => hex::encode(sum),
        }
    }

    /// Reads the text of a checksum. `None`: it is not one of this algorithm.
    pub(crate) fn parse(self, text: &str) -> Option<Vec<u8>> {
        let sum = match self {
            Algorithm::C4 => c4::decode(text),
            Algorithm::Md5
            | Algorithm::Sha1
            | Algorithm::Sha256
            | Algorithm::Sha512
            | Algorithm::Xxh128
            | Algorithm::Xxh3
            | Algorithm::Xxh64 => hex::decode(text),
        };
        sum.filter(|sum| sum.len() == self.length())
    }

    /// The checksum of some bytes.
    pub(crate) fn of(self, bytes: &[u8]) -> Vec<u8> {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish()
    }
}

/// The computation of a checksum.
pub(crate) enum Hasher {
    Md5(md5::Context),
    Sha(ShaDigest),
    Xxh128(Box<Xxh3Default>),
    Xxh3(Box<Xxh3Default>),
    Xxh64(Xxh64),
}

impl Hasher {
    /// The checksum of no bytes.
    pub(crate) fn new(algorithm: Algorithm) -> Hasher {
        match algorithm {
            Algorithm::C4 | Algorithm::Sha512 => Hasher::Sha(ShaDigest::new(Sha::Sha512)),
            Algorithm::Md5 => Hasher::Md5(md5::Context::new()),
            Algorithm::Sha1 => Hasher::Sha(ShaDigest::new(Sha::Sha1)),
            Algorithm::Sha256 => Hasher::Sha(ShaDigest::new(Sha::Sha256)),
            Algorithm::Xxh128 => Hasher::Xxh128(Box::new(Xxh3Default::new())),
            Algorithm::Xxh3 => Hasher::Xxh3(Box::new(Xxh3Default::new())),
            Algorithm::Xxh64 => Hasher::Xxh64(Xxh64::new(0)),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Md5(hasher) => hasher.consume(bytes),
            Hasher::Sha(hasher) => hasher.update(bytes),
            Hasher::Xxh128(hasher) | Hasher::Xxh3(hasher) => hasher.update(bytes),
            Hasher::Xxh64(hasher) => hasher.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        match self {
            Hasher::Md5(hasher) => hasher.finalize().to_vec(),
            Hasher::Sha(hasher) => hasher.finish(),
            Hasher::Xxh128(hasher) => hasher.digest128().to_be_bytes().to_vec(),
            Hasher::Xxh3(hasher) => hasher.digest().to_be_bytes().to_vec(),
            Hasher::Xxh64(hasher) => hasher.digest().to_be_bytes().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_specifications() {
        // As xxhsum, md5sum, sha1sum, sha256sum and ascmhl print them.
        for (algorithm, empty, abc) in [
            (
                Algorithm::C4,
                "c459dsjfscH38cYeXXYogktxf4Cd9ibshE3BHUo6a58hBXmRQdZrAkZzsWcbWtDg5oQstpDuni4Hirj75GEmTc1sFT",
                "c45S4rnaTNWonxss1u8LzsaJdEph1AJhWUF4sh2waXKMsutyfAxg4ybUeuXVWS9HdNcEypmeXn8FZGonD4w1rj9DZp",
            ),
            (
                Algorithm::Md5,
                "d41d8cd98f00b204e9800998ecf8427e",
                "900150983cd24fb0d6963f7d28e17f72",
            ),
            (
                Algorithm::Sha1,
                "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                "a9993e364706816aba3e25717850c26c9cd0d89d",
            ),
            (
                Algorithm::Xxh128,
                "99aa06d3014798d86001c324468d497f",
                "06b05ab6733a618578af5f94892f3950",
            ),
            (Algorithm::Xxh3, "2d06800538d394c2", "78af5f94892f3950"),
            (Algorithm::Xxh64, "ef46db3751d8e999", "44bc2cf5ad770999"),
        ] {
            assert_eq!(algorithm.text(&algorithm.of(b"")), empty);
            assert_eq!(algorithm.text(&algorithm.of(b"abc")), abc);
            assert_eq!(algorithm.parse(abc), Some(algorithm.of(b"abc")));
        }
    }

    #[test]
    fn pieces_give_the_checksum_of_the_whole() {
        let bytes: Vec<u8> = (0..5000_u32).map(|at| (at * 7 % 251) as u8).collect();
        for algorithm in Algorithm::ALL {
            for size in [1, 3, 64, 240, 1024] {
                let mut hasher = Hasher::new(algorithm);
                bytes.chunks(size).for_each(|piece| hasher.update(piece));
                assert_eq!(
                    hasher.finish(),
                    algorithm.of(&bytes),
                    "{}",
                    algorithm.name()
                );
            }
            assert_eq!(algorithm.of(&bytes).len(), algorithm.length());
        }
    }

    #[test]
    fn only_checksums_of_the_right_length_are_read() {
        for algorithm in Algorithm::ALL {
            for wrong in ["", "0", "00", "zz", "c4", "é"] {
                assert_eq!(algorithm.parse(wrong), None, "{wrong}");
            }
            assert_eq!(Algorithm::named(algorithm.name()), Some(algorithm));
        }
        assert_eq!(Algorithm::named("XXH64"), Some(Algorithm::Xxh64));
        assert_eq!(Algorithm::named("crc32"), None);
    }
}
