//! Private keys as files have them: PEM or DER, in clear or under a passphrase.

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode, Reader, SliceReader};
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use pkcs8::spki::AlgorithmIdentifierRef;

use super::{KeyError, PrivateKey};
use crate::pem;

impl PrivateKey {
    /// Reads the one private key of a file: PKCS#8 (RFC 5958), also encrypted with PBES2 (RFC
    /// 8018), SEC1 (RFC 5915) or PKCS#1 (RFC 8017), as PEM or DER. Other PEM blocks are passed
    /// over.
    ///
    /// # Errors
    ///
    /// When there is none or more than one, it cannot be read, or it is encrypted and
    /// `passphrase` is missing or another one.
    pub fn read(content: &[u8], passphrase: Option<&[u8]>) -> Result<Self, KeyError> {
        if content.first() == Some(&DER_SEQUENCE) {
            return Self::from_any_der(content, passphrase);
        }
        if has_header_of_encryption(content) {
            return Err(KeyError::LegacyEncryption);
        }
        let blocks = pem::read(content)?;
        let mut keys = blocks
            .iter()
            .filter(|block| pem::is_private_key(&block.label));
        match (keys.next(), keys.next()) {
            (Some(_), Some(_)) => Err(KeyError::Several),
            // What is under a passphrase is told by its form.
            (Some(key), None) => Self::from_any_der(&key.content, passphrase),
            (None, _) => Err(KeyError::Missing),
        }
    }

    fn from_any_der(der: &[u8], passphrase: Option<&[u8]>) -> Result<Self, KeyError> {
        let Ok(encrypted) = EncryptedPrivateKeyInfoRef::try_from(der) else {
            return match is_encrypted(der) {
                true => Err(KeyError::LegacyEncryption),
                false => Self::from_der(der),
            };
        };
        let passphrase = passphrase.ok_or(KeyError::Encrypted)?;
        let parameters = encrypted.encryption_algorithm.pbes2();
        check_cost(parameters.ok_or(KeyError::LegacyEncryption)?)?;
        let decrypted = encrypted.decrypt(passphrase).map_err(|error| match error {
            pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::UnsupportedAlgorithm {
                ..
            }) => KeyError::LegacyEncryption,
            _ => KeyError::WrongPassphrase,
        })?;
        // Padding that is right by chance hides a wrong passphrase once in 256 times.
        Self::from_der(decrypted.as_bytes()).map_err(|_| KeyError::WrongPassphrase)
    }
}

/// The older way of encryption, with header lines inside of the block (RFC 1421).
pub(crate) fn has_header_of_encryption(content: &[u8]) -> bool {
    let header = b"Proc-Type: 4,ENCRYPTED";
    content.windows(header.len()).any(|part| part == header)
}

/// Whether these octets are an EncryptedPrivateKeyInfo (RFC 5958 section 3), in whatever way it is
/// encrypted: the reader of PKCS#8 knows none but PBES2 and some of PBES1.
fn is_encrypted(der: &[u8]) -> bool {
    let Ok(mut reader) = SliceReader::new(der) else {
        return false;
    };
    let read = reader.sequence(|content| {
        AlgorithmIdentifierRef::decode(content)?;
        <&OctetStringRef>::decode(content).map(|_| ())
    });
    read.is_ok()
}

/// A file must not be able to keep the machine busy for hours or eat all its memory.
fn check_cost(parameters: &Parameters) -> Result<(), KeyError> {
    let fits = match &parameters.kdf {
        Kdf::Pbkdf2(kdf) => kdf.iteration_count <= MAX_ITERATIONS,
        Kdf::Scrypt(kdf) => {
            let memory = kdf
                .cost_parameter
                .saturating_mul(u64::from(kdf.block_size) * 128);
            kdf.cost_parameter > 1
                && kdf.cost_parameter.is_power_of_two()
                && memory <= MAX_MEMORY
                && kdf.parallelization <= MAX_LANES
        }
        _ => false,
    };
    match fits {
        true => Ok(()),
        false => Err(KeyError::Cost),
    }
}

/// The first octet of every key as DER.
const DER_SEQUENCE: u8 = 0x30;
/// Some seconds; openssl writes 2048, RFC 8018's advice of today is 600,000.
const MAX_ITERATIONS: u32 = 10_000_000;
const MAX_MEMORY: u64 = 1 << 30;
const MAX_LANES: u16 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyAlgorithm;

    #[test]
    fn one_key_is_read_and_not_two() {
        let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        let pem = key.to_pem();
        let read = |text: &str| PrivateKey::read(text.as_bytes(), None);
        assert_eq!(read(pem.as_str()).unwrap().public(), key.public());
        assert!(matches!(
            read(&pem.as_str().repeat(2)),
            Err(KeyError::Several)
        ));
        assert!(matches!(read("x"), Err(KeyError::Missing)));
        let der = PrivateKey::read(key.pkcs8_der(), None).unwrap();
        assert_eq!(der.public(), key.public());
    }
}
