//! What is missing.

use std::collections::HashSet;
use std::fmt;

use time::OffsetDateTime;

use super::{ConvergeError, Renewal};
use crate::certificate::{AlternativeName, Certificate};
use crate::crl::{Due, List, in_force, lists_under};
use crate::description::{Cluster, Position};
use crate::hierarchy::AuthorityName;
use crate::key::KeyAlgorithm;
use crate::leaf::{Leaf, LeafId, leaves};
use crate::lifetime::Lifetime;
use crate::revocation::Revocation;
use crate::rotation::Change;
use crate::store::{Pki, Recorded, Store, StoredAuthority, StoredLeaf};
use crate::trust::{Bundles, standing};

/// Finds out what is missing, or does not fit the description any more.
///
/// # Errors
///
/// When the store cannot be read or is another cluster's; when a certificate is another than the
/// journal tells of; when an authority is missing above one
/// that is there; when a node lies outside what the etcd authority may sign.
pub fn plan<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    now: OffsetDateTime,
) -> Result<Plan, ConvergeError> {
    plan_onto(cluster, pki, None, now)
}

/// The same under the authorities and the trust that a step of a rotation leads to.
///
/// # Errors
///
/// The same.
pub fn plan_step<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    change: Change,
    now: OffsetDateTime,
) -> Result<Plan, ConvergeError> {
    plan_onto(cluster, pki, Some(change), now)
}

fn plan_onto<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    change: Option<Change>,
    now: OffsetDateTime,
) -> Result<Plan, ConvergeError> {
    check_cluster(cluster, pki)?;
    let mut every_authority = pki.authorities()?;
    let journal = pki.journal()?;
    let recorded = Recorded::new(&journal, every_authority.iter().cloned());
    // What another one did not sign or does not fit would be blamed for that otherwise.
    for authority in &every_authority {
        pki.expect_authority(&recorded, authority)?;
    }
    every_authority.extend(change.iter().flat_map(Change::new_authorities).cloned());
    let authorities = match &change {
        Some(change) => change.planned(),
        None => authorities(cluster, pki)?,
    };
    let others = others(cluster, pki, &authorities)?;
    let bundles = match &change {
        Some(change) => Some(change.bundles.clone()),
        None if authorities.iter().all(|(_, present)| present.is_some()) => {
            Some(standing(cluster, pki)?)
        }
        None => None,
    };
    let mut revocations = pki.revocations()?;
    revocations.extend(change.iter().flat_map(|change| change.revocations.clone()));
    refuse_other_issuer(&authorities, &every_authority)?;
    let signing = AuthorityName::signing(cluster);
    let signing = authorities.iter().find(|(name, _)| *name == signing);
    let lists: Vec<List> = match signing.and_then(|(_, present)| present.as_ref()) {
        Some(signing) => lists_under(signing, cluster, pki, &every_authority, &revocations, now)
            .into_iter()
            .collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let mut plan = Plan {
        bundles,
        change,
        authorities,
        others,
        leaves: Vec::new(),
        described: leaves(cluster),
        revoked: revoked(&revocations, &lists),
        lags: false,
        lists: lists
            .into_iter()
            .filter_map(|list| Some((pki.store().locate(&list.path), list.due?)))
            .collect(),
    };
    for leaf in leaves(cluster) {
        let present = pki.leaf(&leaf.id)?;
        if let Some(present) = &present {
            pki.expect_leaf(&recorded, present)?;
        }
        plan.refuse_lost_authority(present.as_ref())?;
        let adopted = match &present {
            Some(present) => pki.is_adopted(present)?,
            None => false,
        };
        if let Some(present) = &present {
            plan.lags |=
                plan.signs(cluster, now) && plan.straggles(cluster, present, adopted).is_some();
        }
        let reason = plan.reason(cluster, &leaf, present.as_ref(), adopted, now);
        let planned = match (reason, present) {
            (None, Some(present)) => PlannedLeaf::Keep(present),
            // In the midst of a rotation after which the authority that signs will let other names
            // in, or hold again, the old ones stay.
            (Some(Reason::Described), Some(present))
                if plan.change.is_some() && plan.check_constraints(cluster, &leaf).is_err() =>
            {
                PlannedLeaf::Keep(present)
            }
            (Some(_), Some(present)) if plan.change.is_some() && !plan.signs(cluster, now) => {
                PlannedLeaf::Keep(present)
            }
            (reason, present) => {
                plan.check_constraints(cluster, &leaf)?;
                let reason = reason.unwrap_or(Reason::Missing);
                let terms = Terms {
                    key: kept_key(reason, present.as_ref(), pki)?,
                    ..Terms::default()
                };
                PlannedLeaf::Issue {
                    leaf: Box::new(leaf),
                    generation: present.map_or(1, |present| present.generation + 1),
                    reason,
                    terms,
                }
            }
        };
        plan.leaves.push(planned);
    }
    Ok(plan)
}

/// Whether the PKI is that of the cluster that is described, as far as its keyring says: the store of
/// one holds no other one.
///
/// # Errors
///
/// When the keyring cannot be read, or is of another cluster.
pub fn check_cluster<S: Store>(cluster: &Cluster, pki: &Pki<S>) -> Result<(), ConvergeError> {
    match pki.keyring()? {
        Some(keyring) if keyring.cluster() != cluster.name.as_str() => {
            Err(ConvergeError::OtherCluster {
                found: keyring.cluster().to_owned(),
                described: cluster.name.to_string(),
            })
        }
        _ => Ok(()),
    }
}

/// What is there and what is to be made.
#[derive(Debug)]
pub struct Plan {
    /// What leaves carry and who trusts what, where every authority is there.
    pub(super) bundles: Option<Bundles>,
    /// The step of a rotation that leads there, if one does.
    pub(super) change: Option<Change>,
    pub(super) authorities: Vec<Planned>,
    pub(super) others: Vec<Planned>,
    pub(super) leaves: Vec<PlannedLeaf>,
    described: Vec<Leaf>,
    revoked: HashSet<Vec<u8>>,
    lags: bool,
    lists: Vec<(String, Due)>,
}

impl Plan {
    /// What [`Plan::apply`] will make, in order.
    pub fn actions(&self) -> Vec<Action> {
        let of_step = self.change.iter().flat_map(Change::new_authorities);
        let of_step = of_step.map(|stored| Action::MakeAuthority(stored.name));
        let authorities = self
            .authorities
            .iter()
            .chain(&self.others)
            .filter(|(_, present)| present.is_none())
            .map(|(name, _)| Action::MakeAuthority(*name));
        let leaves = self.leaves.iter().filter_map(|planned| match planned {
            PlannedLeaf::Issue { leaf, reason, .. } => Some(Action::Issue {
                id: leaf.id.clone(),
                reason: *reason,
            }),
            PlannedLeaf::Keep(_) => None,
        });
        of_step.chain(authorities).chain(leaves).collect()
    }

    /// Whether it is a step of the rotation of an authority.
    pub fn is_step(&self) -> bool {
        self.change.is_some()
    }

    /// Whether leaves have not followed the authorities yet, as when a step of a rotation was cut
    /// short. They wait for no such thing while the authority that signs has expired: they follow when
    /// that is renewed.
    pub fn lags(&self) -> bool {
        self.lags
    }

    /// Issues a described leaf anew, whether it fits or not, because it was asked for.
    ///
    /// # Errors
    ///
    /// When the description does not ask for it, or its key is to stay and there is none.
    pub fn renew(&mut self, id: &LeafId, wanted: Terms) -> Result<(), ConvergeError> {
        self.issue_anew(id, wanted, Reason::Asked)
    }

    /// Issues a described leaf anew because its renewal has come.
    ///
    /// # Errors
    ///
    /// Those of [`Plan::renew`].
    pub fn rotate(&mut self, renewal: &Renewal) -> Result<(), ConvergeError> {
        self.issue_anew(&renewal.id, renewal.terms(), Reason::Due)
    }

    fn issue_anew(&mut self, id: &LeafId, wanted: Terms, why: Reason) -> Result<(), ConvergeError> {
        let unknown = || ConvergeError::Undescribed(id.to_string());
        let planned = self.leaves.iter_mut().find(|planned| match planned {
            PlannedLeaf::Issue { leaf, .. } => leaf.id == *id,
            PlannedLeaf::Keep(present) => present.id == *id,
        });
        match planned.ok_or_else(unknown)? {
            PlannedLeaf::Issue { generation: 1, .. } if wanted.key == LeafKey::Same => {
                Err(ConvergeError::NoKeyYet(id.to_string()))
            }
            // It gets a new key already.
            PlannedLeaf::Issue {
                reason: Reason::Revoked,
                ..
            } if wanted.key == LeafKey::Same => match why {
                Reason::Due => Ok(()),
                _ => Err(ConvergeError::RevokedKey(id.to_string())),
            },
            PlannedLeaf::Issue { terms, .. } => {
                *terms = wanted;
                Ok(())
            }
            kept => {
                let PlannedLeaf::Keep(present) = &kept else {
                    return Err(unknown());
                };
                let generation = present.generation + 1;
                let mut described = self.described.iter();
                let leaf = described.find(|leaf| leaf.id == *id).cloned();
                *kept = PlannedLeaf::Issue {
                    leaf: Box::new(leaf.ok_or_else(unknown)?),
                    generation,
                    reason: why,
                    terms: wanted,
                };
                Ok(())
            }
        }
    }

    /// The revocation lists that [`Plan::apply`] will sign, by where a person finds them. Those of
    /// authorities that it makes come besides.
    pub fn lists(&self) -> &[(String, Due)] {
        &self.lists
    }

    fn reason(
        &self,
        cluster: &Cluster,
        leaf: &Leaf,
        present: Option<&StoredLeaf>,
        adopted: bool,
        now: OffsetDateTime,
    ) -> Option<Reason> {
        let Some(present) = present else {
            return Some(Reason::Missing);
        };
        let certificate = present.certificate();
        if self.revoked.contains(&certificate.serial) {
            return Some(Reason::Revoked);
        }
        if !leaf.fits(certificate, adopted) {
            return Some(Reason::Described);
        }
        self.straggles(cluster, present, adopted)
            .or_else(|| (certificate.validity.not_after < now).then_some(Reason::Expired))
    }

    /// What of a leaf does not follow the authorities that are in use.
    fn straggles(&self, cluster: &Cluster, leaf: &StoredLeaf, adopted: bool) -> Option<Reason> {
        let signing = self.present(AuthorityName::signing(cluster));
        if !signing.is_some_and(|issuer| leaf.certificate().is_issued_by(&issuer.certificate)) {
            return Some(Reason::Issuer);
        }
        (!self.carries_chain(leaf, adopted)).then_some(Reason::Chain)
    }

    /// Whether the authority that signs leaves is valid.
    fn signs(&self, cluster: &Cluster, now: OffsetDateTime) -> bool {
        let signing = self.present(AuthorityName::signing(cluster));
        signing.is_some_and(|signing| signing.certificate.validity.contains(now))
    }

    /// Whether a leaf carries the chain that it must carry now. One that was adopted may lack what
    /// is of use to others than members, unless a rotation relies on it.
    fn carries_chain(&self, leaf: &StoredLeaf, adopted: bool) -> bool {
        let Some(bundles) = &self.bundles else {
            return true;
        };
        let in_use = self
            .authorities
            .iter()
            .filter_map(|(_, present)| present.as_ref());
        let is_cross = |one: &Certificate| in_use.clone().all(|stored| stored.certificate != *one);
        let rotating = bundles.presented().any(is_cross);
        (adopted && !rotating) || bundles.presented().eq(leaf.chain.iter().skip(1))
    }

    /// A leaf that no authority here has signed was signed by the one that is missing.
    fn refuse_lost_authority(&self, present: Option<&StoredLeaf>) -> Result<(), ConvergeError> {
        let missing = self
            .authorities
            .iter()
            .find(|(_, present)| present.is_none());
        let (Some((missing, _)), Some(leaf)) = (missing, present) else {
            return Ok(());
        };
        let mut authorities = self
            .authorities
            .iter()
            .filter_map(|(_, present)| present.as_ref());
        match authorities.any(|issuer| leaf.certificate().is_issued_by(&issuer.certificate)) {
            true => Ok(()),
            false => Err(ConvergeError::Lost {
                missing: *missing,
                leaf: leaf.id.clone(),
            }),
        }
    }

    fn check_constraints(&self, cluster: &Cluster, leaf: &Leaf) -> Result<(), ConvergeError> {
        for (_, present) in &self.authorities {
            let Some(authority) = present else { continue };
            for name in leaf
                .profile
                .names()
                .iter()
                .cloned()
                .map(AlternativeName::from)
            {
                if !authority.certificate.may_sign(&name) {
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

    pub(super) fn present(&self, name: AuthorityName) -> Option<&StoredAuthority> {
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
    /// It was asked for by hand.
    Asked,
    /// The authorities that it must carry behind itself are others now.
    Chain,
    /// Its names, usages or subject are not those described any more.
    Described,
    /// Its renewal has come.
    Due,
    /// It has expired.
    Expired,
    /// It was signed by an authority that no longer signs.
    Issuer,
    /// There is none.
    Missing,
    /// It was revoked for good. One that is on hold is kept.
    Revoked,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asked => "it was asked for",
            Self::Chain => "the authorities over it changed",
            Self::Described => "the description changed",
            Self::Due => "it is due",
            Self::Expired => "it has expired",
            Self::Issuer => "another authority signs now",
            Self::Missing => "it is missing",
            Self::Revoked => "it was revoked",
        })
    }
}

#[derive(Debug)]
pub(super) enum PlannedLeaf {
    Issue {
        leaf: Box<Leaf>,
        generation: u32,
        reason: Reason,
        terms: Terms,
    },
    Keep(StoredLeaf),
}

/// How a leaf is issued that was asked for by hand; by default as the description says.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Terms {
    /// Its key.
    pub key: LeafKey,
    /// How long it lives; it is cut to its issuer's end.
    pub lifetime: Option<Lifetime>,
}

/// The key of a leaf that is issued.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LeafKey {
    /// A new one, of the algorithm that the description says.
    #[default]
    New,
    /// A new one of this algorithm.
    NewOf(KeyAlgorithm),
    /// The one of the newest generation.
    Same,
}

/// An authority, if it is there.
pub(super) type Planned = (AuthorityName, Option<StoredAuthority>);

/// The authorities of the chain that are there. Those that are missing must be the lowest.
fn authorities<S: Store>(cluster: &Cluster, pki: &Pki<S>) -> Result<Vec<Planned>, ConvergeError> {
    let mut found: Vec<Planned> = Vec::new();
    for name in AuthorityName::chain(cluster) {
        let present = pki.authority(*name)?;
        if present.is_none()
            && let Some(request) = pki.request(*name)?
        {
            return Err(ConvergeError::Requested {
                name: *name,
                path: pki.locate_request(&request),
            });
        }
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

/// An authority that is there stays below the one that signed it: else the chains that are handed
/// out would not hold together.
fn refuse_other_issuer(
    chain: &[Planned],
    every_authority: &[StoredAuthority],
) -> Result<(), ConvergeError> {
    let mut above = None;
    for (name, present) in chain {
        if let Some(present) = present {
            let mut signers = every_authority
                .iter()
                .filter(|other| present.certificate.is_issued_by(&other.certificate))
                .map(|other| other.name)
                .filter(|signer| signer != name);
            let signer = signers.next();
            if let Some(signer) = signer
                && Some(signer) != above
                && signers.all(|signer| Some(signer) != above)
            {
                return Err(ConvergeError::OtherIssuer {
                    authority: *name,
                    issuer: signer,
                });
            }
        }
        above = Some(*name);
    }
    Ok(())
}

/// The authorities of other services. One that waits for its certificate from elsewhere keeps
/// nobody from making the rest.
fn others<S: Store>(
    cluster: &Cluster,
    pki: &Pki<S>,
    chain: &[Planned],
) -> Result<Vec<Planned>, ConvergeError> {
    let mut found = Vec::new();
    for name in AuthorityName::others(cluster) {
        let present = pki.authority(name)?;
        let missing = chain
            .iter()
            .find(|(above, present)| present.is_none() && name.issuer(cluster) == Some(*above));
        match (&present, missing) {
            (Some(_), Some((missing, _))) => {
                return Err(ConvergeError::Gap {
                    missing: *missing,
                    below: name,
                });
            }
            (None, _) if pki.request(name)?.is_some() => {}
            _ => found.push((name, present)),
        }
    }
    Ok(found)
}

/// Under other authorities a leaf keeps its key, so that the certificate alone is swapped and no
/// handshake sees a pair that does not match; unless the key is not here, or somebody else has it.
fn kept_key<S: Store>(
    reason: Reason,
    present: Option<&StoredLeaf>,
    pki: &Pki<S>,
) -> Result<LeafKey, ConvergeError> {
    let (Reason::Chain | Reason::Issuer, Some(present)) = (reason, present) else {
        return Ok(LeafKey::New);
    };
    let key = &present.certificate().public_key;
    match pki.has_leaf_key(present)? && !pki.is_compromised(key)? {
        true => Ok(LeafKey::Same),
        false => Ok(LeafKey::New),
    }
}

/// The serial numbers of what is revoked for good.
fn revoked(revocations: &[Revocation], lists: &[List]) -> HashSet<Vec<u8>> {
    in_force(revocations, lists)
        .into_iter()
        .filter(|revocation| !revocation.reason.is_hold())
        .map(|revocation| revocation.serial)
        .collect()
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
