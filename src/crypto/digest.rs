//! Incremental digests.

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512};

use crate::hex;

/// An incremental digest.
pub(crate) struct Sha256(Context);

impl Sha256 {
    /// A digest of no bytes.
    pub(crate) fn new() -> Sha256 {
        Sha256(Context::new(&SHA256))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest in lower-case hexadecimal, as printed by `sha256sum`.
    pub(crate) fn finish(self) -> String {
        let digest = self.0.finish();
        hex::encode(digest.as_ref())
    }
}

impl Default for Sha256 {
    fn default() -> Sha256 {
        Sha256::new()
    }
}

/// A digest of the SHA family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sha {
    /// Only for checksums that others chose this way.
    Sha1,
    Sha256,
    Sha512,
}

/// An incremental digest of the SHA family.
pub(crate) struct ShaDigest(Context);

impl ShaDigest {
    /// A digest of no bytes.
    pub(crate) fn new(sha: Sha) -> ShaDigest {
        ShaDigest(Context::new(match sha {
            Sha::Sha1 => &SHA1_FOR_LEGACY_USE_ONLY,
            Sha::Sha256 => &SHA256,
            Sha::Sha512 => &SHA512,
        }))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest: 20, 32 or 64 bytes.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_of_pieces_equals_digest_of_whole() {
        let mut digest = Sha256::new();
        digest.update(b"a");
        digest.update(b"bc");
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest.finish(), abc);
    }
}
