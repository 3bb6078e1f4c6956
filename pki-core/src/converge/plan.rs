//! What is missing.

use std::fmt;

use time::OffsetDateTime;

use super::ConvergeError;
use crate::certificate::{AlternativeName, Certificate};
use crate::description::{Cluster, Position};
use crate::hierarchy::AuthorityName;
use crate::leaf::{Leaf, LeafId, leaves};
use crate::store::{Pki, Store, StoredAuthority, StoredLeaf};

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
        plan.refuse_lost_authority(present.as_ref())?;
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
    pub(super) authorities: Vec<(AuthorityName, Option<StoredAuthority>)>,
    pub(super) leaves: Vec<PlannedLeaf>,
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
        match authorities.any(|issuer| is_issued_by(leaf.certificate(), &issuer.certificate)) {
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

#[derive(Debug)]
pub(super) enum PlannedLeaf {
    Issue {
        leaf: Leaf,
        generation: u32,
        reason: Reason,
    },
    Keep(StoredLeaf),
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
