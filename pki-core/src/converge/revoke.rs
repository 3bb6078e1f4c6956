//! Revoking, and signing the lists that tell of it.

use time::OffsetDateTime;

use super::ConvergeError;
use super::chain::open_authority;
use crate::authority::{Authority, IssueError};
use crate::crl::{Crl, List, lists_under};
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::revocation::Revocation;
use crate::seal::Unlocked;
use crate::signer::Custody;
use crate::store::{Batch, Pki, Store, StoredAuthority};

/// Writes these revocations, each in place of the record of the same serial number, and signs
/// every list that they change.
///
/// To revoke an authority that leaves are sent along with stops the cluster: look for that first,
/// with [`Carried::find`](crate::revocation::Carried::find).
///
/// When it is interrupted, records may be there that no list tells of: the next [`revoke`] or
/// [`Plan::apply`](super::Plan::apply) signs the lists.
///
/// # Errors
///
/// When the store cannot be read or written, or the key of the authority that signs leaves does
/// not open.
///
/// # Examples
///
/// ```
/// # use pki_core::seal::{KdfParameters, Keyring, Passphrase, Unlocked};
/// # use pki_core::store::{Memory, Pki};
/// use pki_core::crl::Reason;
/// use pki_core::revocation::Revocation;
/// use pki_core::{Cluster, converge};
/// use time::OffsetDateTime;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cluster = Cluster::from_yaml(
///     "{ domain: a.example, nodes: [{ name: etcd-0, addresses: [10.0.0.10] }], clients: [backup] }",
/// )?;
/// # let keys = Unlocked::generate()?;
/// # let cheap = KdfParameters { memory_kib: 64, passes: 1, lanes: 1 };
/// # let keyring = Keyring::new("etcd", &keys, &Passphrase::new("passphrase")?, cheap)?;
/// let mut pki = Pki::new(Memory::default());
/// # pki.put_keyring(&keyring)?;
/// let now = OffsetDateTime::now_utc();
/// let state = converge::plan(&cluster, &pki, now)?.apply(&cluster, &mut pki, &keys, now)?;
/// let backup = state.leaves.last().ok_or("no leaf")?.certificate();
///
/// let revocation = Revocation::new(backup, Reason::KeyCompromise, now);
/// converge::revoke(&cluster, &mut pki, &[revocation], &keys, now)?;
///
/// let list = pki.crl("crl/etcd.crl", &pki.authorities()?)?.ok_or("no list")?;
/// assert!(list.find(&backup.serial).is_some());
/// # Ok(())
/// # }
/// ```
pub fn revoke<S: Store>(
    cluster: &Cluster,
    pki: &mut Pki<S>,
    revocations: &[Revocation],
    keys: &Unlocked,
    now: OffsetDateTime,
) -> Result<Signed, ConvergeError> {
    let signing = signer(cluster, pki)?;
    let mut batch = Batch::default();
    let mut records = pki.revocations()?;
    let mut written = Vec::new();
    for revocation in revocations {
        written.push(pki.add_revocation(&mut batch, revocation)?);
        records.retain(|record| record.serial != revocation.serial);
        records.push(revocation.clone());
    }
    // A list must not tell of what could still be lost.
    batch.barrier();
    let authorities = pki.authorities()?;
    let lists = Lists {
        signing: Some(&signing),
        authorities: &authorities,
        fresh: &[],
        revocations: &records,
    };
    let mut signed = lists.sign(cluster, pki, keys, now, &mut batch)?;
    pki.commit(batch)?;
    written.append(&mut signed.written);
    signed.written = written;
    Ok(signed)
}

/// The authority that signs the list for etcd: without that nothing would be refused.
fn signer<S: Store>(cluster: &Cluster, pki: &Pki<S>) -> Result<StoredAuthority, ConvergeError> {
    let name = AuthorityName::signing(cluster);
    let Some(authority) = pki.authority(name)? else {
        return Err(ConvergeError::Incomplete(format!("authorities/{name}")));
    };
    if !authority.certificate.signs_lists() {
        let subject = authority.certificate.subject;
        return Err(IssueError::NotACrlIssuer { subject }.into());
    }
    match pki.custody(&authority)? {
        Custody::Offline => Err(ConvergeError::OfflineSigner(name)),
        Custody::Command(_) | Custody::Sealed => Ok(authority),
    }
}

/// Lists that were signed, and those that could not be.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Signed {
    /// Where a person finds what was written.
    pub written: Vec<String>,
    /// Lists that are due and whose authority's key is out of reach, such as that of a root that
    /// is offline: where a person finds each, and why it was not signed. Members need none of
    /// them, for the one that they read is that of the authority that signs leaves.
    pub unsigned: Vec<(String, String)>,
}

/// What lists are made of.
pub(super) struct Lists<'a> {
    /// The authority that signs leaves.
    pub(super) signing: Option<&'a StoredAuthority>,
    /// Every authority, in the store or about to be.
    pub(super) authorities: &'a [StoredAuthority],
    /// Those of them whose keys are at hand.
    pub(super) fresh: &'a [Authority],
    /// Every record.
    pub(super) revocations: &'a [Revocation],
}

impl Lists<'_> {
    /// Adds to `batch` every list that is due.
    pub(super) fn sign<S: Store>(
        &self,
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
        batch: &mut Batch,
    ) -> Result<Signed, ConvergeError> {
        let mut signed = Signed::default();
        let Some(signing) = self.signing else {
            return Ok(signed);
        };
        let lists = lists_under(
            signing,
            cluster,
            pki,
            self.authorities,
            self.revocations,
            now,
        );
        let lists: Vec<List> = lists.into_iter().collect::<Result<_, _>>()?;
        for list in lists.iter().filter(|list| list.due.is_some()) {
            match self.sign_one(list, pki, keys) {
                Ok(crl) => signed.written.extend(pki.add_crl(batch, list, &crl)),
                Err(error) if list.merged => return Err(error),
                Err(error) => {
                    let path = pki.store().locate(&list.path);
                    signed.unsigned.push((path, error.to_string()));
                }
            }
        }
        Ok(signed)
    }

    fn sign_one<S: Store>(
        &self,
        list: &List,
        pki: &Pki<S>,
        keys: &Unlocked,
    ) -> Result<Crl, ConvergeError> {
        let certificate = &list.authority.certificate;
        let mut fresh = self.fresh.iter();
        if let Some(authority) = fresh.find(|authority| authority.certificate() == certificate) {
            return Ok(list.sign(authority)?);
        }
        Ok(list.sign(&open_authority(&list.authority, None, pki, keys)?)?)
    }
}

#[cfg(test)]
mod tests;
