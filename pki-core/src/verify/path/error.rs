//! Why a path does not hold.

use webpki::Error;

use crate::lint::Violation;

/// Why no path holds.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// A certificate of the path has expired.
    #[error("a certificate of the path has expired")]
    Expired,
    /// A certificate of the path is malformed, or has a critical extension that is not known.
    #[error("a certificate of the path is malformed or has an unknown critical extension")]
    Malformed,
    /// A name lies outside an authority's name constraints.
    #[error("a name lies outside the name constraints of an authority of the path")]
    NameConstraints,
    /// The certificate does not carry the name.
    #[error("the certificate does not carry the name")]
    NotForName,
    /// A certificate of the path does not hold yet.
    #[error("a certificate of the path is not valid yet: is a clock wrong?")]
    NotYetValid,
    /// Another rule of path validation.
    #[error("the path does not validate: {0}")]
    Other(String),
    /// The time for a newer revocation list has passed.
    #[error("the revocation list is outdated: make a new one")]
    OutdatedRevocationList,
    /// More authorities follow than an authority's path length allows.
    #[error("more authorities follow than the path length of one of them allows")]
    PathLength,
    /// A revocation list cannot be used.
    #[error(
        "the revocation list of `{issuer}` is none that can be checked: it must be complete, of version 2, and say when the next one is due"
    )]
    RevocationList {
        /// Who made it.
        issuer: String,
    },
    /// A certificate of the path is revoked.
    #[error("a certificate of the path is revoked")]
    Revoked,
    /// A certificate of the path breaks a rule.
    #[error("`{subject}`: {violation}")]
    Rule {
        /// The certificate's subject.
        subject: String,
        /// The rule and what is wrong.
        violation: Violation,
    },
    /// A signature is not its issuer's.
    #[error("a signature of the path does not verify with its issuer's key")]
    Signature,
    /// No certificate at hand issued it.
    #[error("the path does not lead to a trusted authority")]
    UnknownIssuer,
    /// No revocation list speaks of a certificate.
    #[error("no revocation list speaks of a certificate of the path")]
    UnknownRevocation,
    /// The extended key usages do not allow the purpose.
    #[error("the extended key usages of the path do not allow this purpose")]
    Usage,
}

impl From<Error> for PathError {
    fn from(error: Error) -> Self {
        match error {
            Error::BadDer | Error::ExtensionValueInvalid | Error::UnsupportedCriticalExtension => {
                Self::Malformed
            }
            Error::CertExpired { .. } | Error::InvalidCertValidity => Self::Expired,
            Error::CertNotValidForName(_) => Self::NotForName,
            Error::CertNotValidYet { .. } => Self::NotYetValid,
            Error::CertRevoked => Self::Revoked,
            Error::CrlExpired { .. } => Self::OutdatedRevocationList,
            Error::InvalidSignatureForPublicKey => Self::Signature,
            Error::NameConstraintViolation => Self::NameConstraints,
            Error::PathLenConstraintViolated => Self::PathLength,
            Error::RequiredEkuNotFoundContext(_) => Self::Usage,
            Error::UnknownIssuer => Self::UnknownIssuer,
            Error::UnknownRevocationStatus => Self::UnknownRevocation,
            other => Self::Other(format!("{other:?}")),
        }
    }
}
