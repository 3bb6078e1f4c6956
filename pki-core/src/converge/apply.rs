//! Making what is missing.

use std::collections::HashMap;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use time::OffsetDateTime;

use super::plan::{LeafKey, Plan, Planned, PlannedLeaf};
use super::revoke::Lists;
use super::{ConvergeError, Signed, State};
use crate::authority::Authority;
use crate::certificate::Certificate;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::journal::Event;
use crate::key::PrivateKey;
use crate::leaf::LeafId;
use crate::lifetime::{Lifetime, Validity};
use crate::progress::Work;
use crate::revocation::Revocation;
use crate::rotation::NewAuthority;
use crate::seal::{KeyringId, Unlocked};
use crate::secret_text::SecretText;
use crate::signer::{Custody, ExternalCommand};
use crate::store::atomic::Group;
use crate::store::{Batch, Pki, Staged, Store, StoredAuthority, StoredLeaf};
use crate::trust::{Bundles, standing};

impl Plan {
    /// Makes it: [`Plan::issue`] and [`Issued::commit`].
    ///
    /// # Errors
    ///
    /// When a key does not open, an authority may not sign, or the store cannot be written or has
    /// not the keyring of `keys`.
    pub fn apply<S: Store + Sync>(
        self,
        cluster: &Cluster,
        pki: &mut Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
    ) -> Result<State, ConvergeError> {
        self.issue(cluster, pki, keys, now)?.commit(pki)
    }

    /// Makes everything in memory, many leaves on every core. Nothing is written yet.
    ///
    /// # Errors
    ///
    /// When a key does not open, or an authority may not sign.
    pub fn issue<S: Store + Sync>(
        self,
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
    ) -> Result<Issued, ConvergeError> {
        let mut batch = Batch::default();
        let mut chain = Chain::default();
        let mut revocations = pki.revocations()?;
        let mut made_now = Vec::new();
        if let Some(change) = self.change {
            made_now.extend(change.new_authorities().cloned());
            for revocation in change.revocations {
                pki.add_revocation(&mut batch, &revocation)?;
                revocations.retain(|record| record.serial != revocation.serial);
                revocations.push(revocation);
            }
            for made in change.new {
                chain.add_made::<S>(made, keys, &mut batch)?;
            }
        }
        chain.complete(self.authorities, cluster, pki, keys, now, &mut batch)?;
        let others = chain.make_others(self.others, cluster, pki, keys, now, &mut batch)?;
        let bundles = match self.bundles {
            Some(bundles) => bundles,
            None => Bundles::settled(cluster, &chain.stored)
                .map_err(|name| ConvergeError::Incomplete(format!("authorities/{name}")))?,
        };
        chain.presented = bundles.presented().cloned().collect();
        // Authorities are on the disk before anything that they signed, and it is told which of
        // them signs before a leaf is there that says so.
        batch.barrier();
        pki.add_bundles(&mut batch, &bundles)?;
        let (leaves, fresh_keys) =
            chain.leaves(self.leaves, cluster, pki, keys, now, &mut batch)?;
        let Chain {
            stored: mut authorities,
            fresh,
            ..
        } = chain;
        authorities.extend(others);
        let mut state = State {
            authorities,
            leaves,
            bundles,
            lists: Signed::default(),
        };
        made_now.extend(state.authorities.iter().cloned());
        let records = Records {
            fresh,
            authorities: made_now,
            revocations,
        };
        state.lists = sign_lists(&state, records, cluster, pki, keys, now, &mut batch)?;
        pki.add_git_attributes(&mut batch)?;
        Ok(Issued {
            state,
            batch,
            fresh_keys,
            keyring: *keys.keyring_id(),
        })
    }
}

/// What a plan made, in memory.
///
/// A new keyring is to be written before it ([`Pki::put_keyring`]): without that no key of it would
/// ever open.
#[derive(Debug)]
pub struct Issued {
    state: State,
    batch: Batch,
    fresh_keys: HashMap<LeafId, PrivateKey>,
    /// Under which it was sealed.
    keyring: KeyringId,
}

impl Issued {
    /// What there will be when it is written.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The private key of a leaf as PEM, be it written or not.
    ///
    /// # Errors
    ///
    /// When it does not open.
    pub fn key<S: Store>(
        &self,
        leaf: &StoredLeaf,
        pki: &Pki<S>,
        keys: &Unlocked,
    ) -> Result<SecretText, ConvergeError> {
        match self.fresh_keys.get(&leaf.id) {
            Some(key) => Ok(key.to_pem()),
            None => Ok(pki.leaf_key(leaf, keys)?.to_pem()),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// When the store has not the keyring of what was sealed, or cannot be written.
    pub fn commit<S: Store>(self, pki: &mut Pki<S>) -> Result<State, ConvergeError> {
        match pki.keyring()?.map(|keyring| *keyring.id()) {
            None => return Err(ConvergeError::NoKeyring),
            Some(id) if id != self.keyring => return Err(ConvergeError::OtherKeyring),
            Some(_) => {}
        }
        pki.commit(self.batch)?;
        Ok(self.state)
    }

    /// Writes it beside its place, as [`Pki::stage`], so that it can be made while the keyring
    /// still is; that is to be there before the group puts this into its place.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn stage<S: Store>(
        self,
        pki: &Pki<S>,
        group: &mut Group,
    ) -> Result<(State, Staged), ConvergeError> {
        let staged = pki.stage(self.batch, group)?;
        Ok((self.state, staged))
    }
}

/// What lists are made of besides the state.
struct Records {
    fresh: Vec<(AuthorityName, Authority)>,
    /// Those that are in use, and others that were made now.
    authorities: Vec<StoredAuthority>,
    revocations: Vec<Revocation>,
}

/// Signs the lists that are due: empty ones for authorities that were made now.
fn sign_lists<S: Store>(
    state: &State,
    records: Records,
    cluster: &Cluster,
    pki: &Pki<S>,
    keys: &Unlocked,
    now: OffsetDateTime,
    batch: &mut Batch,
) -> Result<Signed, ConvergeError> {
    let mut authorities = pki.authorities()?;
    let fresh = records.fresh.into_iter();
    let fresh: Vec<Authority> = fresh.map(|(_, authority)| authority).collect();
    let is_fresh = |stored: &&StoredAuthority| {
        let mut fresh = fresh.iter();
        fresh.any(|authority| *authority.certificate() == stored.certificate)
    };
    let made = records.authorities.iter().filter(is_fresh);
    for stored in made {
        if !authorities
            .iter()
            .any(|known| known.certificate == stored.certificate)
        {
            authorities.push(stored.clone());
        }
    }
    let signing = AuthorityName::signing(cluster);
    let mut in_use = state.authorities.iter();
    let lists = Lists {
        signing: in_use.find(|stored| stored.name == signing),
        authorities: &authorities,
        fresh: &fresh,
        revocations: &records.revocations,
    };
    lists.sign(cluster, pki, keys, now, batch)
}

/// The authorities from the top down to one that signs leaves, and the keys of those just made.
#[derive(Default)]
pub(super) struct Chain {
    pub(super) stored: Vec<StoredAuthority>,
    /// What a leaf carries behind itself.
    presented: Vec<Certificate>,
    fresh: Vec<(AuthorityName, Authority)>,
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
    fn add_made<S: Store>(
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

    fn complete<S: Store>(
        &mut self,
        planned: Vec<Planned>,
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
        batch: &mut Batch,
    ) -> Result<(), ConvergeError> {
        for (name, present) in planned {
            let stored = match present {
                Some(present) => present,
                None => self.make(name, cluster, pki, keys, now, batch)?,
            };
            self.stored.push(stored);
        }
        Ok(())
    }

    /// The authorities that stand beside the chain, those that are there and those made now.
    fn make_others<S: Store>(
        &mut self,
        planned: Vec<Planned>,
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
        batch: &mut Batch,
    ) -> Result<Vec<StoredAuthority>, ConvergeError> {
        let others = planned.into_iter().map(|(name, present)| match present {
            Some(present) => Ok(present),
            None => self.make(name, cluster, pki, keys, now, batch),
        });
        others.collect()
    }

    fn make<S: Store>(
        &mut self,
        name: AuthorityName,
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
        batch: &mut Batch,
    ) -> Result<StoredAuthority, ConvergeError> {
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
    fn leaves<S: Store + Sync>(
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
