//! What there is, until when it holds, and what is due.
//!
//! Certificates alone are read: no key, no keyring, no signature.

use std::collections::HashSet;

use rayon::prelude::*;
use time::OffsetDateTime;

use crate::certificate::Certificate;
use crate::crl::Crl;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::leaf::{Leaf, LeafId, leaves};
use crate::lint::pki as rules;
use crate::revocation::{Carried, Revocation};
use crate::store::{Pki, Store, StoreError, StoredAuthority, StoredLeaf};
use crate::verify::Finding;

/// Finds out what there is.
///
/// # Errors
///
/// When the store cannot be read. A certificate in it that cannot be read is
/// [`Standing::Unreadable`].
pub fn status<S: Store + Sync>(
    cluster: &Cluster,
    pki: &Pki<S>,
    now: OffsetDateTime,
) -> Result<Status, StoreError> {
    let list = revocation_list(pki, now)?;
    let revoked = revoked(pki, list.as_ref().map(|(_, serials)| serials))?;
    let mut authorities = Vec::new();
    let mut above: Vec<StoredAuthority> = Vec::new();
    for name in AuthorityName::described(cluster) {
        let path = name.path(cluster);
        let above_it = above.iter().filter(|stored| path.contains(&stored.name));
        let above_it: Vec<_> = above_it.cloned().collect();
        let (entry, stored) = authority(cluster, pki, name, &above_it, now)?;
        authorities.push(entry.unless_revoked(&revoked));
        above.extend(stored);
    }
    let (others, above): (Vec<_>, Vec<_>) =
        above.into_iter().partition(|stored| stored.name.is_other());
    let described = leaves(cluster);
    let (leaves, stored): (Vec<_>, Vec<_>) = described
        .par_iter()
        .map(|described| leaf(cluster, pki, described, &above, now))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|(entry, stored)| (entry.unless_revoked(&revoked), stored))
        .unzip();
    let stored = stored.iter().flatten();
    let carried = Carried::find(stored, |serial| revoked.contains(serial));
    let undescribed = pki.undescribed(described.iter().map(|leaf| &leaf.id))?;
    let (of_other_services, undescribed) = undescribed
        .into_iter()
        .filter(|(_, certificate)| certificate.validity.not_after >= now)
        .map(|(path, certificate)| Undescribed { path, certificate })
        .partition(|one| {
            let mut others = others.iter();
            others.any(|other| other.signed_for_another_service(&one.certificate))
        });
    Ok(Status {
        authorities,
        leaves,
        undescribed,
        of_other_services,
        revocation_list: list.map(|(list, _)| list),
        carried,
    })
}

/// What there is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// The authorities, the root first and those of other services last.
    pub authorities: Vec<Entry<AuthorityName>>,
    /// The leaves, in the order of the description.
    pub leaves: Vec<Entry<LeafId>>,
    /// What is still valid and not described any more.
    pub undescribed: Vec<Undescribed>,
    /// What is still valid and was signed by an authority of another service.
    pub of_other_services: Vec<Undescribed>,
    /// The revocation list for etcd, if there is one.
    pub revocation_list: Option<ListStatus>,
    /// Revoked authorities that the leaves are sent along with: members refuse these.
    pub carried: Vec<Carried>,
}

impl Status {
    /// How many things want somebody to act.
    pub fn due(&self) -> usize {
        let authorities = self
            .authorities
            .iter()
            .filter(|one| one.standing.is_due())
            .count();
        let leaves = self
            .leaves
            .iter()
            .filter(|one| one.standing.is_due())
            .count();
        let list = self.revocation_list.as_ref();
        authorities + leaves + usize::from(list.is_some_and(|list| list.is_due))
    }

    /// What is due and holds still. What is missing, unreadable, expired or revoked is found by
    /// [`crate::verify::verify`].
    pub fn renewals(&self) -> Vec<Finding> {
        let authorities = self.authorities.iter().filter_map(Entry::renewal);
        let leaves = self.leaves.iter().filter_map(Entry::renewal);
        let list = self.revocation_list.as_ref();
        let list = list.filter(|list| list.is_due).map(|list| Finding {
            path: list.path.clone(),
            lint: &rules::RENEWAL_DUE,
            message: "the list is to be signed anew".to_owned(),
        });
        authorities.chain(leaves).chain(list).collect()
    }
}

/// An authority or a leaf.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry<N> {
    /// Which one.
    pub name: N,
    /// How it stands.
    pub standing: Standing,
    /// Where a person finds its certificate, or would.
    pub path: String,
    /// What there is of it, if it can be read.
    pub current: Option<Current>,
}

/// A certificate that is there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Current {
    /// Its generation, counted from 1.
    pub generation: u32,
    /// The certificate.
    pub certificate: Certificate,
    /// When the first certificate of its path ends, from itself up to the root: members hold
    /// their trust anchor to its validity too.
    pub effective_end: OffsetDateTime,
    /// The subject of the authority that ends before it, if one does.
    pub limited_by: Option<String>,
    /// From when it is due.
    pub due_from: OffsetDateTime,
}

/// How something stands.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Standing {
    /// It holds, and is not what the description asks for any more.
    Changed,
    /// It should be renewed by now.
    Due,
    /// It, or an authority above it, has expired.
    Expired,
    /// It is not there.
    Missing,
    /// It does not hold yet.
    NotYetValid,
    /// There is nothing to do.
    Ok,
    /// It was revoked for good.
    Revoked,
    /// It is there and cannot be read.
    Unreadable {
        /// Why.
        reason: String,
    },
}

impl Standing {
    /// Whether somebody should act.
    pub fn is_due(&self) -> bool {
        *self != Self::Ok
    }

    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Due => "due",
            Self::Expired => "expired",
            Self::Missing => "missing",
            Self::NotYetValid => "not yet valid",
            Self::Ok => "ok",
            Self::Revoked => "revoked",
            Self::Unreadable { .. } => "unreadable",
        }
    }
}

/// A certificate that the description does not ask for.
#[derive(Clone, Debug)]
pub struct Undescribed {
    /// Where a person finds it.
    pub path: String,
    /// The certificate.
    pub certificate: Certificate,
}

/// The revocation list.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ListStatus {
    /// Where a person finds it.
    pub path: String,
    /// How many certificates it revokes.
    pub revoked: usize,
    /// When the next one is due.
    pub next_update: Option<OffsetDateTime>,
    /// Whether that has passed, or the list cannot be read.
    pub is_due: bool,
}

/// An authority is due as soon as it ends before a leaf that would be issued now.
fn authority<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    name: AuthorityName,
    above: &[StoredAuthority],
    now: OffsetDateTime,
) -> Result<(Entry<AuthorityName>, Option<StoredAuthority>), StoreError> {
    let found = pki.authority(name);
    let absent = pki.store().locate(&format!("authorities/{name}"));
    let due_from = |certificate: &Certificate| {
        certificate.validity.not_after - cluster.certificates.lifetime.as_duration()
    };
    let (entry, stored) = entry(name, absent, found)?;
    let Some(stored) = stored else {
        return Ok((entry, None));
    };
    let certificate = &stored.certificate;
    let current = current(stored.generation, certificate, above, due_from(certificate));
    let path = pki.locate_authority(&stored);
    Ok((entry.with(path, current, now), Some(stored)))
}

fn leaf<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    described: &Leaf,
    above: &[StoredAuthority],
    now: OffsetDateTime,
) -> Result<(Entry<LeafId>, Option<StoredLeaf>), StoreError> {
    let id = &described.id;
    let absent = pki.store().locate(&format!("certificates/{id}"));
    let (entry, stored) = entry(id.clone(), absent, pki.leaf(id))?;
    let Some(stored) = stored else {
        return Ok((entry, None));
    };
    let certificate = stored.certificate();
    let due_from = cluster
        .certificates
        .renew_before
        .due_from(&certificate.validity);
    let mut current = current(stored.generation, certificate, above, due_from);
    // What it is installed with counts, and that may be of another generation.
    for authority in stored.chain.iter().skip(1) {
        current.limit(authority);
    }
    let path = pki.locate_leaf(&stored);
    let mut entry = entry.with(path, current, now);
    let fits = described.fits(certificate, false)
        || (described.fits(certificate, true) && pki.is_adopted(&stored)?);
    if !fits && matches!(entry.standing, Standing::Ok | Standing::Due) {
        entry.standing = Standing::Changed;
    }
    Ok((entry, Some(stored)))
}

fn entry<N, T>(
    name: N,
    absent: String,
    found: Result<Option<T>, StoreError>,
) -> Result<(Entry<N>, Option<T>), StoreError> {
    let (standing, path, stored) = match found {
        Ok(Some(stored)) => (Standing::Ok, absent, Some(stored)),
        Ok(None) => (Standing::Missing, absent, None),
        Err(StoreError::Certificate { path, source }) => {
            let reason = source.to_string();
            (Standing::Unreadable { reason }, path, None)
        }
        Err(StoreError::Missing { path }) => {
            let reason = "the file is missing".to_owned();
            (Standing::Unreadable { reason }, path, None)
        }
        Err(error) => return Err(error),
    };
    let entry = Entry {
        name,
        standing,
        path,
        current: None,
    };
    Ok((entry, stored))
}

impl<N> Entry<N> {
    fn renewal(&self) -> Option<Finding> {
        let current = self.current.as_ref()?;
        let is_due = self.standing == Standing::Due;
        is_due.then(|| Finding {
            path: self.path.clone(),
            lint: &rules::RENEWAL_DUE,
            message: format!(
                "it is due since {} and ends on {}",
                current.due_from.date(),
                current.effective_end.date()
            ),
        })
    }

    fn with(self, path: String, current: Current, now: OffsetDateTime) -> Self {
        let standing = if current.effective_end < now {
            Standing::Expired
        } else if current.certificate.validity.not_before > now {
            Standing::NotYetValid
        } else if current.due_from <= now {
            Standing::Due
        } else {
            Standing::Ok
        };
        Self {
            standing,
            path,
            current: Some(current),
            ..self
        }
    }

    /// What has expired is refused anyway.
    fn unless_revoked(mut self, revoked: &Serials) -> Self {
        let current = self.current.as_ref();
        let is_revoked = current.is_some_and(|it| revoked.contains(&it.certificate.serial));
        if is_revoked && self.standing != Standing::Expired {
            self.standing = Standing::Revoked;
        }
        self
    }
}

fn current(
    generation: u32,
    certificate: &Certificate,
    above: &[StoredAuthority],
    due_from: OffsetDateTime,
) -> Current {
    let mut current = Current {
        generation,
        effective_end: certificate.validity.not_after,
        certificate: certificate.clone(),
        limited_by: None,
        due_from,
    };
    for authority in above {
        current.limit(&authority.certificate);
    }
    current
}

impl Current {
    fn limit(&mut self, authority: &Certificate) {
        if authority.validity.not_after < self.effective_end {
            self.effective_end = authority.validity.not_after;
            self.limited_by = Some(authority.subject.clone());
        }
    }
}

type Serials = HashSet<Vec<u8>>;

/// The list, and the serial numbers that it says for good.
fn revocation_list<S: Store>(
    pki: &Pki<S>,
    now: OffsetDateTime,
) -> Result<Option<(ListStatus, Serials)>, StoreError> {
    let Some((path, content)) = pki.revocation_list_file()? else {
        return Ok(None);
    };
    let list = Crl::read(&content).ok();
    let entries = list.iter().flat_map(|list| &list.entries);
    let serials = entries
        .filter(|entry| !entry.reason.is_hold())
        .map(|entry| entry.serial.clone())
        .collect();
    let status = ListStatus {
        path,
        revoked: list.as_ref().map_or(0, |list| list.entries.len()),
        next_update: list.as_ref().and_then(|list| list.next_update),
        is_due: list.is_none_or(|list| list.is_outdated(now)),
    };
    Ok(Some((status, serials)))
}

/// What is revoked for good, by the list and by the records that a list is still to be signed
/// after. A record that cannot be read is found by `verify`.
fn revoked<S: Store>(pki: &Pki<S>, listed: Option<&Serials>) -> Result<Serials, StoreError> {
    let records = pki.each_revocation()?.into_iter().flatten();
    let records = records.filter(|record| record.is_active() && !record.reason.is_hold());
    let recorded = records.map(|Revocation { serial, .. }| serial);
    Ok(listed
        .into_iter()
        .flatten()
        .cloned()
        .chain(recorded)
        .collect())
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::converge;
    use crate::seal::tests::keys_of;
    use crate::store::Memory;

    const DESCRIPTION: &str = "\
domain: internal.domain
nodes:
  - { name: etcd-0, addresses: [10.0.0.10] }
";

    fn pki(description: &str) -> (Cluster, Memory) {
        let cluster = Cluster::from_yaml(description).unwrap();
        let mut pki = Pki::new(Memory::default());
        let keys = keys_of(&mut pki);
        let now = OffsetDateTime::now_utc();
        let plan = converge::plan(&cluster, &pki, now).unwrap();
        plan.apply(&cluster, &mut pki, &keys, now).unwrap();
        (cluster, pki.store().clone())
    }

    fn at(cluster: &Cluster, store: &Memory, days: i64) -> Status {
        let now = OffsetDateTime::now_utc() + Duration::days(days);
        status(cluster, &Pki::new(store.clone()), now).unwrap()
    }

    #[test]
    fn what_is_described_otherwise_now_has_changed() {
        let (_, store) = pki(DESCRIPTION);
        for (description, changed) in [
            (DESCRIPTION.to_owned(), vec![]),
            (
                DESCRIPTION.replace("10.0.0.10", "10.0.0.11"),
                vec!["etcd-0/server", "etcd-0/peer"],
            ),
            (
                DESCRIPTION.replace("internal.domain", "other.domain"),
                vec!["etcd-0/server", "etcd-0/peer"],
            ),
        ] {
            let cluster = Cluster::from_yaml(&description).unwrap();
            let status = at(&cluster, &store, 0);
            let found: Vec<_> = status
                .leaves
                .iter()
                .filter(|entry| entry.standing == Standing::Changed)
                .map(|entry| entry.name.to_string())
                .collect();
            assert_eq!(found, changed, "{description}");
            assert_eq!(status.due(), changed.len());
        }
    }

    #[test]
    fn leaves_come_due_and_expire() {
        let (cluster, store) = pki(DESCRIPTION);
        let standings = |days| {
            let status = at(&cluster, &store, days);
            (status.leaves[0].standing.clone(), status.due())
        };
        assert_eq!(standings(0), (Standing::Ok, 0));
        // And the revocation list, which holds for 90 days.
        assert_eq!(standings(240), (Standing::Ok, 1));
        assert_eq!(standings(250), (Standing::Due, 4 + 1));
        assert_eq!(standings(366), (Standing::Expired, 4 + 1));
        assert_eq!(standings(-1).0, Standing::NotYetValid);
        // The etcd authority would cut what is issued in its last year.
        let late = at(&cluster, &store, 4 * 365 + 1);
        assert_eq!(late.authorities[2].standing, Standing::Due);
        assert_eq!(late.authorities[1].standing, Standing::Ok);
        // What has expired is found elsewhere.
        let renewals = |days| {
            let found = at(&cluster, &store, days).renewals().into_iter();
            found.map(|one| one.path).collect::<Vec<_>>()
        };
        assert_eq!(renewals(0).len(), 0);
        assert_eq!(renewals(240), ["crl/etcd.crl"]);
        assert_eq!(renewals(250)[0], "certificates/etcd-0/server/1/tls.crt");
        assert_eq!(renewals(250).len(), 4 + 1);
        assert_eq!(renewals(366), ["crl/etcd.crl"]);
    }

    #[test]
    fn the_first_end_of_the_path_counts() {
        let short = "authorities: { root: { lifetime: 400d }, intermediate: { lifetime: 400d }, etcd: { lifetime: 400d } }";
        let (cluster, store) = pki(&format!("{DESCRIPTION}{short}\n"));
        let (_, other) = pki(&format!(
            "{DESCRIPTION}authorities: {{ etcd: {{ lifetime: 500d }} }}\n"
        ));
        let mut mixed = store.clone();
        let path = "certificates/etcd-0/server/1/tls.crt";
        mixed.set(path, other.read(path).unwrap());
        let status = at(&cluster, &mixed, 30);
        let current = status.leaves[0].current.as_ref().unwrap();
        assert_eq!(
            current.effective_end,
            current.certificate.validity.not_after
        );
        let etcd = status.authorities[2].current.as_ref().unwrap();
        assert_eq!(etcd.limited_by, None);

        let root = "authorities/root/1/ca.crt";
        let (_, young) = pki(&format!(
            "{DESCRIPTION}authorities: {{ root: {{ lifetime: 366d }}, intermediate: {{ lifetime: 366d }}, etcd: {{ lifetime: 366d }} }}\n"
        ));
        mixed.set(root, young.read(root).unwrap());
        let limited = at(&cluster, &mixed, 0).authorities[2]
            .current
            .clone()
            .unwrap();
        assert!(limited.limited_by.unwrap().contains("root CA G1"));
        assert!(limited.effective_end < limited.certificate.validity.not_after);
    }

    #[test]
    fn what_is_lost_or_broken_or_too_much_is_told() {
        let (cluster, mut store) = pki(DESCRIPTION);
        store.set(
            "certificates/etcd-0/server/1/tls.crt",
            Some(b"rubbish".to_vec()),
        );
        for file in ["tls.crt", "tls.key.sealed"] {
            store.set(&format!("certificates/etcd-0/peer/1/{file}"), None);
        }
        store.set("crl/etcd.crl", Some(b"rubbish".to_vec()));
        let broken = at(&cluster, &store, 0);
        assert!(matches!(
            broken.leaves[0].standing,
            Standing::Unreadable { .. }
        ));
        assert_eq!(broken.leaves[1].standing, Standing::Missing);
        assert_eq!(broken.due(), 3);
        let other = Cluster::from_yaml(&DESCRIPTION.replace("etcd-0", "etcd-9")).unwrap();
        let (_, whole) = pki(DESCRIPTION);
        assert_eq!(at(&other, &whole, 0).undescribed.len(), 2);
        assert_eq!(at(&other, &whole, 366).undescribed.len(), 0);
    }
}
