//! The authorities as a tree, and who trusts which of them.

use pki_core::certificate::Certificate;
use pki_core::hierarchy::AuthorityName;
use pki_core::signer::Custody;
use pki_core::status::{Entry, Standing};
use pki_core::store::StoredAuthority;
use serde::Serialize;

use super::certificates::by_role;
use super::moment::{Kind, Moment, State, count};
use super::sources::Sources;
use super::trust::{self, Trust};

/// The tree, and what stands in the files that say what is trusted.
#[derive(Debug, Serialize)]
pub(super) struct Chain {
    tree: Vec<Authority>,
    trust: Vec<Trust>,
}

/// An authority with those below it.
#[derive(Debug, Serialize)]
struct Authority {
    name: String,
    state: State,
    /// Why it is not as it should be, where there is more to say than the state.
    reason: Option<String>,
    /// Where its key is.
    custody: Option<&'static str>,
    limited_by: Option<String>,
    generations: Vec<Generation>,
    /// How many more are kept and neither sign nor are trusted.
    former: usize,
    below: Vec<Self>,
}

/// A generation that is in use.
#[derive(Debug, Serialize)]
struct Generation {
    number: u32,
    state: State,
    subject: String,
    key: String,
    fingerprint: String,
    starts: Moment,
    ends: Moment,
    /// Who relies on it.
    uses: Vec<&'static str>,
    /// What it signed.
    signed: Vec<String>,
}

impl Chain {
    pub(super) fn new(sources: &Sources) -> Self {
        Self {
            tree: below(sources, None),
            trust: trust::all(sources),
        }
    }
}

fn below(sources: &Sources, issuer: Option<AuthorityName>) -> Vec<Authority> {
    let entries = sources.status.authorities.iter();
    let signed = entries.filter(|entry| entry.name.issuer(&sources.cluster) == issuer);
    signed.map(|entry| Authority::new(sources, entry)).collect()
}

impl Authority {
    fn new(sources: &Sources, entry: &Entry<AuthorityName>) -> Self {
        let generations = in_use(sources, entry);
        let kept = sources.kept.iter().filter(|one| one.name == entry.name);
        let current = entry.current.as_ref();
        Self {
            name: entry.name.to_string(),
            state: State::of(&entry.standing),
            reason: match &entry.standing {
                Standing::Missing => Some("run `etcdpki init` to make it".to_owned()),
                Standing::Unreadable { reason } => Some(reason.clone()),
                _ => None,
            },
            custody: generations
                .first()
                .and_then(|stored| custody(sources, stored)),
            limited_by: current.and_then(|current| current.limited_by.clone()),
            former: kept.count().saturating_sub(generations.len()),
            generations: generations
                .into_iter()
                .map(|stored| Generation::new(sources, entry, stored))
                .collect(),
            below: below(sources, Some(entry.name)),
        }
    }
}

/// The generations that sign, are trusted or sent, the newest first.
pub(super) fn in_use<'a>(
    sources: &'a Sources,
    entry: &Entry<AuthorityName>,
) -> Vec<&'a StoredAuthority> {
    let kept = sources.kept.iter().filter(|one| one.name == entry.name);
    let mut found: Vec<_> = kept
        .filter(|one| is_current(entry, one) || !uses(sources, &one.certificate).is_empty())
        .collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.generation));
    found
}

fn is_current(entry: &Entry<AuthorityName>, stored: &StoredAuthority) -> bool {
    let mut current = entry.current.iter();
    current.any(|current| current.generation == stored.generation)
}

fn uses(sources: &Sources, certificate: &Certificate) -> Vec<&'static str> {
    let Some(bundles) = &sources.bundles else {
        return Vec::new();
    };
    let uses = [
        ("trusted by members", bundles.members.contains(certificate)),
        ("trusted by clients", bundles.clients.contains(certificate)),
        (
            "sent along with certificates",
            bundles.presented().any(|one| one == certificate),
        ),
    ];
    let uses = uses.into_iter();
    uses.filter_map(|(words, is)| is.then_some(words)).collect()
}

fn custody(sources: &Sources, stored: &StoredAuthority) -> Option<&'static str> {
    Some(match sources.pki.custody(stored).ok()? {
        // The command may name places that are nobody's business.
        Custody::Command(_) => "a command signs with its key",
        Custody::Offline => "its key is kept offline",
        Custody::Sealed if is_apart(sources, stored) => {
            "its key is sealed beside it and kept offline: no slot of everyday work opens it"
        }
        Custody::Sealed => "its key is sealed beside it",
    })
}

/// Whether its key needs another slot than those that sign certificates. A keyring that cannot be read
/// is among the findings.
fn is_apart(sources: &Sources, stored: &StoredAuthority) -> bool {
    let keyring = sources.pki.keyring().ok().flatten();
    keyring.is_some_and(|keyring| keyring.is_offline(stored.name.tier()))
}

impl Generation {
    fn new(sources: &Sources, entry: &Entry<AuthorityName>, stored: &StoredAuthority) -> Self {
        let certificate = &stored.certificate;
        Self {
            number: stored.generation,
            state: state(sources, entry, stored),
            subject: certificate.subject.clone(),
            key: certificate.key_algorithm.clone(),
            fingerprint: certificate.fingerprint().to_string(),
            starts: Moment::new(certificate.validity.not_before, sources.at),
            ends: Moment::new(certificate.validity.not_after, sources.at),
            uses: uses(sources, certificate),
            signed: signed(sources, certificate),
        }
    }
}

/// How a generation stands, whether it is the one that signs or not.
pub(super) fn state(
    sources: &Sources,
    entry: &Entry<AuthorityName>,
    stored: &StoredAuthority,
) -> State {
    let certificate = &stored.certificate;
    if is_current(entry, stored) {
        return sources.state(&entry.standing, certificate);
    }
    let (kind, word) = if certificate.validity.not_after < sources.at {
        (Kind::Bad, "expired")
    } else if sources.is_revoked(&certificate.serial) {
        (Kind::Bad, "revoked")
    } else {
        (Kind::Ok, "ok")
    };
    State { kind, word }
}

/// The authorities that it signed, and how many leaves in each role.
fn signed(sources: &Sources, issuer: &Certificate) -> Vec<String> {
    let authorities = sources
        .kept
        .iter()
        .filter(|one| !one.certificate.is_self_issued() && one.certificate.is_issued_by(issuer))
        .map(|one| format!("{} CA G{}", one.name, one.generation));
    let leaves: Vec<_> = sources
        .status
        .leaves
        .iter()
        .filter(|leaf| {
            let mut current = leaf.current.iter();
            current.any(|current| current.certificate.is_issued_by(issuer))
        })
        .map(|leaf| leaf.name.role)
        .collect();
    let leaves = by_role(&leaves);
    let leaves = leaves.map(|(role, number)| count(number, &format!("{role} certificate")));
    authorities.chain(leaves).collect()
}
