//! Private keys that are encrypted with a password: EncryptedPrivateKeyInfo (RFC 5958 §3) with PBES2
//! (RFC 8018 §6.2), PBKDF2 and AES-CBC, as `openssl pkcs8 -topk8` writes.

use std::fmt;
use std::num::NonZeroU32;

use aes::cipher::consts::U16;
use aes::cipher::{Array, BlockCipherDecrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use ring::pbkdf2;
use zeroize::Zeroizing;

use crate::der::{self, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE, Wrong};

/// A key with more iterations would block a node for more than some seconds.
const MAX_ITERATIONS: u32 = 2_000_000;
const MAX_SALT_BYTES: usize = 1024;
const BLOCK_BYTES: usize = 16;

const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
const SCRYPT: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b];
/// All but the last byte of `hmacWithSHA1` and its successors.
const HMAC_WITH: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02];
/// All but the last byte of the identifiers of AES.
const AES: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01];

/// Why a key cannot be decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// It is not an encrypted private key.
    Malformed,
    /// It is encrypted in a way that c47 does not support: the name of the algorithm.
    Unsupported(&'static str),
    /// PBKDF2 would take too long.
    TooManyIterations,
    /// The password is wrong, or the encrypted bytes are damaged.
    WrongPassword,
}

/// The command that encrypts a key again, so that c47 can decrypt it.
pub(crate) const CONVERT: &str =
    "openssl pkcs8 -topk8 -in key.pem -v2 aes-256-cbc -v2prf hmacWithSHA256 -out new.pem";

impl Error {
    /// What to do about it.
    pub(crate) fn hint(self) -> Option<&'static str> {
        match self {
            Error::Unsupported(_) | Error::TooManyIterations => Some(CONVERT),
            Error::Malformed | Error::WrongPassword => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Malformed => f.write_str("it is not a valid encrypted private key (PKCS#8)"),
            Error::Unsupported(what) => write!(
                f,
                "it is encrypted with {what}; c47 supports PBES2 with PBKDF2 and AES-CBC"
            ),
            Error::TooManyIterations => write!(
                f,
                "its password needs too many iterations; c47 supports at most {MAX_ITERATIONS}"
            ),
            Error::WrongPassword => f.write_str("the password is wrong, or the key is damaged"),
        }
    }
}

impl From<Wrong> for Error {
    fn from(_: Wrong) -> Error {
        Error::Malformed
    }
}

/// Whether the bytes have the structure of an encrypted private key.
pub(crate) fn is_encrypted(der: &[u8]) -> bool {
    let read = || -> Result<bool, Wrong> {
        let mut inside = Reader::sequence_of(der)?;
        inside.nested(SEQUENCE)?.element(OID)?;
        inside.element(OCTET_STRING)?;
        Ok(inside.peek().is_none())
    };
    read() == Ok(true)
}

/// Decrypts a private key; the result is PKCS#8.
///
/// # Errors
/// If the key is malformed or not supported, or the password is wrong.
pub(crate) fn decrypt(der: &[u8], password: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut inside = Reader::sequence_of(der)?;
    let parameters = Parameters::read(inside.nested(SEQUENCE)?)?;
    let encrypted = inside.element(OCTET_STRING)?;
    inside.finish()?;
    let key = parameters.derivation.key(password, parameters.cipher);
    let mut plain = Zeroizing::new(encrypted.to_vec());
    parameters.cipher.decrypt(&key, parameters.iv, &mut plain)?;
    let is_private_key = || -> Result<(), Wrong> {
        let mut inside = Reader::sequence_of(&plain)?;
        inside.element(INTEGER)?;
        inside.element(SEQUENCE)?;
        inside.element(OCTET_STRING).map(drop)
    };
    is_private_key().map_err(|_| Error::WrongPassword)?;
    Ok(plain)
}

/// How a key is encrypted.
struct Parameters<'a> {
    derivation: Derivation<'a>,
    cipher: Cipher,
    iv: [u8; BLOCK_BYTES],
}

impl<'a> Parameters<'a> {
    fn read(mut algorithm: Reader<'a>) -> Result<Parameters<'a>, Error> {
        match algorithm.element(OID)? {
            PBES2 => {}
            _ => return Err(Error::Unsupported("an old algorithm (PBES1 or PKCS#12)")),
        }
        let mut parameters = algorithm.nested(SEQUENCE)?;
        algorithm.finish()?;
        let mut derivation = parameters.nested(SEQUENCE)?;
        let mut encryption = parameters.nested(SEQUENCE)?;
        parameters.finish()?;
        let cipher = Cipher::named(encryption.element(OID)?)?;
        let iv = encryption.element(OCTET_STRING)?;
        encryption.finish()?;
        match derivation.element(OID)? {
            PBKDF2 => {}
            SCRYPT => return Err(Error::Unsupported("scrypt")),
            _ => return Err(Error::Unsupported("an unknown key derivation")),
        }
        let own = derivation.nested(SEQUENCE)?;
        derivation.finish()?;
        Ok(Parameters {
            derivation: Derivation::read(own, cipher)?,
            cipher,
            iv: iv.try_into().map_err(|_| Error::Malformed)?,
        })
    }
}

/// The parameters of PBKDF2.
struct Derivation<'a> {
    salt: &'a [u8],
    iterations: NonZeroU32,
    hash: pbkdf2::Algorithm,
}

impl<'a> Derivation<'a> {
    fn read(mut parameters: Reader<'a>, cipher: Cipher) -> Result<Derivation<'a>, Error> {
        let salt = parameters.element(OCTET_STRING)?;
        let iterations = number(parameters.unsigned()?).ok_or(Error::TooManyIterations)?;
        if parameters.peek() == Some(INTEGER) {
            let length = number(parameters.unsigned()?);
            if length.and_then(|length| usize::try_from(length).ok()) != Some(cipher.key_bytes()) {
                return Err(Error::Malformed);
            }
        }
        let hash = match parameters.optional(SEQUENCE)? {
            None => pbkdf2::PBKDF2_HMAC_SHA1,
            Some(content) => hash(Reader::new(content))?,
        };
        parameters.finish()?;
        if salt.is_empty() || salt.len() > MAX_SALT_BYTES {
            return Err(Error::Malformed);
        }
        if iterations > MAX_ITERATIONS {
            return Err(Error::TooManyIterations);
        }
        let iterations = NonZeroU32::new(iterations).ok_or(Error::Malformed)?;
        Ok(Derivation {
            salt,
            iterations,
            hash,
        })
    }

    fn key(&self, password: &[u8], cipher: Cipher) -> Zeroizing<Vec<u8>> {
        let mut key = Zeroizing::new(vec![0; cipher.key_bytes()]);
        pbkdf2::derive(self.hash, self.iterations, self.salt, password, &mut key);
        key
    }
}

/// A number of at most 32 bits; `None` if it is larger.
fn number(bytes: &[u8]) -> Option<u32> {
    let is_small = bytes.len() <= 4;
    is_small.then(|| {
        bytes
            .iter()
            .fold(0, |number, &byte| number << 8 | u32::from(byte))
    })
}

fn hash(mut algorithm: Reader) -> Result<pbkdf2::Algorithm, Error> {
    let name = algorithm.element(OID)?;
    // NULL, which some tools omit
    if algorithm
        .optional(der::NULL)?
        .is_some_and(|null| !null.is_empty())
    {
        return Err(Error::Malformed);
    }
    algorithm.finish()?;
    match name.strip_prefix(HMAC_WITH) {
        Some([7]) => Ok(pbkdf2::PBKDF2_HMAC_SHA1),
        Some([9]) => Ok(pbkdf2::PBKDF2_HMAC_SHA256),
        Some([10]) => Ok(pbkdf2::PBKDF2_HMAC_SHA384),
        Some([11]) => Ok(pbkdf2::PBKDF2_HMAC_SHA512),
        Some(_) | None => Err(Error::Unsupported("an unknown hash")),
    }
}

/// AES in CBC mode, by the length of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cipher {
    Aes128,
    Aes192,
    Aes256,
}

impl Cipher {
    fn named(oid: &[u8]) -> Result<Cipher, Error> {
        match oid.strip_prefix(AES) {
            Some([2]) => Ok(Cipher::Aes128),
            Some([22]) => Ok(Cipher::Aes192),
            Some([42]) => Ok(Cipher::Aes256),
            Some(_) => Err(Error::Unsupported("AES in another mode than CBC")),
            None => Err(Error::Unsupported("another cipher than AES")),
        }
    }

    fn key_bytes(self) -> usize {
        match self {
            Cipher::Aes128 => 16,
            Cipher::Aes192 => 24,
            Cipher::Aes256 => 32,
        }
    }

    fn decrypt(
        self,
        key: &[u8],
        iv: [u8; BLOCK_BYTES],
        bytes: &mut Zeroizing<Vec<u8>>,
    ) -> Result<(), Error> {
        match self {
            Cipher::Aes128 => decrypt_cbc::<Aes128>(key, iv, bytes),
            Cipher::Aes192 => decrypt_cbc::<Aes192>(key, iv, bytes),
            Cipher::Aes256 => decrypt_cbc::<Aes256>(key, iv, bytes),
        }
    }
}

/// Decrypts in place, and removes the padding (RFC 8018 §6.1.1).
fn decrypt_cbc<C>(
    key: &[u8],
    iv: [u8; BLOCK_BYTES],
    bytes: &mut Zeroizing<Vec<u8>>,
) -> Result<(), Error>
where
    C: KeyInit + BlockCipherDecrypt<BlockSize = U16>,
{
    if bytes.is_empty() || !bytes.len().is_multiple_of(BLOCK_BYTES) {
        return Err(Error::Malformed);
    }
    let cipher = C::new_from_slice(key).map_err(|_| Error::Malformed)?;
    let mut before = iv;
    for block in bytes.chunks_exact_mut(BLOCK_BYTES) {
        let mut encrypted = [0; BLOCK_BYTES];
        encrypted.copy_from_slice(block);
        let block = <&mut Array<u8, U16>>::try_from(block).map_err(|_| Error::Malformed)?;
        cipher.decrypt_block(block);
        for (byte, before) in block.iter_mut().zip(before) {
            *byte ^= before;
        }
        before = encrypted;
    }
    let padding = usize::from(bytes.last().copied().unwrap_or(0));
    let length = bytes
        .len()
        .checked_sub(padding)
        .ok_or(Error::WrongPassword)?;
    let is_padded = (1..=BLOCK_BYTES).contains(&padding)
        && bytes
            .iter()
            .skip(length)
            .all(|&byte| usize::from(byte) == padding);
    if !is_padded {
        return Err(Error::WrongPassword);
    }
    bytes.truncate(length);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    /// openssl pkcs8 -topk8 -v2 aes-128-cbc -v2prf hmacWithSHA256 -iter 1000 -passout pass:pw
    const KEY: &str = "\
        30819b305706092a864886f70d01050d304a302906092a864886f70d01050c301c040849990c2e4e\
        4624f2020203e8300c06082a864886f70d02090500301d06096086480165030401020410f8c7676f\
        7a33a92d198eb08f575ad7ab0440bbb8d900003c526d3ee7e2492ad72f4210122860450b37872fc0\
        2d6f071a154506309568fa141e922db6034e00a943c2b09612ed9d2508238b399c6481ac91a4\
        ";

    fn key() -> Vec<u8> {
        hex::decode(KEY.trim()).unwrap()
    }

    #[test]
    fn only_the_password_decrypts_the_key() {
        let plain = decrypt(&key(), b"pw").unwrap();
        // PKCS#8 of an Ed25519 key.
        assert_eq!(plain.len(), 48);
        assert!(is_encrypted(&key()) && !is_encrypted(&plain));
        for password in [&b"pW"[..], b"", b"pw "] {
            assert_eq!(decrypt(&key(), password).err(), Some(Error::WrongPassword));
        }
    }

    #[test]
    fn damaged_key_is_refused_without_a_panic() {
        let whole = key();
        let plain = decrypt(&whole, b"pw").unwrap();
        for length in 0..whole.len() {
            assert!(decrypt(&whole[..length], b"pw").is_err(), "{length} bytes");
        }
        for at in 0..whole.len() {
            for value in [
                0,
                1,
                0x30,
                0x7f,
                0x80,
                0xff,
                whole[at] ^ 1,
                whole[at] ^ 0x80,
            ] {
                let mut altered = whole.clone();
                altered[at] = value;
                // Only the IV, and the last but one block of what is encrypted, can be altered unnoticed.
                if let Ok(other) = decrypt(&altered, b"pw") {
                    assert_eq!(other.len(), plain.len(), "byte {at} is {value}");
                }
            }
        }
    }

    #[test]
    fn work_is_bounded() {
        let with = |number: &[u8]| {
            let salt = der::element(OCTET_STRING, &[&[7; 8]]);
            let parameters = der::element(SEQUENCE, &[&salt, &der::unsigned(number)]);
            let oid = der::element(OID, &[PBKDF2]);
            let derivation = der::element(SEQUENCE, &[&oid, &parameters]);
            let iv = der::element(OCTET_STRING, &[&[7; 16]]);
            let aes = der::element(OID, &[AES, &[2]]);
            let encryption = der::element(SEQUENCE, &[&aes, &iv]);
            let both = der::element(SEQUENCE, &[&derivation, &encryption]);
            let algorithm = der::element(SEQUENCE, &[&der::element(OID, &[PBES2]), &both]);
            let content = der::element(OCTET_STRING, &[&[7; 32]]);
            der::element(SEQUENCE, &[&algorithm, &content])
        };
        assert_eq!(decrypt(&with(&[1]), b"").err(), Some(Error::WrongPassword));
        for too_many in [
            &[0x1e, 0x84, 0x81][..],
            &[0xff; 4],
            &[0xff; 5],
            &[0x7f; 400],
        ] {
            let error = decrypt(&with(too_many), b"").err();
            assert_eq!(error, Some(Error::TooManyIterations), "{too_many:?}");
        }
        assert_eq!(decrypt(&with(&[]), b"").err(), Some(Error::Malformed));
    }
}
