//! What etcd, OpenSSL and GnuTLS refuse in a path that the path validator lets through.

use time::OffsetDateTime;

use super::super::memory::Memory;
use super::PathError;
use crate::certificate::encoding::oid;
use crate::certificate::{Certificate, ExtendedKeyUsage};
use crate::lint::{self, Severity, Violation};
use crate::role::Usage;

/// Holds an anchor to its validity, path length and usages; `links` are below it.
pub(super) fn check_anchor(
    links: &[&Certificate],
    anchor: &Certificate,
    usage: Usage,
    at: OffsetDateTime,
) -> Result<(), PathError> {
    if at < anchor.validity.not_before {
        return Err(PathError::NotYetValid);
    }
    if at > anchor.validity.not_after {
        return Err(PathError::Expired);
    }
    let Some(authority) = anchor.authority else {
        let subject = &anchor.subject;
        return Err(PathError::Other(format!(
            "the trusted `{subject}` is no authority"
        )));
    };
    let counted = links
        .iter()
        .skip(1)
        .filter(|one| !one.is_self_issued())
        .count();
    let exceeds = |most| usize::try_from(most).is_ok_and(|most| counted > most);
    if authority.path_len.is_some_and(exceeds) {
        return Err(PathError::PathLength);
    }
    let limited = anchor
        .encoding
        .extension_with(oid::EXTENDED_KEY_USAGE)
        .is_some();
    let any = ExtendedKeyUsage::Other("anyExtendedKeyUsage".to_owned());
    let listed = &anchor.extended_key_usages;
    match limited && !listed.contains(&ExtendedKeyUsage::Known(usage)) && !listed.contains(&any) {
        true => Err(PathError::Usage),
        false => Ok(()),
    }
}

/// The rules that are errors to break. The same authorities are in every path, and the same leaf is
/// in one for each usage and anchor: what keeps them is remembered.
#[derive(Debug, Default)]
pub(super) struct Rules(Memory);

impl Rules {
    /// Refuses what breaks one.
    pub(super) fn refuse_errors(
        &self,
        links: &[&Certificate],
        anchor: &Certificate,
    ) -> Result<(), PathError> {
        self.0.once([anchor.der(), b"", b""], || {
            refuse(anchor, lint::certificate(anchor), |violation| {
                OF_ANCHORS.contains(&violation.lint.code)
            })
        })?;
        let issuers = links.iter().skip(1).copied().chain([anchor]);
        links
            .iter()
            .zip(issuers)
            .try_for_each(|(certificate, issuer)| {
                self.0.once([certificate.der(), issuer.der(), b""], || {
                    refuse_link(certificate, issuer)
                })
            })
    }
}

fn refuse_link(certificate: &Certificate, issuer: &Certificate) -> Result<(), PathError> {
    refuse(certificate, lint::certificate(certificate), |_| true)?;
    // The validator has held the usage that is asked for against every authority; another that is not
    // nested does not matter here.
    refuse(
        certificate,
        lint::issued(certificate, issuer),
        |violation| violation.lint.code != "extended-key-usage-not-nested",
    )
}

fn refuse(
    certificate: &Certificate,
    violations: Vec<Violation>,
    counts: impl Fn(&Violation) -> bool,
) -> Result<(), PathError> {
    let is_error = |one: &Violation| one.lint.severity == Severity::Error && counts(one);
    match violations.into_iter().find(is_error) {
        None => Ok(()),
        Some(violation) => Err(PathError::Rule {
            subject: certificate.subject.clone(),
            violation,
        }),
    }
}

/// The rules that an anchor is held to. How it was signed is not one: nobody checks that, and a
/// root of another time may be trusted though it signed itself over SHA-1.
const OF_ANCHORS: [&str; 7] = [
    "authority-cannot-sign",
    "extension-critical-unknown",
    "extension-malformed",
    "extension-repeated",
    "key-rsa-small",
    "key-unknown",
    "name-constraints-of-other-type",
];
