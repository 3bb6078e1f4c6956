//! Path validation (RFC 5280 section 6): the one place that calls the validator.

use rustls_pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use time::OffsetDateTime;
use webpki::{
    ALL_VERIFICATION_ALGS, BorrowedCertRevocationList, EndEntityCert, Error, KeyUsage,
    VerifiedPath, anchor_from_trusted_cert,
};

use crate::certificate::{AlternativeName, Certificate};
use crate::role::Usage;

/// Validates the first certificate of `chain`, with the others as intermediates, for `usage`.
///
/// An anchor's own validity and path length count too: Go, which etcd is built with, and OpenSSL
/// hold a trusted certificate to them, though RFC 5280 leaves that open.
///
/// # Errors
///
/// When no path to any of `anchors` holds.
pub fn validate(
    chain: &[Certificate],
    anchors: &[Certificate],
    usage: Usage,
    at: OffsetDateTime,
) -> Result<(), PathError> {
    let (leaf, intermediates) = chain.split_first().ok_or(PathError::Malformed)?;
    let leaf_der = CertificateDer::from(leaf.der());
    let intermediates: Vec<_> = intermediates
        .iter()
        .map(|certificate| CertificateDer::from(certificate.der()))
        .collect();
    let anchor_ders: Vec<_> = anchors
        .iter()
        .map(|certificate| CertificateDer::from(certificate.der()))
        .collect();
    let trusted: Vec<TrustAnchor<'_>> = anchor_ders
        .iter()
        .map(anchor_from_trusted_cert)
        .collect::<Result<_, _>>()?;
    let seconds = u64::try_from(at.unix_timestamp()).map_err(|_| PathError::Malformed)?;
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let usage = match usage {
        Usage::ClientAuth => KeyUsage::client_auth(),
        Usage::ServerAuth => KeyUsage::server_auth(),
    };
    let leaf = EndEntityCert::try_from(&leaf_der)?;
    let check_anchor = |path: &VerifiedPath<'_>| check_anchor(path, anchors, &trusted, at);
    leaf.verify_for_usage(
        ALL_VERIFICATION_ALGS,
        &trusted,
        &intermediates,
        time,
        usage,
        None,
        Some(&check_anchor),
    )?;
    Ok(())
}

/// Whether a client that dials `name` takes `certificate` for it (RFC 6125).
///
/// # Errors
///
/// When the certificate does not carry the name.
pub fn check_name(certificate: &Certificate, name: &AlternativeName) -> Result<(), PathError> {
    let der = CertificateDer::from(certificate.der());
    let leaf = EndEntityCert::try_from(&der)?;
    let text = name.to_string();
    // A wildcard stands for the names that it matches: any one of them serves.
    let text = text.replacen('*', "any", 1);
    let dialled = ServerName::try_from(text.as_str()).map_err(|_| PathError::Malformed)?;
    Ok(leaf.verify_is_valid_for_subject_name(&dialled)?)
}

/// Whether the signature of `certificate` is `issuer`'s.
pub fn is_signed_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    certificate
        .signed_parts()
        .is_some_and(|(message, algorithm, signature)| {
            signature_holds(issuer, &algorithm, &message, &signature)
        })
}

/// Whether `signature` is that of `issuer`'s key; `algorithm` is its object identifier as DER.
pub(crate) fn signature_holds(
    issuer: &Certificate,
    algorithm: &[u8],
    message: &[u8],
    signature: &[u8],
) -> bool {
    ALL_VERIFICATION_ALGS
        .iter()
        .filter(|known| known.signature_alg_id().as_ref().starts_with(algorithm))
        .any(|known| {
            let key = issuer.public_key.raw();
            known.verify_signature(key, message, signature).is_ok()
        })
}

/// Whether these octets are a CRL in DER to the letter, as Go and so etcd demands.
pub(crate) fn is_strict_crl(der: &[u8]) -> bool {
    BorrowedCertRevocationList::from_der(der).is_ok()
}

fn check_anchor(
    path: &VerifiedPath<'_>,
    anchors: &[Certificate],
    trusted: &[TrustAnchor<'_>],
    at: OffsetDateTime,
) -> Result<(), Error> {
    let below = path
        .intermediate_certificates()
        .filter(|certificate| certificate.issuer() != certificate.subject())
        .count();
    let own = trusted.iter().position(|anchor| anchor == path.anchor());
    let Some(anchor) = own.and_then(|index| anchors.get(index)) else {
        return Err(Error::UnknownIssuer);
    };
    if !anchor.validity.contains(at) {
        return Err(Error::InvalidCertValidity);
    }
    let most = anchor.authority.ok_or(Error::EndEntityUsedAsCa)?.path_len;
    match most.and_then(|most| usize::try_from(most).ok()) {
        Some(most) if below > most => Err(Error::PathLenConstraintViolated),
        _ => Ok(()),
    }
}

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
    /// More authorities follow than an authority's path length allows.
    #[error("more authorities follow than the path length of one of them allows")]
    PathLength,
    /// A signature is not its issuer's.
    #[error("a signature of the path does not verify with its issuer's key")]
    Signature,
    /// No certificate at hand issued it.
    #[error("the path does not lead to a trusted authority")]
    UnknownIssuer,
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
            Error::InvalidSignatureForPublicKey => Self::Signature,
            Error::NameConstraintViolation => Self::NameConstraints,
            Error::PathLenConstraintViolated => Self::PathLength,
            Error::RequiredEkuNotFoundContext(_) => Self::Usage,
            Error::UnknownIssuer => Self::UnknownIssuer,
            other => Self::Other(format!("{other:?}")),
        }
    }
}

#[cfg(test)]
mod tests;
