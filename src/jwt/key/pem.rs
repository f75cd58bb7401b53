//! Keys in PEM (RFC 7468): the private key, else the public key, else the first certificate, which
//! is the end-entity certificate of a chain.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::asn1;
use super::material::{Material, SUPPORTED};
use crate::jwt::Error;

const BEGIN: &str = "-----BEGIN ";
/// The maximum number of blocks in a file.
const MAX_BLOCKS: usize = 500;

/// Whether the bytes contain PEM, also incomplete. They are never used as a shared secret.
pub(crate) fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(10).any(|window| window == b"-----BEGIN")
}

/// Reads the key in a text.
///
/// # Errors
/// What was found instead of a single key.
pub(crate) fn read(bytes: &[u8]) -> Result<Material, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::key("it is PEM, but not UTF-8"))?;
    let blocks = blocks(text)?;
    let of = |kind: fn(&str) -> bool| -> Vec<&Block> {
        blocks.iter().filter(|block| kind(block.label)).collect()
    };
    // Other blocks are skipped. openssl writes EC PARAMETERS before a key, which repeats the curve.
    let private = of(|label| label.ends_with("PRIVATE KEY"));
    let public = of(|label| label.ends_with("PUBLIC KEY"));
    let certificates = of(|label| label.ends_with("CERTIFICATE"));
    match (
        private.as_slice(),
        public.as_slice(),
        certificates.as_slice(),
    ) {
        ([one], _, _) | ([], [one], _) | ([], [], [one, ..]) => one.key(),
        ([], [], []) => Err(match blocks.first() {
            Some(other) => Error::key(format!("it is PEM of type {}; {SUPPORTED}", other.label)),
            None => Error::key("it is PEM without a complete block"),
        }),
        ([], several, _) | (several, _, _) => Err(Error::key(format!(
            "it contains {} keys; exactly one is required",
            several.len()
        ))),
    }
}

/// The DER of the private key, if it is the only one and encrypted.
pub(super) fn encrypted(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let blocks = blocks(std::str::from_utf8(bytes).ok()?).ok()?;
    let mut private = blocks
        .iter()
        .filter(|block| block.label.ends_with("PRIVATE KEY"));
    match (private.next(), private.next()) {
        (Some(one), None) if one.label == "ENCRYPTED PRIVATE KEY" => one.der().ok(),
        (Some(_) | None, _) => None,
    }
}

struct Block<'a> {
    label: &'a str,
    body: &'a str,
}

fn blocks(text: &str) -> Result<Vec<Block<'_>>, Error> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let unfinished = || Error::key("it is truncated PEM");
        let (label, after) = after.split_once("-----").ok_or_else(unfinished)?;
        let (body, after) = after
            .split_once(&format!("-----END {label}-----"))
            .ok_or_else(unfinished)?;
        blocks.push(Block { label, body });
        if blocks.len() > MAX_BLOCKS {
            return Err(Error::key(format!("it has more than {MAX_BLOCKS} blocks")));
        }
        rest = after;
    }
    Ok(blocks)
}

impl Block<'_> {
    fn key(&self) -> Result<Material, Error> {
        match self.label {
            "PRIVATE KEY" => asn1::pkcs8(&self.der()?),
            "RSA PRIVATE KEY" => Material::rsa_private(&self.der()?),
            "EC PRIVATE KEY" => asn1::sec1(&self.der()?, None),
            "PUBLIC KEY" => asn1::spki(&self.der()?),
            "RSA PUBLIC KEY" => asn1::pkcs1_public(&self.der()?),
            "CERTIFICATE" | "X509 CERTIFICATE" => asn1::certificate(&self.der()?),
            "ENCRYPTED PRIVATE KEY" => Err(asn1::without_password()),
            "DSA PRIVATE KEY" => Err(asn1::dsa()),
            "OPENSSH PRIVATE KEY" => Err(Error::key_hint(
                "it is a private key in OpenSSH format; PKCS#8 is required",
                "convert a copy of an RSA or ECDSA key with: ssh-keygen -p -m PKCS8 -f COPY",
            )),
            other => Err(Error::key(format!(
                "it is PEM of type {other}; {SUPPORTED}"
            ))),
        }
    }

    fn der(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        // Headers of RFC 1421, which OpenSSL uses for encrypted keys
        if self.body.contains("Proc-Type:") || self.body.contains("DEK-Info:") {
            return Err(asn1::in_old_format());
        }
        if self.body.contains("\\n") {
            return Err(Error::key_hint(
                "it is PEM with line breaks written as \\n",
                "convert it with: printf '%b' \"$KEY\" > key.pem",
            ));
        }
        let mut bare = Zeroizing::new(Vec::with_capacity(self.body.len()));
        bare.extend(self.body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
        let mut der = Zeroizing::new(vec![0; bare.len()]);
        let length = STANDARD
            .decode_slice(&*bare, &mut der)
            .map_err(|_| Error::key(format!("its {} block is not base64", self.label)))?;
        der.truncate(length);
        Ok(der)
    }
}

/// Writes DER as PEM with 64 characters on each line.
pub(crate) fn write(label: &str, der: &[u8]) -> Zeroizing<String> {
    let mut base64 = Zeroizing::new(String::with_capacity(der.len() * 2 + 4));
    STANDARD.encode_string(der, &mut base64);
    let lines = base64.len() / 64 + 1;
    let mut pem = Zeroizing::new(String::with_capacity(
        base64.len() + lines + 2 * label.len() + 40,
    ));
    pem.push_str(&format!("{BEGIN}{label}-----\n"));
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at_checked(64).unwrap_or((rest, ""));
        pem.push_str(line);
        pem.push('\n');
        rest = tail;
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_round_trips() {
        for length in [0, 1, 47, 48, 49, 96, 500] {
            let der = vec![0x5a; length];
            let pem = write("TEST", &der);
            assert!(pem.lines().all(|line| line.len() <= 64));
            let blocks = blocks(&pem).unwrap();
            assert_eq!(blocks[0].der().unwrap().as_slice(), der);
        }
    }

    #[test]
    fn invalid_pem_is_rejected() {
        let why = |text: &str| read(text.as_bytes()).err().unwrap().to_string();
        assert!(why("-----BEGIN PUBLIC KEY-----\nMII").contains("truncated"));
        assert!(why("-----BEGIN").contains("complete block"));
        assert!(why("-----BEGIN PGP X-----\n-----END PGP X-----").contains("PGP X"));
        assert!(
            why("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAA==\n-----END RSA PRIVATE KEY-----")
                .contains("old format")
        );
        assert!(why("-----BEGIN PUBLIC KEY-----\\nMII\\n-----END PUBLIC KEY-----").contains("\\n"));
        let two = "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n".repeat(2);
        assert!(why(&two).contains("2 keys"));
        assert!(why(&two.repeat(400)).contains("500 blocks"));
    }
}
