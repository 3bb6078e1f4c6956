//! Revoking, and signing the lists that tell of it.

use time::OffsetDateTime;

use super::ConvergeError;
use crate::authority::Authority;
use crate::crl::lists;
use crate::description::Cluster;
use crate::revocation::Revocation;
use crate::seal::Unlocked;
use crate::store::{Batch, Pki, Store, StoredAuthority};

/// Writes these revocations, each in place of the record of the same serial number, and signs
/// every list that they change. Returns where a person finds what was written.
///
/// When it is interrupted, records may be there that no list tells of: the next [`revoke`] or
/// [`Plan::apply`](super::Plan::apply) signs the lists.
///
/// # Errors
///
/// When the store cannot be read or written, or an authority's key does not open.
pub fn revoke<S: Store>(
    cluster: &Cluster,
    pki: &mut Pki<S>,
    revocations: &[Revocation],
    keys: &Unlocked,
    now: OffsetDateTime,
) -> Result<Vec<String>, ConvergeError> {
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
    let signed = Lists {
        authorities: &authorities,
        fresh: &[],
        revocations: &records,
    };
    written.extend(signed.sign(cluster, pki, keys, now, &mut batch)?);
    pki.commit(batch)?;
    Ok(written)
}

/// What lists are made of.
pub(super) struct Lists<'a> {
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
    ) -> Result<Vec<String>, ConvergeError> {
        let mut written = Vec::new();
        let lists = lists(cluster, pki, self.authorities, self.revocations, now)?;
        for list in lists.iter().filter(|list| list.due.is_some()) {
            let certificate = &list.authority.certificate;
            let mut fresh = self.fresh.iter();
            let opened;
            let authority = match fresh.find(|authority| authority.certificate() == certificate) {
                Some(authority) => authority,
                None => {
                    let key = pki.authority_key(&list.authority, keys)?;
                    opened = Authority::new(certificate.clone(), key)?;
                    &opened
                }
            };
            let crl = list.sign(authority)?;
            written.extend(pki.add_crl(batch, list, &crl));
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests;
