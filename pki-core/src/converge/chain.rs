//! The authorities that sign, and what they sign.

use std::collections::HashMap;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use time::OffsetDateTime;

use super::ConvergeError;
use super::plan::{LeafKey, Planned, PlannedLeaf};
use crate::authority::Authority;
use crate::certificate::Certificate;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::journal::Event;
use crate::key::PrivateKey;
use crate::leaf::LeafId;
use crate::lifetime::{Lifetime, Validity};
use crate::progress::Work;
use crate::rotation::NewAuthority;
use crate::seal::Unlocked;
use crate::signer::{Custody, ExternalCommand};
use crate::store::{Batch, Pki, Store, StoredAuthority, StoredLeaf};
use crate::trust::standing;

/// The authorities from the top down to one that signs leaves, and the keys of those just made.
#[derive(Default)]
pub(super) struct Chain {
    pub(super) stored: Vec<StoredAuthority>,
    /// What a leaf carries behind itself.
    pub(super) presented: Vec<Certificate>,
    pub(super) fresh: Vec<(AuthorityName, Authority)>,
}

impl Chain {
    /// The chain of a PKI that has all its authorities down to `last`.
    pub(super) fn present<S: Store>(
        cluster: &Cluster,
        pki: &Pki<S>,
        last: AuthorityName,
    ) -> Result<Self, ConvergeError> {
        let mut chain = Self::default();
        for name in last.path(cluster) {
            let stored = pki.authority(name)?;
            let missing = || ConvergeError::Incomplete(format!("authorities/{name}"));
            chain.stored.push(stored.ok_or_else(missing)?);
        }
        chain.presented = match last == AuthorityName::signing(cluster) {
            true => standing(cluster, pki)?.presented().cloned().collect(),
            false => {
                let below_top = chain.stored.iter().skip(1).rev();
                below_top.map(|stored| stored.certificate.clone()).collect()
            }
        };
        Ok(chain)
    }

    /// An authority that a step of a rotation made.
    pub(super) fn add_made<S: Store>(
        &mut self,
        made: NewAuthority,
        keys: &Unlocked,
        batch: &mut Batch,
    ) -> Result<(), ConvergeError> {
        let NewAuthority {
            stored,
            authority,
            custody,
        } = made;
        match authority.key() {
            Some(key) => Pki::<S>::add_authority(batch, Event::Issued, &stored, key, keys)?,
            None => Pki::<S>::add_authority_elsewhere(batch, Event::Issued, &stored, &custody),
        }
        self.fresh.push((stored.name, authority));
        Ok(())
    }

    pub(super) fn complete<S: Store>(
        &mut self,
        planned: Vec<Planned>,
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
        batch: &mut Batch,
    ) -> Result<(), ConvergeError> {
        for one in planned {
            let stored = self.find_or_make(one, cluster, pki, keys, now, batch)?;
            self.stored.push(stored);
        }
        Ok(())
    }

    /// The authorities that stand beside the chain, those that are there and those made now.
    pub(super) fn make_others<S: Store>(
        &mut self,
        planned: Vec<Planned>,
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
        batch: &mut Batch,
    ) -> Result<Vec<StoredAuthority>, ConvergeError> {
        let others = planned.into_iter();
        others
            .map(|one| self.find_or_make(one, cluster, pki, keys, now, batch))
            .collect()
    }

    /// The authority that is there already, or one made now.
    fn find_or_make<S: Store>(
        &mut self,
        (name, present): Planned,
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
        batch: &mut Batch,
    ) -> Result<StoredAuthority, ConvergeError> {
        if let Some(present) = present {
            return Ok(present);
        }
        let authority = self.sign(name, cluster, pki, keys, now)?;
        let stored = StoredAuthority {
            name,
            generation: 1,
            certificate: authority.certificate().clone(),
        };
        if let Some(key) = authority.key() {
            Pki::<S>::add_authority(batch, Event::Issued, &stored, key, keys)?;
        }
        self.fresh.push((name, authority));
        Ok(stored)
    }

    fn sign<S: Store>(
        &self,
        name: AuthorityName,
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
    ) -> Result<Authority, ConvergeError> {
        let setting = name.setting(cluster);
        let key = PrivateKey::generate(setting.key)?;
        let validity = validity(cluster, setting.lifetime, now);
        let profile = name.profile(cluster, 1);
        let Some(above) = name.issuer(cluster) else {
            return Ok(Authority::self_signed(&profile, key, validity)?);
        };
        let opened;
        let issuer = match self.fresh(above) {
            Some(authority) => authority,
            None => {
                let mut stored = self.stored.iter();
                let issuer = stored.find(|stored| stored.name == above);
                let missing = || ConvergeError::Incomplete(format!("authorities/{above}"));
                opened = open_authority(issuer.ok_or_else(missing)?, Some(name), pki, keys)?;
                &opened
            }
        };
        let certificate = issuer.issue(&profile, key.public(), validity)?;
        Ok(Authority::new(certificate, key)?)
    }

    /// An authority that was made just now.
    fn fresh(&self, name: AuthorityName) -> Option<&Authority> {
        let mut fresh = self.fresh.iter();
        let (_, authority) = fresh.find(|(made, _)| *made == name)?;
        Some(authority)
    }

    /// The authority that signs leaves: the last of the chain.
    pub(super) fn signer<S: Store>(
        &self,
        pki: &Pki<S>,
        keys: &Unlocked,
    ) -> Result<Signer<'_>, ConvergeError> {
        let Some(last) = self.stored.last() else {
            return Err(ConvergeError::Incomplete("authorities".to_owned()));
        };
        if let Some(authority) = self.fresh(last.name)
            && *authority.certificate() == last.certificate
        {
            return Ok(Signer::Fresh(authority));
        }
        let authority = open_authority(last, None, pki, keys)?;
        Ok(Signer::Opened(Box::new(authority)))
    }

    /// The leaves: those that stay, and those that are issued now, which are added to `batch`.
    /// Of these the keys, too.
    pub(super) fn leaves<S: Store + Sync>(
        &self,
        planned: Vec<PlannedLeaf>,
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
        batch: &mut Batch,
    ) -> Result<(Vec<StoredLeaf>, HashMap<LeafId, PrivateKey>), ConvergeError> {
        let is_new = |leaf: &PlannedLeaf| matches!(leaf, PlannedLeaf::Issue { .. });
        let signer = match planned.iter().any(is_new) {
            true => Some(self.signer(pki, keys)?),
            false => None,
        };
        let new = planned.iter().filter(|leaf| is_new(leaf)).count();
        let watched = pki.begin(Work::Issue, new);
        let issue = |leaf| match (leaf, &signer) {
            (
                PlannedLeaf::Issue {
                    leaf,
                    generation,
                    terms,
                    ..
                },
                Some(signer),
            ) => {
                let key = leaf_key(&leaf.id, terms.key, cluster, pki, keys)?;
                let lifetime = terms.lifetime.unwrap_or(cluster.certificates.lifetime);
                let validity = validity(cluster, lifetime, now);
                let issuer = signer.authority();
                let certificate = issuer.issue(&leaf.profile, key.public(), validity)?;
                let leaf = self.stored_leaf(leaf.id, generation, certificate);
                let mut batch = Batch::default();
                Pki::<S>::add_leaf(&mut batch, &leaf, &key, keys)?;
                watched.advance();
                Ok((leaf, Some((key, batch))))
            }
            (PlannedLeaf::Issue { .. }, None) => {
                Err(ConvergeError::Incomplete("authorities".to_owned()))
            }
            (PlannedLeaf::Keep(present), _) => Ok((present, None)),
        };
        // A few are made by this thread alone: the others are at work on the passphrase.
        let made: Result<Vec<_>, ConvergeError> = match planned.len() < MANY {
            true => planned.into_iter().map(issue).collect(),
            false => planned.into_par_iter().map(issue).collect(),
        };
        let mut stored = Vec::new();
        let mut fresh_keys = HashMap::new();
        for (leaf, fresh) in made? {
            if let Some((key, own)) = fresh {
                batch.append(own);
                fresh_keys.insert(leaf.id.clone(), key);
            }
            stored.push(leaf);
        }
        Ok((stored, fresh_keys))
    }

    /// A leaf with what it carries behind itself.
    pub(super) fn stored_leaf(
        &self,
        id: LeafId,
        generation: u32,
        certificate: Certificate,
    ) -> StoredLeaf {
        let above = self.presented.iter().cloned();
        StoredLeaf {
            id,
            generation,
            chain: std::iter::once(certificate).chain(above).collect(),
        }
    }
}

/// Joins an authority with its key, wherever that is: to sign another authority, or leaves.
pub(super) fn open_authority<S: Store>(
    stored: &StoredAuthority,
    wanted: Option<AuthorityName>,
    pki: &Pki<S>,
    keys: &Unlocked,
) -> Result<Authority, ConvergeError> {
    match (pki.custody(stored)?, wanted) {
        (Custody::Offline, Some(wanted)) => Err(ConvergeError::Offline {
            issuer: stored.name,
            wanted,
        }),
        _ => join(stored.certificate.clone(), stored, pki, keys),
    }
}

/// Joins a certificate with the key of an authority, wherever that is.
pub(crate) fn join<S: Store>(
    certificate: Certificate,
    stored: &StoredAuthority,
    pki: &Pki<S>,
    keys: &Unlocked,
) -> Result<Authority, ConvergeError> {
    match pki.custody(stored)? {
        Custody::Command(config) => {
            let command = ExternalCommand::new(certificate.public_key.clone(), config);
            Ok(Authority::with_signer(certificate, Box::new(command))?)
        }
        Custody::Offline => Err(ConvergeError::OfflineSigner(stored.name)),
        Custody::Sealed => Ok(Authority::new(
            certificate,
            pki.authority_key(stored, keys)?,
        )?),
    }
}

pub(super) fn validity(cluster: &Cluster, lifetime: Lifetime, now: OffsetDateTime) -> Validity {
    let backdate = cluster.certificates.backdate.as_duration();
    Validity::starting(now, lifetime, backdate)
}

pub(super) fn leaf_key<S: Store>(
    id: &LeafId,
    wanted: LeafKey,
    cluster: &Cluster,
    pki: &Pki<S>,
    keys: &Unlocked,
) -> Result<PrivateKey, ConvergeError> {
    match wanted {
        LeafKey::New => Ok(PrivateKey::generate(cluster.certificates.key)?),
        LeafKey::NewOf(algorithm) => Ok(PrivateKey::generate(algorithm)?),
        LeafKey::Same => match pki.leaf(id)? {
            Some(present) => Ok(pki.leaf_key(&present, keys)?),
            None => Err(ConvergeError::NoKeyYet(id.to_string())),
        },
    }
}

pub(super) enum Signer<'a> {
    Fresh(&'a Authority),
    Opened(Box<Authority>),
}

impl Signer<'_> {
    pub(super) fn authority(&self) -> &Authority {
        match self {
            Self::Fresh(authority) => authority,
            Self::Opened(authority) => authority,
        }
    }
}

/// From how many leaves on every core is put to work.
const MANY: usize = 64;
