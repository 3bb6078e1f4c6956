//! Whether a certificate is the one that was put where it is.

use std::collections::HashMap;

use super::{Pki, StoredAuthority, StoredLeaf};
use crate::certificate::Certificate;
use crate::journal::Journal;
use crate::store::{Store, StoreError, layout};
use crate::verify::is_signed_by;

/// What certificates are held against: what the journal tells of, and the authorities that are
/// kept.
pub(crate) struct Recorded<'a> {
    /// The fingerprints of the certificates that were put into each generation: more than one
    /// after a merge of two clones.
    fingerprints: HashMap<&'a str, Vec<&'a str>>,
    authorities: Vec<Certificate>,
}

impl<'a> Recorded<'a> {
    pub(crate) fn new(
        journal: &'a Journal,
        authorities: impl IntoIterator<Item = StoredAuthority>,
    ) -> Self {
        let mut fingerprints: HashMap<_, Vec<_>> = HashMap::new();
        for line in journal.lines().iter().filter(|line| line.is_intact()) {
            let entry = line.entry();
            if let (Some(path), Some(fingerprint)) = (&entry.path, &entry.fingerprint) {
                let of_path = fingerprints.entry(path.as_str()).or_default();
                of_path.push(fingerprint.as_str());
            }
        }
        let authorities = authorities.into_iter();
        Self {
            fingerprints,
            authorities: authorities.map(|stored| stored.certificate).collect(),
        }
    }

    /// What is wrong with the certificates of a generation, if they are others than were put
    /// into its directory.
    pub(crate) fn fault(&self, directory: &str, chain: &[Certificate]) -> Option<&'static str> {
        if !self.is_recorded(directory, chain) {
            Some(
                "it is not the certificate that the journal tells of: it was changed, or another one was put there",
            )
        } else if !self.is_chain(chain) {
            Some("an authority in it is none that is kept here, nor signed by one: it was changed")
        } else {
            None
        }
    }

    /// What no line tells of may be any: that the journal is incomplete is found elsewhere.
    fn is_recorded(&self, directory: &str, chain: &[Certificate]) -> bool {
        let (Some(known), Some(first)) = (self.fingerprints.get(directory), chain.first()) else {
            return true;
        };
        let fingerprint = first.fingerprint().to_string();
        known.contains(&fingerprint.as_str())
    }

    /// The journal tells of the leaf alone. Of the authorities behind it each is kept here, or
    /// was signed by the next or by one that is.
    fn is_chain(&self, chain: &[Certificate]) -> bool {
        let kept = &self.authorities;
        let mut above = chain.iter().enumerate().skip(1);
        above.all(|(place, authority)| {
            let mut signers = chain.get(place + 1).into_iter().chain(kept);
            kept.contains(authority) || signers.any(|signer| is_signed_by(authority, signer))
        })
    }
}

impl<S: Store> Pki<S> {
    /// Refuses to work with an authority that is another than was put there.
    pub(crate) fn expect_authority(
        &self,
        recorded: &Recorded<'_>,
        authority: &StoredAuthority,
    ) -> Result<(), StoreError> {
        let (owner, generation) = (layout::authority(authority.name), authority.generation);
        let chain = std::slice::from_ref(&authority.certificate);
        match recorded.fault(&format!("{owner}/{generation}"), chain) {
            None => Ok(()),
            Some(fault) => Err(StoreError::Changed {
                path: self.locate_authority(authority),
                fault,
            }),
        }
    }

    /// Refuses to work with a leaf that is another than was put there.
    pub(crate) fn expect_leaf(
        &self,
        recorded: &Recorded<'_>,
        leaf: &StoredLeaf,
    ) -> Result<(), StoreError> {
        let (owner, generation) = (layout::leaf(&leaf.id), leaf.generation);
        match recorded.fault(&format!("{owner}/{generation}"), &leaf.chain) {
            None => Ok(()),
            Some(fault) => Err(StoreError::Changed {
                path: self.locate_leaf(leaf),
                fault,
            }),
        }
    }
}
