//! Several certificates in one PEM text, as `--cert-file` and `--trusted-ca-file` take them.

use super::{Certificate, InvalidCertificate};
use crate::pem::{self, Block, InvalidBlock};

/// Encodes certificates one after another.
pub fn write<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> String {
    certificates.into_iter().map(Certificate::to_pem).collect()
}

/// Reads every certificate of a PEM text; other blocks and text around them are passed over.
///
/// # Errors
///
/// When there is none, or one cannot be read.
pub fn read(text: &[u8]) -> Result<Vec<Certificate>, InvalidPem> {
    of_blocks(&pem::read(text)?)
}

/// The same of blocks that were read.
pub(crate) fn of_blocks(blocks: &[Block]) -> Result<Vec<Certificate>, InvalidPem> {
    let certificates: Vec<Certificate> = blocks
        .iter()
        .filter(|block| block.label == pem::CERTIFICATE)
        .map(|block| Certificate::from_der(&block.content))
        .collect::<Result<_, _>>()?;
    match certificates.is_empty() {
        true => Err(InvalidPem::Missing),
        false => Ok(certificates),
    }
}

/// A text that does not hold certificates.
#[derive(Clone, Debug, thiserror::Error)]
pub enum InvalidPem {
    /// A certificate inside is not one.
    #[error(transparent)]
    Certificate(#[from] InvalidCertificate),
    /// A block is cut or holds characters that are not base64.
    #[error(transparent)]
    Malformed(#[from] InvalidBlock),
    /// No certificate at all.
    #[error("no `-----BEGIN CERTIFICATE-----` block in it")]
    Missing,
    /// More than one where there may be one.
    #[error("{number} certificates in it, where one was expected: bundle::read reads them all")]
    Several {
        /// How many there are.
        number: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_named() {
        assert!(matches!(read(b""), Err(InvalidPem::Missing)));
        let cut = b"-----BEGIN CERTIFICATE-----\nAAAA\n";
        assert!(matches!(read(cut), Err(InvalidPem::Malformed(_))));
        let rubbish = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(read(rubbish), Err(InvalidPem::Certificate(_))));
    }
}
