//! Private keys in the forms that came before PKCS#8, which some readers want.

use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der};
use pkcs8::PrivateKeyInfoRef;

use super::{KeyError, Pair, PrivateKey};
use crate::pem;
use crate::secret_text::SecretText;

impl PrivateKey {
    /// The key as a PEM block of its own kind: SEC1 (RFC 5915) for ECDSA, PKCS#1 (RFC 8017) for
    /// RSA. Ed25519 has none, and stays PKCS#8 (RFC 8410). A secret in clear.
    ///
    /// # Errors
    ///
    /// When the cryptographic library cannot encode it.
    pub fn to_traditional_pem(&self) -> Result<SecretText, KeyError> {
        match &self.pair {
            Pair::Ecdsa(pair) => {
                let der: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der()?;
                Ok(pem::encode_secret(pem::EC_PRIVATE_KEY, der.as_ref()))
            }
            Pair::Ed25519(_) => Ok(self.to_pem()),
            Pair::Rsa(_) => {
                let info = PrivateKeyInfoRef::try_from(self.pkcs8_der())
                    .map_err(|_| KeyError::Provider)?;
                let der = info.private_key.as_bytes();
                Ok(pem::encode_secret(pem::RSA_PRIVATE_KEY, der))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyAlgorithm;

    #[test]
    fn it_reads_back_as_the_same_key() {
        let labels = [
            (KeyAlgorithm::P256, "BEGIN EC PRIVATE KEY"),
            (KeyAlgorithm::P521, "BEGIN EC PRIVATE KEY"),
            (KeyAlgorithm::Ed25519, "BEGIN PRIVATE KEY"),
            (KeyAlgorithm::Rsa2048, "BEGIN RSA PRIVATE KEY"),
        ];
        for (algorithm, label) in labels {
            let key = PrivateKey::generate(algorithm).unwrap();
            let text = key.to_traditional_pem().unwrap();
            assert!(text.as_str().contains(label), "{algorithm}");
            let again = PrivateKey::read(text.as_bytes(), None).unwrap();
            assert_eq!(again.public(), key.public());
        }
    }
}
