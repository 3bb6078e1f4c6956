//! The rules about how long certificates live.

use time::OffsetDateTime;

use super::super::{Cluster, DescriptionError, Levels, Position, raw};
use super::{Checked, Text, fault};
use crate::lifetime::{Lifetime, RenewBefore, Validity};

pub(super) fn check(raw: &raw::Description, cluster: &Cluster) -> Checked<()> {
    let links = chain(raw, cluster);
    for pair in links.windows(2) {
        check_link(&pair[0], &pair[1])?;
    }
    // The last is the leaves, and two above it stands what signs the etcd authority.
    if let Some(issuer) = links.len().checked_sub(3).and_then(|at| links.get(at)) {
        let written = &raw.authorities.others;
        for (other, written) in cluster.authorities.others.iter().zip(written) {
            let lifetime = other.setting.lifetime;
            let text = written.lifetime.as_ref();
            check_link(issuer, &Link::new(other.name.as_str(), lifetime, text))?;
        }
    }
    check_leaves(raw, cluster)
}

/// A link of the chain, with its lifetime where that is written.
struct Link<'a> {
    name: &'a str,
    lifetime: Lifetime,
    written: Option<&'a Text>,
}

impl<'a> Link<'a> {
    fn new(name: &'a str, lifetime: Lifetime, written: Option<&'a Text>) -> Self {
        Self {
            name,
            lifetime,
            written,
        }
    }
}

/// The chain from the top down to the leaves.
fn chain<'a>(raw: &'a raw::Description, cluster: &Cluster) -> Vec<Link<'a>> {
    let (authorities, written) = (&cluster.authorities, &raw.authorities);
    let root = Link::new(
        "root",
        authorities.root.lifetime,
        written.root.lifetime.as_ref(),
    );
    let intermediate = Link::new(
        "intermediate",
        authorities.intermediate.lifetime,
        written.intermediate.lifetime.as_ref(),
    );
    let etcd = Link::new(
        "etcd",
        authorities.etcd.lifetime,
        written.etcd.lifetime.as_ref(),
    );
    let leaves = Link::new(
        "certificates",
        cluster.certificates.lifetime,
        raw.certificates.lifetime.as_ref(),
    );
    match authorities.levels {
        Levels::One => vec![etcd, leaves],
        Levels::Two => vec![root, etcd, leaves],
        Levels::Three => vec![root, intermediate, etcd, leaves],
    }
}

/// No certificate may outlive its issuer: validators check every certificate of a path.
fn check_link(issuer: &Link<'_>, subject: &Link<'_>) -> Checked<()> {
    if subject.lifetime <= issuer.lifetime {
        return Ok(());
    }
    let message = format!(
        "{}: a lifetime of {} is past the {} of its issuer, {}: shorten it or lengthen the issuer's",
        subject.name, subject.lifetime, issuer.lifetime, issuer.name
    );
    // One of the two is written, for the defaults fit each other.
    let position = subject
        .written
        .or(issuer.written)
        .map(|text| Position::from(text.referenced));
    Err(DescriptionError::at(position.unwrap_or_default(), message))
}

fn check_leaves(raw: &raw::Description, cluster: &Cluster) -> Checked<()> {
    let leaf = &cluster.certificates;
    if let (RenewBefore::Length(before), Some(text)) = (
        leaf.renew_before,
        raw.certificates
            .renew_before
            .as_ref()
            .or(raw.certificates.lifetime.as_ref()),
    ) && before >= leaf.lifetime
    {
        let message = format!(
            "certificates: renew_before: {before} is not less than the lifetime, {}: shorten it",
            leaf.lifetime
        );
        return Err(fault(text, message));
    }
    let validity = Validity::starting(
        OffsetDateTime::UNIX_EPOCH,
        leaf.lifetime,
        leaf.backdate.as_duration(),
    );
    let written = &raw.certificates;
    let settings = [
        ("renew_before", &written.renew_before),
        ("lifetime", &written.lifetime),
        ("backdate", &written.backdate),
    ];
    if leaf.renew_before.earliest_from(&validity) <= OffsetDateTime::UNIX_EPOCH
        && let Some((key, Some(text))) = settings.iter().find(|(_, text)| text.is_some())
    {
        let message = format!(
            "certificates: {key}: a certificate of {} could be due as soon as it is made, for renewals come up to a tenth of its validity before renew_before: shorten that, or lengthen the lifetime",
            leaf.lifetime
        );
        return Err(fault(text, message));
    }
    if let Some(text) = &raw.certificates.backdate
        && leaf.backdate > Lifetime::days(1)
    {
        return Err(fault(
            text,
            "certificates: backdate: more than 1d hides a clock that is wrong: shorten it",
        ));
    }
    Ok(())
}
