//! The proof of a step: everything that may be presented while some have what is new and some do
//! not, against everything that may be trusted meanwhile.

use std::collections::{HashMap, HashSet};
use std::fmt;

use rayon::prelude::*;
use time::OffsetDateTime;

use super::Procedure;
use super::openssl::roots;
use crate::certificate::Certificate;
use crate::converge::State;
use crate::description::Cluster;
use crate::leaf::{LeafId, leaves};
use crate::progress::{Watched, Watcher, Work};
use crate::role::{Role, Usage};
use crate::trust::Bundles;
use crate::verify::{Anchors, PathError, PathValidator};

/// What is presented and trusted at one time of a rotation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Moment {
    /// What members and clients trust.
    pub bundles: Bundles,
    /// The leaves, with what they carry.
    pub presented: Vec<Presented>,
}

impl Moment {
    /// The moment at which everybody has loaded this state.
    pub fn of(cluster: &Cluster, state: &State) -> Self {
        let leaves = leaves(cluster).into_iter();
        let presented = leaves.filter_map(|leaf| {
            Some(Presented {
                chain: state.leaf(&leaf.id)?.chain.clone(),
                usages: leaf.profile.usages(),
                id: leaf.id,
            })
        });
        Self {
            bundles: state.bundles.clone(),
            presented: presented.collect(),
        }
    }
}

/// A leaf with what it carries.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Presented {
    /// Which one it is.
    pub id: LeafId,
    /// What it is presented for.
    pub usages: &'static [Usage],
    /// The leaf first.
    pub chain: Vec<Certificate>,
}

/// Who verifies a certificate.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Verifier {
    /// Clients that have the CA file for clients.
    Clients,
    /// Clients that trust the top of the chain alone, such as by the system's trust store.
    ClientsOfTop,
    /// Members.
    Members,
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clients => "clients",
            Self::ClientsOfTop => "clients that trust the top alone",
            Self::Members => "members",
        })
    }
}

/// On which side of a step.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Side {
    /// What is new has been loaded.
    After,
    /// What was before is still in use.
    Before,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::After => "new",
            Self::Before => "old",
        })
    }
}

/// A certificate that would be refused.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Broken {
    /// Whose certificate.
    pub presenter: LeafId,
    /// The one of before or of after the step.
    pub presents: Side,
    /// Who refuses it.
    pub verifier: Verifier,
    /// By the CA file of before or of after the step.
    pub trusts: Side,
    /// For which purpose.
    pub usage: Usage,
    /// Whether it stays so when everybody has loaded what is new.
    pub is_settled: bool,
    /// Why.
    pub error: PathError,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the {} certificate of {} would be refused as {} by {} with the {} CA file: {}",
            self.presents, self.presenter, self.usage, self.verifier, self.trusts, self.error
        )
    }
}

/// What was proved.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Proof {
    /// How many pairs of a certificate and a CA file were validated.
    pub pairs: usize,
    /// The pairs that do not hold.
    pub broken: Vec<Broken>,
}

impl Proof {
    /// What no step may break: one without overlap nothing among those that have loaded what is
    /// new, any other one nothing at all.
    pub fn refused(&self, procedure: Procedure) -> Vec<&Broken> {
        let overlaps = procedure != Procedure::Compromise;
        let mut broken: Vec<_> = self.broken.iter().collect();
        broken.retain(|one| overlaps || one.is_settled);
        broken
    }
}

/// Validates everything that is presented before or after a step against every CA file of before
/// and after it, by the rules that Go, and so etcd, holds a path to.
///
/// What was refused before the step already, such as what has expired, is no fault of it: the
/// step may be the one that mends it.
pub fn prove(
    before: &Moment,
    after: &Moment,
    watcher: Option<&dyn Watcher>,
    now: OffsetDateTime,
) -> Proof {
    prove_by(&PathValidator::new(), before, after, watcher, now)
}

/// The same, for several steps: what is after the one is before the next, and what the validator has
/// found to hold it does not check again.
pub(super) fn prove_by(
    validator: &PathValidator,
    before: &Moment,
    after: &Moment,
    watcher: Option<&dyn Watcher>,
    now: OffsetDateTime,
) -> Proof {
    let trust: Vec<_> = [(Side::Before, before), (Side::After, after)]
        .into_iter()
        .flat_map(|(side, moment)| files(side, &moment.bundles))
        .collect();
    let presented: Vec<_> = before
        .presented
        .iter()
        .map(|one| (Side::Before, one))
        .chain(after.presented.iter().map(|one| (Side::After, one)))
        .collect();
    // What a step leaves as it is need not be looked at twice.
    let mut known = HashMap::new();
    let mut pairs = Vec::new();
    let trusted = numbered(trust.iter().map(|file| &file.certificates[..]));
    let chains = numbered(presented.iter().map(|(_, leaf)| &leaf.chain[..]));
    for ((presents, leaf), chain) in presented.iter().zip(chains) {
        for (file, content) in trust.iter().zip(&trusted) {
            if !is_verified_by(leaf, file.verifier) {
                continue;
            }
            let pair = (chain, file.verifier, *content);
            let at = *known.entry(pair).or_insert_with(|| {
                pairs.push((*presents, *leaf, file, false));
                pairs.len() - 1
            });
            pairs[at].3 |= (*presents, file.side) == (Side::After, Side::After);
        }
    }
    let watched = Watched::begin(watcher, Work::Prove, pairs.len());
    let broken: Vec<Broken> = pairs
        .par_iter()
        .flat_map_iter(|(presents, leaf, file, is_settled)| {
            let usages = usages(leaf, file.verifier);
            let broken = usages.filter_map(|usage| {
                let error = file.refuses(validator, &leaf.chain, usage, now)?;
                Some(Broken {
                    presenter: leaf.id.clone(),
                    presents: *presents,
                    verifier: file.verifier,
                    trusts: file.side,
                    usage,
                    is_settled: *is_settled,
                    error,
                })
            });
            let broken: Vec<_> = broken.collect();
            watched.advance();
            broken
        })
        .collect();
    let key = |one: &Broken| (one.presenter.clone(), one.verifier, one.usage);
    let already: HashSet<_> = broken
        .iter()
        .filter(|one| (one.presents, one.trusts) == (Side::Before, Side::Before))
        .map(key)
        .collect();
    Proof {
        pairs: pairs.len(),
        broken: broken
            .into_iter()
            .filter(|one| !already.contains(&key(one)))
            .collect(),
    }
}

/// Whether members refuse a certificate.
pub(super) fn is_refused(chain: &[Certificate], bundles: &Bundles, now: OffsetDateTime) -> bool {
    let validator = PathValidator::new();
    let members = File::new(Side::After, Verifier::Members, &bundles.members);
    let refused = members.refuses(&validator, chain, Usage::ClientAuth, now);
    refused.is_some()
}

/// Whether clients refuse a server's certificate.
pub(super) fn is_refused_by_clients(
    chain: &[Certificate],
    bundles: &Bundles,
    now: OffsetDateTime,
) -> bool {
    let validator = PathValidator::new();
    files(Side::Before, bundles)
        .into_iter()
        .filter(|file| file.verifier != Verifier::Members)
        .any(|file| {
            let refused = file.refuses(&validator, chain, Usage::ServerAuth, now);
            refused.is_some()
        })
}

/// A CA file.
pub(super) struct File {
    side: Side,
    verifier: Verifier,
    certificates: Vec<Certificate>,
    anchors: Result<Anchors, PathError>,
}

impl File {
    fn new(side: Side, verifier: Verifier, certificates: &[Certificate]) -> Self {
        Self {
            side,
            verifier,
            certificates: certificates.to_vec(),
            anchors: Anchors::new(certificates),
        }
    }

    pub(super) fn refuses(
        &self,
        validator: &PathValidator,
        chain: &[Certificate],
        usage: Usage,
        now: OffsetDateTime,
    ) -> Option<PathError> {
        let anchors = match &self.anchors {
            Ok(anchors) => anchors,
            Err(error) => return Some(error.clone()),
        };
        validator.validate(chain, anchors, usage, now).err()
    }
}

pub(super) fn files(side: Side, bundles: &Bundles) -> [File; 3] {
    [
        File::new(side, Verifier::Members, &bundles.members),
        File::new(side, Verifier::Clients, &bundles.clients),
        File::new(side, Verifier::ClientsOfTop, &roots(bundles)),
    ]
}

/// A number for each, the same for those that are the same octet by octet.
fn numbered<'a>(all: impl Iterator<Item = &'a [Certificate]>) -> Vec<usize> {
    let mut known = HashMap::new();
    all.map(|certificates| {
        let octets: Vec<&[u8]> = certificates.iter().map(Certificate::der).collect();
        let next = known.len();
        *known.entry(octets).or_insert(next)
    })
    .collect()
}

/// Members verify each other, clients, and the server certificates with which their gateways dial
/// themselves; clients verify servers.
fn is_verified_by(leaf: &Presented, verifier: Verifier) -> bool {
    match (leaf.id.role, verifier) {
        (Role::Server, _) | (Role::Client | Role::Peer, Verifier::Members) => true,
        (Role::Client | Role::Peer, Verifier::Clients | Verifier::ClientsOfTop) => false,
    }
}

fn usages(leaf: &Presented, verifier: Verifier) -> impl Iterator<Item = Usage> {
    let of_clients = verifier != Verifier::Members;
    let usages = leaf.usages.iter().copied();
    usages.filter(move |usage| !of_clients || *usage == Usage::ServerAuth)
}
