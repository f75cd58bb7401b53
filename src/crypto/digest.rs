//! Incremental SHA-256.

use ring::digest::{Context, SHA256};

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
