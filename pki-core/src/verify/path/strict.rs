//! What etcd, OpenSSL and GnuTLS refuse in a path that the path validator lets through.

use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;
use webpki::VerifiedPath;

use super::{Anchors, PathError};
use crate::certificate::encoding::oid;
use crate::certificate::{Certificate, ExtendedKeyUsage};
use crate::lint::{self, Severity, Violation};
use crate::role::Usage;

/// Checks a path that the validator has found.
pub(super) fn check(
    path: &VerifiedPath<'_>,
    chain: &[Certificate],
    anchors: &Anchors,
    usage: Usage,
    at: OffsetDateTime,
) -> Result<(), PathError> {
    let find = |der: CertificateDer<'_>| chain.iter().find(|one| one.der() == der.as_ref());
    let mut links: Vec<&Certificate> = chain.iter().take(1).collect();
    links.extend(
        path.intermediate_certificates()
            .filter_map(|one| find(one.der())),
    );
    let place = anchors
        .trusted
        .iter()
        .position(|anchor| anchor == path.anchor());
    let anchor = place.and_then(|place| anchors.certificates.get(place));
    let anchor = anchor.ok_or(PathError::UnknownIssuer)?;

    check_anchor(anchor, &links, usage, at)?;
    let issuers = links.iter().skip(1).copied().chain([anchor]);
    for (certificate, issuer) in links.iter().zip(issuers) {
        refuse_errors(certificate, lint::certificate(certificate), |_| true)?;
        // The validator has held the usage that is asked for against every authority; another
        // that is not nested does not matter here.
        refuse_errors(
            certificate,
            lint::issued(certificate, issuer),
            |violation| violation.lint.code != "extended-key-usage-not-nested",
        )?;
    }
    Ok(())
}

fn check_anchor(
    anchor: &Certificate,
    links: &[&Certificate],
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
    if authority
        .path_len
        .is_some_and(|most| usize::try_from(most).is_ok_and(|most| counted > most))
    {
        return Err(PathError::PathLength);
    }
    let limited = anchor
        .encoding
        .extension_with(oid::EXTENDED_KEY_USAGE)
        .is_some();
    let any = ExtendedKeyUsage::Other("anyExtendedKeyUsage".to_owned());
    let listed = &anchor.extended_key_usages;
    if limited && !listed.contains(&ExtendedKeyUsage::Known(usage)) && !listed.contains(&any) {
        return Err(PathError::Usage);
    }
    refuse_errors(anchor, lint::certificate(anchor), |violation| {
        OF_ANCHORS.contains(&violation.lint.code)
    })
}

fn refuse_errors(
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
