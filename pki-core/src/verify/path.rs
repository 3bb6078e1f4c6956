//! Path validation (RFC 5280 section 6): the one place that calls the validator.

mod error;
mod strict;

use std::cell::RefCell;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use time::OffsetDateTime;
use webpki::{EndEntityCert, Error, KeyUsage, VerifiedPath, anchor_from_trusted_cert};

pub use error::PathError;

use super::Revocation;
use super::signature::Algorithms;
use crate::certificate::{AlternativeName, Certificate};
use crate::role::Usage;

/// Validates the first certificate of `chain`, with the others as intermediates, for `usage`.
///
/// Where many paths are validated, a [`PathValidator`] is quicker.
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
    PathValidator::new().validate(chain, &Anchors::new(anchors)?, usage, at)
}

/// Whether a client that dials `name` takes `certificate` for it (RFC 6125).
///
/// # Errors
///
/// When the certificate does not carry the name.
pub fn check_name(certificate: &Certificate, name: &AlternativeName) -> Result<(), PathError> {
    if let AlternativeName::Other(_) = name {
        // Nothing dials it.
        return match certificate.alternative_names.contains(name) {
            true => Ok(()),
            false => Err(PathError::NotForName),
        };
    }
    let der = CertificateDer::from(certificate.der());
    let leaf = EndEntityCert::try_from(&der)?;
    let text = name.to_string();
    // A wildcard stands for the names that it matches: any one of them serves.
    let text = text.replacen('*', "any", 1);
    let dialled = ServerName::try_from(text.as_str()).map_err(|_| PathError::Malformed)?;
    Ok(leaf.verify_is_valid_for_subject_name(&dialled)?)
}

/// Validates paths, and checks no signature and no certificate twice.
///
/// It is at least as strict as etcd, `openssl verify -x509_strict` and GnuTLS are: what breaks a
/// MUST of RFC 5280 in a certificate of the path is refused ([`crate::lint`]), and a trust anchor
/// is held to its own validity, path length and usages, as Go and OpenSSL do, though RFC 5280
/// leaves that open.
#[derive(Debug)]
pub struct PathValidator {
    algorithms: Algorithms,
    rules: strict::Rules,
    revocation: Option<Revocation>,
}

impl PathValidator {
    /// One that looks at no revocation list.
    pub fn new() -> Self {
        Self {
            algorithms: Algorithms::new(),
            rules: strict::Rules::default(),
            revocation: None,
        }
    }

    /// With revocation lists.
    #[must_use]
    pub fn with_revocation(mut self, revocation: Revocation) -> Self {
        self.revocation = Some(revocation);
        self
    }

    /// Validates the first certificate of `chain`, with the others as intermediates, for `usage`.
    ///
    /// # Errors
    ///
    /// When no path to any of `anchors` holds.
    pub fn validate(
        &self,
        chain: &[Certificate],
        anchors: &Anchors,
        usage: Usage,
        at: OffsetDateTime,
    ) -> Result<(), PathError> {
        self.find_path(chain, anchors, usage, at, |links, anchor| {
            strict::check_anchor(links, anchor, usage, at)?;
            self.rules.refuse_errors(links, anchor)
        })
    }

    /// As [`PathValidator::validate`], for who reports what breaks a rule in any certificate at
    /// hand by itself, whichever path it is on.
    ///
    /// # Errors
    ///
    /// When no path to any of `anchors` holds.
    pub(super) fn validate_linted(
        &self,
        chain: &[Certificate],
        anchors: &Anchors,
        usage: Usage,
        at: OffsetDateTime,
    ) -> Result<(), PathError> {
        self.find_path(chain, anchors, usage, at, |links, anchor| {
            strict::check_anchor(links, anchor, usage, at)
        })
    }

    fn find_path(
        &self,
        chain: &[Certificate],
        anchors: &Anchors,
        usage: Usage,
        at: OffsetDateTime,
        check: impl Fn(&[&Certificate], &Certificate) -> Result<(), PathError>,
    ) -> Result<(), PathError> {
        let (leaf, intermediates) = chain.split_first().ok_or(PathError::Malformed)?;
        let leaf_der = CertificateDer::from(leaf.der());
        let intermediates: Vec<_> = intermediates
            .iter()
            .map(|certificate| CertificateDer::from(certificate.der()))
            .collect();
        let revocation = self.revocation.as_ref();
        let lists = revocation.map(Revocation::lists).unwrap_or_default();
        let refused = RefCell::new(None);
        let strict = |path: &VerifiedPath<'_>| {
            let checked = anchors
                .certificate(path)
                .and_then(|anchor| check(&links(path, chain), anchor));
            checked.map_err(|error| {
                *refused.borrow_mut() = Some(error);
                Error::UnknownIssuer
            })
        };
        let end_entity = EndEntityCert::try_from(&leaf_der)?;
        let result = end_entity.verify_for_usage(
            &self.algorithms.all(),
            &anchors.trusted,
            &intermediates,
            unix_time(at)?,
            match usage {
                Usage::ClientAuth => KeyUsage::client_auth(),
                Usage::ServerAuth => KeyUsage::server_auth(),
            },
            revocation.map(|used| used.options(&lists)).transpose()?,
            Some(&strict),
        );
        match (result, refused.into_inner()) {
            (Ok(_), _) => self.check_serials(chain),
            (Err(Error::UnknownIssuer), Some(error)) => Err(error),
            (Err(error), _) => Err(error.into()),
        }
    }

    /// As etcd does: by serial number, in any list, whoever made it, of all that is sent.
    fn check_serials(&self, chain: &[Certificate]) -> Result<(), PathError> {
        let listed = |used: &Revocation| chain.iter().any(|sent| used.has_serial_of(sent));
        match self.revocation.as_ref().is_some_and(listed) {
            true => Err(PathError::Revoked),
            false => Ok(()),
        }
    }
}

impl Default for PathValidator {
    fn default() -> Self {
        Self::new()
    }
}

/// Trusted certificates, read for the path validator.
#[derive(Clone, Debug)]
pub struct Anchors {
    certificates: Vec<Certificate>,
    trusted: Vec<TrustAnchor<'static>>,
}

impl Anchors {
    /// These certificates.
    ///
    /// # Errors
    ///
    /// When one of them cannot be a trust anchor.
    pub fn new(certificates: &[Certificate]) -> Result<Self, PathError> {
        let read = |certificate: &Certificate| {
            let der = CertificateDer::from(certificate.der());
            Ok(anchor_from_trusted_cert(&der)?.to_owned())
        };
        Ok(Self {
            certificates: certificates.to_vec(),
            trusted: certificates
                .iter()
                .map(read)
                .collect::<Result<_, Error>>()?,
        })
    }

    /// The anchor that a path ends at.
    fn certificate(&self, path: &VerifiedPath<'_>) -> Result<&Certificate, PathError> {
        let mut all = self.trusted.iter().zip(&self.certificates);
        let found = all.find(|(trusted, _)| *trusted == path.anchor());
        found
            .map(|(_, certificate)| certificate)
            .ok_or(PathError::UnknownIssuer)
    }
}

/// The certificates of a path from the leaf up, without the anchor.
fn links<'a>(path: &VerifiedPath<'_>, chain: &'a [Certificate]) -> Vec<&'a Certificate> {
    let find = |der: CertificateDer<'_>| chain.iter().find(|one| one.der() == der.as_ref());
    let intermediates = path.intermediate_certificates();
    chain
        .iter()
        .take(1)
        .chain(intermediates.filter_map(|one| find(one.der())))
        .collect()
}

fn unix_time(at: OffsetDateTime) -> Result<UnixTime, PathError> {
    let seconds = u64::try_from(at.unix_timestamp()).map_err(|_| PathError::NotYetValid)?;
    Ok(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}

#[cfg(test)]
mod tests;
