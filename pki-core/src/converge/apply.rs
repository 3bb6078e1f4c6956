//! Making what is missing.

use time::OffsetDateTime;

use super::plan::{Plan, PlannedLeaf};
use super::{ConvergeError, State};
use crate::authority::Authority;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::key::PrivateKey;
use crate::leaf::Leaf;
use crate::lifetime::Validity;
use crate::seal::{Keyring, Unlocked};
use crate::store::{Batch, Pki, Store, StoredAuthority, StoredLeaf};

impl Plan {
    /// Makes it: [`Plan::issue`] and [`Issued::commit`].
    ///
    /// # Errors
    ///
    /// When a key does not open, an authority may not sign, or the store cannot be written.
    pub fn apply<S: Store>(
        self,
        cluster: &Cluster,
        pki: &mut Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
    ) -> Result<State, ConvergeError> {
        self.issue(cluster, pki, keys, now)?.commit(pki, None)
    }

    /// Makes everything in memory. Nothing is written yet.
    ///
    /// # Errors
    ///
    /// When a key does not open, or an authority may not sign.
    pub fn issue<S: Store>(
        self,
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
    ) -> Result<Issued, ConvergeError> {
        let mut batch = Batch::default();
        let chain = Chain::complete(self.authorities, cluster, pki, keys, now, &mut batch)?;
        // Authorities are on the disk before anything that they signed.
        batch.barrier();
        let mut signer = None;
        let mut stored = Vec::new();
        for planned in self.leaves {
            let (leaf, generation) = match planned {
                PlannedLeaf::Keep(present) => {
                    stored.push(present);
                    continue;
                }
                PlannedLeaf::Issue {
                    leaf, generation, ..
                } => (leaf, generation),
            };
            let signer = match &mut signer {
                Some(signer) => signer,
                None => signer.insert(chain.signer(pki, keys)?),
            };
            let (leaf, key) = chain.issue(signer, &leaf, generation, cluster, now)?;
            Pki::<S>::add_leaf(&mut batch, &leaf, &key, keys)?;
            stored.push(leaf);
        }
        let mut state = State {
            authorities: chain.stored,
            leaves: stored,
            written_bundles: Vec::new(),
        };
        let bundles = state.bundles(cluster)?;
        state.written_bundles = pki.add_bundles(&mut batch, &bundles)?;
        Ok(Issued { state, batch })
    }
}

/// What a plan made, in memory.
#[derive(Debug)]
pub struct Issued {
    state: State,
    batch: Batch,
}

impl Issued {
    /// Writes it, after a new keyring if there is one: what it sealed is worth nothing before.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn commit<S: Store>(
        self,
        pki: &mut Pki<S>,
        new_keyring: Option<&Keyring>,
    ) -> Result<State, ConvergeError> {
        let mut batch = Batch::default();
        if let Some(keyring) = new_keyring {
            pki.add_keyring(&mut batch, keyring)?;
            batch.barrier();
        }
        batch.append(self.batch);
        pki.commit(batch)?;
        Ok(self.state)
    }
}

/// The authorities of the chain, all of them there, and the keys of those just made.
struct Chain {
    stored: Vec<StoredAuthority>,
    fresh: Vec<(AuthorityName, Authority)>,
}

impl Chain {
    fn complete<S: Store>(
        planned: Vec<(AuthorityName, Option<StoredAuthority>)>,
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
        batch: &mut Batch,
    ) -> Result<Self, ConvergeError> {
        let mut chain = Self {
            stored: Vec::new(),
            fresh: Vec::new(),
        };
        for (name, present) in planned {
            if let Some(present) = present {
                chain.stored.push(present);
                continue;
            }
            let authority = chain.make(name, cluster, pki, keys, now)?;
            let certificate = authority.certificate().clone();
            let stored = StoredAuthority {
                name,
                generation: 1,
                certificate,
            };
            Pki::<S>::add_authority(batch, &stored, authority.key(), keys)?;
            chain.stored.push(stored);
            chain.fresh.push((name, authority));
        }
        Ok(chain)
    }

    fn make<S: Store>(
        &self,
        name: AuthorityName,
        cluster: &Cluster,
        pki: &Pki<S>,
        keys: &Unlocked,
        now: OffsetDateTime,
    ) -> Result<Authority, ConvergeError> {
        let setting = name.setting(cluster);
        let key = PrivateKey::generate(setting.key)?;
        let backdate = cluster.certificates.backdate.as_duration();
        let validity = Validity::starting(now, setting.lifetime, backdate);
        let profile = name.profile(cluster, 1);
        let Some(issuer) = self.stored.last() else {
            return Ok(Authority::self_signed(&profile, key, validity)?);
        };
        let opened;
        let issuer = match self.fresh.last() {
            Some((fresh, authority)) if *fresh == issuer.name => authority,
            _ => {
                opened =
                    Authority::new(issuer.certificate.clone(), pki.authority_key(issuer, keys)?)?;
                &opened
            }
        };
        let certificate = issuer.issue(&profile, key.public(), validity)?;
        Ok(Authority::new(certificate, key)?)
    }

    /// The authority that signs leaves: the last of the chain.
    fn signer<S: Store>(&self, pki: &Pki<S>, keys: &Unlocked) -> Result<Signer<'_>, ConvergeError> {
        let Some(last) = self.stored.last() else {
            return Err(ConvergeError::Incomplete("authorities".to_owned()));
        };
        if let Some((name, authority)) = self.fresh.last()
            && *name == last.name
        {
            return Ok(Signer::Fresh(authority));
        }
        let key = pki.authority_key(last, keys)?;
        Ok(Signer::Opened(Box::new(Authority::new(
            last.certificate.clone(),
            key,
        )?)))
    }

    fn issue(
        &self,
        signer: &Signer<'_>,
        leaf: &Leaf,
        generation: u32,
        cluster: &Cluster,
        now: OffsetDateTime,
    ) -> Result<(StoredLeaf, PrivateKey), ConvergeError> {
        let settings = &cluster.certificates;
        let key = PrivateKey::generate(settings.key)?;
        let validity = Validity::starting(now, settings.lifetime, settings.backdate.as_duration());
        let certificate = signer
            .authority()
            .issue(&leaf.profile, key.public(), validity)?;
        let below_root = self
            .stored
            .iter()
            .skip(1)
            .rev()
            .map(|stored| stored.certificate.clone());
        let stored = StoredLeaf {
            id: leaf.id.clone(),
            generation,
            chain: std::iter::once(certificate).chain(below_root).collect(),
        };
        Ok((stored, key))
    }
}

enum Signer<'a> {
    Fresh(&'a Authority),
    Opened(Box<Authority>),
}

impl Signer<'_> {
    fn authority(&self) -> &Authority {
        match self {
            Self::Fresh(authority) => authority,
            Self::Opened(authority) => authority,
        }
    }
}
