//! From what is there to what the description asks for.
//!
//! [`plan`] looks at certificates alone and needs no key. [`Plan::apply`] makes what is missing.
//! It never removes or overwrites a certificate: a leaf that no longer fits the description gets
//! a new generation. When it is interrupted, the next plan goes on from what is there.

use std::fmt;

use time::OffsetDateTime;

use crate::authority::{Authority, IssueError};
use crate::certificate::{AlternativeName, Certificate};
use crate::description::{Cluster, Position};
use crate::hierarchy::AuthorityName;
use crate::key::{KeyError, PrivateKey};
use crate::leaf::{Leaf, LeafId, leaves};
use crate::lifetime::Validity;
use crate::seal::Unlocked;
use crate::store::{Batch, Pki, Store, StoreError, StoredAuthority, StoredLeaf};
use crate::trust::Bundles;

/// Finds out what is missing, or does not fit the description any more.
///
/// # Errors
///
/// When the store cannot be read or is another cluster's; when an authority is missing above one
/// that is there; when a node lies outside what the etcd authority may sign.
pub fn plan<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    now: OffsetDateTime,
) -> Result<Plan, ConvergeError> {
    if let Some(keyring) = pki.keyring()?
        && keyring.cluster() != cluster.name.as_str()
    {
        return Err(ConvergeError::OtherCluster {
            found: keyring.cluster().to_owned(),
            described: cluster.name.to_string(),
        });
    }
    let authorities = authorities(cluster, pki)?;
    let mut plan = Plan {
        authorities,
        leaves: Vec::new(),
    };
    for leaf in leaves(cluster) {
        let present = pki.leaf(&leaf.id)?;
        let planned = match (plan.reason(cluster, &leaf, present.as_ref(), now), present) {
            (None, Some(present)) => PlannedLeaf::Keep(present),
            (reason, present) => {
                plan.check_constraints(cluster, &leaf)?;
                let generation = present.map_or(1, |present| present.generation + 1);
                PlannedLeaf::Issue {
                    leaf,
                    generation,
                    reason: reason.unwrap_or(Reason::Missing),
                }
            }
        };
        plan.leaves.push(planned);
    }
    Ok(plan)
}

/// What is there and what is to be made.
#[derive(Debug)]
pub struct Plan {
    authorities: Vec<(AuthorityName, Option<StoredAuthority>)>,
    leaves: Vec<PlannedLeaf>,
}

impl Plan {
    /// What [`Plan::apply`] will make, in order.
    pub fn actions(&self) -> Vec<Action> {
        let authorities = self
            .authorities
            .iter()
            .filter(|(_, present)| present.is_none())
            .map(|(name, _)| Action::MakeAuthority(*name));
        let leaves = self.leaves.iter().filter_map(|planned| match planned {
            PlannedLeaf::Issue { leaf, reason, .. } => Some(Action::Issue {
                id: leaf.id.clone(),
                reason: *reason,
            }),
            PlannedLeaf::Keep(_) => None,
        });
        authorities.chain(leaves).collect()
    }

    /// Makes it.
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
        let mut batch = Batch::default();
        let chain = Chain::complete(self.authorities, cluster, pki, keys, now, &mut batch)?;
        // Authorities first, and on the disk, before anything that they signed.
        pki.commit(std::mem::take(&mut batch))?;
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
        let state = State {
            authorities: chain.stored,
            leaves: stored,
        };
        pki.add_bundles(&mut batch, &state.bundles(cluster)?)?;
        pki.commit(batch)?;
        Ok(state)
    }

    fn reason(
        &self,
        cluster: &Cluster,
        leaf: &Leaf,
        present: Option<&StoredLeaf>,
        now: OffsetDateTime,
    ) -> Option<Reason> {
        let Some(present) = present else {
            return Some(Reason::Missing);
        };
        let certificate = present.certificate();
        if !leaf.profile.matches(certificate) {
            return Some(Reason::Described);
        }
        let signing = self.present(AuthorityName::signing(cluster));
        if !signing.is_some_and(|issuer| is_issued_by(certificate, &issuer.certificate)) {
            return Some(Reason::Issuer);
        }
        (certificate.validity.not_after < now).then_some(Reason::Expired)
    }

    fn check_constraints(&self, cluster: &Cluster, leaf: &Leaf) -> Result<(), ConvergeError> {
        for (_, present) in &self.authorities {
            let Some(authority) = present else { continue };
            let Some(constraints) = &authority.certificate.name_constraints else {
                continue;
            };
            for name in leaf
                .profile
                .names()
                .iter()
                .cloned()
                .map(AlternativeName::from)
            {
                if !constraints.permits(&name) {
                    return Err(ConvergeError::OutsideConstraints {
                        position: position_of(&name, cluster),
                        name: name.to_string(),
                        authority: authority.certificate.subject.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    fn present(&self, name: AuthorityName) -> Option<&StoredAuthority> {
        let (_, present) = self.authorities.iter().find(|(other, _)| *other == name)?;
        present.as_ref()
    }
}

/// Something that a plan makes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// A leaf.
    Issue {
        /// Which one.
        id: LeafId,
        /// Why.
        reason: Reason,
    },
    /// An authority.
    MakeAuthority(AuthorityName),
}

/// Why a leaf is issued.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// Its names, usages or subject are not those described any more.
    Described,
    /// It has expired.
    Expired,
    /// It was signed by an authority that no longer signs.
    Issuer,
    /// There is none.
    Missing,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Described => "the description changed",
            Self::Expired => "it has expired",
            Self::Issuer => "another authority signs now",
            Self::Missing => "it is missing",
        })
    }
}

/// The newest generation of everything that a description asks for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct State {
    /// The authorities, the root first.
    pub authorities: Vec<StoredAuthority>,
    /// The leaves, in the order of the description.
    pub leaves: Vec<StoredLeaf>,
}

impl State {
    /// Reads the state of a PKI that is complete.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or something that the description asks for is missing.
    pub fn read<S: Store>(cluster: &Cluster, pki: &Pki<S>) -> Result<Self, ConvergeError> {
        let authorities = AuthorityName::chain(cluster)
            .iter()
            .map(|name| {
                pki.authority(*name)?
                    .ok_or_else(|| ConvergeError::Incomplete(format!("authorities/{name}")))
            })
            .collect::<Result<_, ConvergeError>>()?;
        let leaves = leaves(cluster)
            .into_iter()
            .map(|leaf| {
                pki.leaf(&leaf.id)?
                    .ok_or_else(|| ConvergeError::Incomplete(format!("certificates/{}", leaf.id)))
            })
            .collect::<Result<_, ConvergeError>>()?;
        Ok(Self {
            authorities,
            leaves,
        })
    }

    /// The certificate of an authority.
    pub fn authority(&self, name: AuthorityName) -> Option<&Certificate> {
        self.authorities
            .iter()
            .find(|stored| stored.name == name)
            .map(|stored| &stored.certificate)
    }

    /// A leaf.
    pub fn leaf(&self, id: &LeafId) -> Option<&StoredLeaf> {
        self.leaves.iter().find(|stored| stored.id == *id)
    }

    /// What members and clients must trust.
    ///
    /// # Errors
    ///
    /// When an authority is missing.
    pub fn bundles(&self, cluster: &Cluster) -> Result<Bundles, ConvergeError> {
        let find = |name: AuthorityName| {
            self.authority(name)
                .ok_or_else(|| ConvergeError::Incomplete(format!("authorities/{name}")))
        };
        Ok(Bundles::new(
            find(AuthorityName::Root)?,
            find(AuthorityName::Intermediate)?,
            find(AuthorityName::Etcd)?,
            cluster.trust_anchor,
        ))
    }
}

/// Why the description could not be reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvergeError {
    /// An authority is missing above one that is there.
    #[error(
        "the {missing} authority is missing, though {below}, which it signed, is there: restore it from a copy"
    )]
    Gap {
        /// The one that is missing.
        missing: AuthorityName,
        /// The one below it.
        below: AuthorityName,
    },
    /// The PKI is not complete.
    #[error("{0} is missing: run `etcdpki init` to make it")]
    Incomplete(String),
    /// A certificate could not be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A key could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The PKI is another cluster's.
    #[error(
        "the PKI here is that of cluster `{found}`, and the description says `{described}`: work in another directory, or set `cluster` back"
    )]
    OtherCluster {
        /// The cluster of the PKI.
        found: String,
        /// The cluster of the description.
        described: String,
    },
    /// A name that the etcd authority, which is there already, may not sign.
    #[error(
        "`{name}` lies outside the name constraints of `{authority}`, which is there already: keep within them, or make a new etcd authority"
    )]
    OutsideConstraints {
        /// Where the description asks for it.
        position: Option<Position>,
        /// The name.
        name: String,
        /// The authority.
        authority: String,
    },
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug)]
enum PlannedLeaf {
    Issue {
        leaf: Leaf,
        generation: u32,
        reason: Reason,
    },
    Keep(StoredLeaf),
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

/// The authorities that are there. Those that are missing must be the lowest.
fn authorities<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
) -> Result<Vec<(AuthorityName, Option<StoredAuthority>)>, ConvergeError> {
    let mut found: Vec<(AuthorityName, Option<StoredAuthority>)> = Vec::new();
    for name in AuthorityName::chain(cluster) {
        let present = pki.authority(*name)?;
        if let (Some(_), Some((missing, None))) = (&present, found.last()) {
            return Err(ConvergeError::Gap {
                missing: *missing,
                below: *name,
            });
        }
        found.push((*name, present));
    }
    Ok(found)
}

fn is_issued_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    certificate.names_issuer(issuer)
        && certificate.authority_key_identifier == issuer.subject_key_identifier
}

/// The node in the description that asks for a name.
fn position_of(name: &AlternativeName, cluster: &Cluster) -> Option<Position> {
    let node = cluster.nodes.iter().find(|node| match name {
        AlternativeName::Dns(name) => node.fqdn.as_str() == name,
        AlternativeName::Ip(address) => node.addresses.contains(address),
        AlternativeName::Other(_) => false,
    });
    node.map(|node| node.position)
}

#[cfg(test)]
mod tests;
