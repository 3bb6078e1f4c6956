//! What is wrong with a PKI that is taken over.

use time::{Duration, OffsetDateTime};

use super::{Adoption, Problem};
use crate::authority::check_authority;
use crate::certificate::Certificate;
use crate::hierarchy::AuthorityName;
use crate::lint::{self, Violation};
use crate::role::Role;
use crate::verify::{is_signed_by, validate};

/// Adds what is wrong with its authorities, its leaves and its keys.
pub(super) fn look(adoption: &mut Adoption, now: OffsetDateTime) {
    let mut found = Vec::new();
    for (index, authority) in adoption.authorities.iter().enumerate() {
        let issuer = &adoption.authorities[index.saturating_sub(1)].certificate;
        let below = adoption.authorities.len() - index - 1;
        let messages = of_authority(&authority.certificate, issuer, below, now);
        let is_signing = below == 0;
        let keyless = (!authority.has_key() && is_signing).then(|| {
            "its key is not among the files: nothing can be issued until it is imported".to_owned()
        });
        let constraints = (authority.name == AuthorityName::Etcd
            && authority.certificate.name_constraints.is_none())
        .then(|| "it has no name constraints: who has its key can sign any name".to_owned());
        let all = messages.into_iter().chain(keyless).chain(constraints);
        found.extend(all.map(|message| (authority.path.clone(), message)));
    }
    let top = adoption
        .authorities
        .first()
        .map(|top| top.certificate.clone());
    for leaf in &adoption.leaves {
        let messages = of_leaf(&leaf.chain, top.as_slice(), leaf.id.role, now);
        found.extend(
            messages
                .into_iter()
                .map(|message| (leaf.path.clone(), message)),
        );
    }
    for (index, (path, _)) in adoption.keys.iter().enumerate() {
        let of_authority = adoption
            .authorities
            .iter()
            .any(|one| one.key == Some(index));
        if !of_authority && !adoption.leaves.iter().any(|leaf| leaf.key == index) {
            found.push((
                path.clone(),
                "left out: a key of no certificate that was taken".to_owned(),
            ));
        }
    }
    // One certificate may serve in two roles.
    let mut told: Vec<(String, String)> = Vec::new();
    found.retain(|one| {
        let new = !told.contains(one);
        told.push(one.clone());
        new
    });
    adoption.problems.extend(
        found
            .into_iter()
            .map(|(path, message)| Problem { path, message }),
    );
}

fn of_authority(
    certificate: &Certificate,
    issuer: &Certificate,
    below: usize,
    now: OffsetDateTime,
) -> Vec<String> {
    let mut messages = texts(lint::certificate(certificate));
    if certificate != issuer {
        messages.extend(texts(lint::issued(certificate, issuer)));
    }
    if let Err(error) = check_authority(certificate) {
        messages.push(error.to_string());
    }
    if !is_signed_by(certificate, issuer) {
        messages.push("its signature does not verify, or is too weak to count".to_owned());
    }
    let most = certificate
        .authority
        .and_then(|constraints| constraints.path_len);
    match most.and_then(|most| usize::try_from(most).ok()) {
        Some(most) if most < below => {
            messages.push("its path length is too short for what stands below it".to_owned());
        }
        Some(most) if most == below => messages.push(
            "its path length leaves no room to cross-sign a successor: rotations will take more restarts".to_owned(),
        ),
        Some(_) | None => {}
    }
    messages.extend(of_validity(certificate, now));
    messages
}

fn of_leaf(
    chain: &[Certificate],
    anchors: &[Certificate],
    role: Role,
    now: OffsetDateTime,
) -> Vec<String> {
    let Some(leaf) = chain.first() else {
        return Vec::new();
    };
    let mut messages = texts(lint::certificate(leaf));
    if let Some(issuer) = chain.get(1).or(anchors.first()) {
        messages.extend(texts(lint::issued(leaf, issuer)));
    }
    messages.extend(texts(lint::role(leaf, role, true)));
    for usage in role.usages(true) {
        if let Err(error) = validate(chain, anchors, *usage, now) {
            messages.push(format!("as {usage}: {error}"));
        }
    }
    messages.extend(of_validity(leaf, now));
    messages
}

fn texts(violations: Vec<Violation>) -> Vec<String> {
    violations.iter().map(Violation::to_string).collect()
}

fn of_validity(certificate: &Certificate, now: OffsetDateTime) -> Option<String> {
    let validity = &certificate.validity;
    let days = (validity.not_after - now).whole_days();
    match () {
        () if now < validity.not_before => Some("it is not valid yet".to_owned()),
        () if now > validity.not_after => Some("it has expired".to_owned()),
        () if validity.not_after - now < SOON => Some(format!("it expires in {days} days")),
        () => None,
    }
}

const SOON: Duration = Duration::days(30);
