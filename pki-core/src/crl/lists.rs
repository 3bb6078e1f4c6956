//! Which lists a PKI needs, and which of them are to be signed anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use time::OffsetDateTime;

use super::{Crl, CrlNumber, Entry};
use crate::authority::{Authority, IssueError};
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::lifetime::Validity;
use crate::revocation::Revocation;
use crate::signer::Custody;
use crate::store::{Pki, Store, StoreError, StoredAuthority};

/// The lists that a PKI with these authorities needs: the merged one first, then that of each
/// other authority. An authority that has expired, or whose keyUsage lacks cRLSign, has none. That
/// of one whose key is offline is never due: it is signed where the key is.
///
/// # Errors
///
/// When a list that is there cannot be read, or none of the authorities signed it: what is on it
/// is not to be lost. When the file that says where a key is cannot be read.
pub fn lists<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    authorities: &[StoredAuthority],
    revocations: &[Revocation],
    now: OffsetDateTime,
) -> Result<Vec<List>, StoreError> {
    each_list(cluster, pki, authorities, revocations, now)
        .into_iter()
        .collect()
}

/// The same, each by itself.
pub(crate) fn each_list<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    authorities: &[StoredAuthority],
    revocations: &[Revocation],
    now: OffsetDateTime,
) -> Vec<Result<List, StoreError>> {
    match pki.authority(AuthorityName::signing(cluster)) {
        Ok(Some(signing)) => lists_under(&signing, cluster, pki, authorities, revocations, now),
        Ok(None) => Vec::new(),
        Err(error) => vec![Err(error)],
    }
}

/// The same where `signing` signs leaves, be it in the store or about to be.
pub(crate) fn lists_under<S: Store>(
    signing: &StoredAuthority,
    cluster: &Cluster,
    pki: &Pki<S>,
    authorities: &[StoredAuthority],
    revocations: &[Revocation],
    now: OffsetDateTime,
) -> Vec<Result<List, StoreError>> {
    let others = authorities.iter().filter(|authority| {
        (authority.name, authority.generation) != (signing.name, signing.generation)
    });
    let mut lists = Vec::new();
    for (authority, merged) in std::iter::once((signing, true)).chain(others.map(|a| (a, false))) {
        let certificate = &authority.certificate;
        if certificate.validity.not_after > now && certificate.signs_lists() {
            lists.push(List::new(pki, authority, merged, authorities, revocations));
        }
    }
    let newest = lists
        .iter()
        .flatten()
        .filter_map(|list| list.previous.as_ref()?.number.as_ref())
        .max();
    let number = CrlNumber::following(newest, now);
    for list in lists.iter_mut().flatten() {
        list.schedule(cluster, number.clone(), now);
    }
    lists
}

/// What is revoked now: by a record, or by a list that outlived its record or says for good what
/// the record does not any more.
pub fn in_force(revocations: &[Revocation], lists: &[List]) -> Vec<Revocation> {
    let known: BTreeMap<&[u8], &Revocation> = revocations
        .iter()
        .map(|record| (record.serial.as_slice(), record))
        .collect();
    let mut found: BTreeMap<&[u8], Revocation> = revocations
        .iter()
        .filter(|record| record.is_active())
        .map(|record| (record.serial.as_slice(), record.clone()))
        .collect();
    for entry in lists.iter().flat_map(|list| &list.entries) {
        let serial = entry.serial.as_slice();
        let told = found.get(serial).map(Revocation::entry);
        if told.as_ref() != Some(entry) {
            let record = known.get(serial).map(|record| (*record).clone());
            found.insert(serial, Revocation::of_entry(entry, record));
        }
    }
    found.into_values().collect()
}

/// A list, as it should be now.
#[derive(Clone, Debug)]
pub struct List {
    /// The authority that signs it.
    pub authority: StoredAuthority,
    /// Whether it is the one for etcd, with the serials of every authority.
    pub merged: bool,
    /// Its path in the store.
    pub path: String,
    /// What must be on it, by serial number.
    pub entries: Vec<Entry>,
    /// Why it is to be signed anew, if it is.
    pub due: Option<Due>,
    /// The list that is there.
    pub(crate) previous: Option<Crl>,
    number: CrlNumber,
    validity: Validity,
}

impl List {
    fn new<S: Store>(
        pki: &Pki<S>,
        authority: &StoredAuthority,
        merged: bool,
        authorities: &[StoredAuthority],
        revocations: &[Revocation],
    ) -> Result<Self, StoreError> {
        let path = Pki::<S>::crl_path(authority, merged);
        let previous = pki.crl(&path, authorities)?;
        let own = revocations
            .iter()
            .filter(|revocation| merged || revocation.is_of(&authority.certificate));
        let (entries, changed) = entries(previous.as_ref(), own);
        let due = match &previous {
            _ if pki.custody(authority)? == Custody::Offline => None,
            None => Some(Due::Missing),
            Some(previous) if !previous.is_signed_by(&authority.certificate) => Some(Due::Signer),
            Some(_) if changed => Some(Due::Changed),
            Some(previous) if merged && !pki.has_pem_of(previous)? => Some(Due::Pem),
            Some(_) => None,
        };
        Ok(Self {
            authority: authority.clone(),
            merged,
            path,
            entries,
            due,
            previous,
            number: CrlNumber::new(&[]),
            validity: authority.certificate.validity,
        })
    }

    /// Sets number and dates, and finds out whether its next update is near.
    fn schedule(&mut self, cluster: &Cluster, number: CrlNumber, now: OffsetDateTime) {
        let lifetime = match self.merged {
            true => cluster.crl.lifetime,
            false => cluster.crl.authority_lifetime,
        };
        let backdate = cluster.certificates.backdate.as_duration();
        let mut validity = Validity::starting(now, lifetime, backdate)
            .clamped_to(&self.authority.certificate.validity);
        // A list cannot tell of what was revoked after it: so where there is news it is not
        // backdated beyond that. A date that is to come was written by a clock that was ahead.
        let dates = self.entries.iter().map(|entry| entry.revoked);
        if let Some(newest) = dates.filter(|revoked| *revoked <= now).max() {
            validity.not_before = validity.not_before.max(newest);
        }
        if let Some(previous) = &self.previous {
            // A clock that went back must not make the new list look older.
            validity.not_before = validity.not_before.max(previous.this_update);
            let near = previous
                .next_update
                .is_none_or(|next| now >= next - (next - previous.this_update) / 3);
            let later = previous
                .next_update
                .is_none_or(|next| validity.not_after > next);
            if self.due.is_none() && near && later {
                self.due = Some(Due::Expiring);
            }
        }
        self.number = number;
        self.validity = validity;
    }

    /// Signs it.
    ///
    /// # Errors
    ///
    /// When the authority may not, or is another one than the list is planned for.
    pub fn sign(&self, authority: &Authority) -> Result<Crl, IssueError> {
        if authority.certificate() != &self.authority.certificate {
            return Err(IssueError::OtherKey {
                subject: self.authority.certificate.subject.clone(),
            });
        }
        authority.sign_crl(&self.entries, &self.number, self.validity)
    }
}

/// Why a list is to be signed anew.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Due {
    /// It does not tell what is revoked now.
    Changed,
    /// Two thirds of the time until its next update have passed.
    Expiring,
    /// There is none.
    Missing,
    /// The copy in PEM is not the same.
    Pem,
    /// It was signed by an authority that no longer signs.
    Signer,
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Changed => "what is revoked has changed",
            Self::Expiring => "its next update is near",
            Self::Missing => "it is missing",
            Self::Pem => "its copy in PEM is not the same",
            Self::Signer => "another authority signs now",
        })
    }
}

/// What must be on a list, and whether that is not what is on the previous one.
///
/// What a list said for good stays on it whatever becomes of the record, so that a revocation is
/// not undone by a file that was lost or changed. What was on hold is as its record says.
fn entries<'a>(
    previous: Option<&'a Crl>,
    revocations: impl Iterator<Item = &'a Revocation>,
) -> (Vec<Entry>, bool) {
    let old: BTreeMap<&[u8], &Entry> = previous
        .iter()
        .flat_map(|crl| &crl.entries)
        .map(|entry| (entry.serial.as_slice(), entry))
        .collect();
    let mut new: BTreeMap<&[u8], Entry> = old
        .iter()
        .map(|(serial, entry)| (*serial, (*entry).clone()))
        .collect();
    let mut outlived = BTreeSet::new();
    for revocation in revocations {
        let serial = revocation.serial.as_slice();
        // RFC 5280 section 3.3: an entry stays until a list was signed after the end of the
        // certificate.
        let end = revocation.not_after.zip(previous);
        if end.is_some_and(|(end, previous)| end < previous.this_update) {
            new.remove(serial);
            outlived.insert(serial);
            continue;
        }
        match old.get(serial) {
            Some(entry) if !entry.reason.is_hold() => {}
            _ if revocation.released.is_some() => {
                new.remove(serial);
            }
            _ => {
                new.insert(serial, revocation.entry());
            }
        }
    }
    // Entries that may go are no reason to sign: they go with the next list.
    let kept = old
        .values()
        .filter(|entry| !outlived.contains(entry.serial.as_slice()));
    let changed = !kept.copied().eq(new.values());
    (new.into_values().collect(), changed)
}
