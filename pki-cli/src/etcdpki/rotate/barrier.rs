//! The barrier between two steps: every member must have loaded what the step before brought.

use std::thread;
use std::time::{Duration, Instant};

use pki_core::Cluster;
use pki_core::converge::State;
use pki_core::description::Sharing;
use pki_core::leaf::{LeafId, Owner};
use pki_core::lifetime::Lifetime;
use pki_core::name::Label;
use pki_core::role::Role;
use pki_core::rotation::Probe;
use pki_core::seal::Unlocked;
use pki_core::store::Pki;
use time::OffsetDateTime;

use crate::etcdpki::error::Error;
use crate::etcdpki::live::{self, Behind, Endpoint, Place, Wanted};
use crate::etcdpki::output;
use crate::etcdpki::place::Kept;

/// How long it takes until members are asked again.
const PAUSE: Duration = Duration::from_secs(2);

/// Who is asked, and for how long.
#[derive(Clone, Debug)]
pub(in crate::etcdpki) struct Barrier {
    pub(in crate::etcdpki) endpoints: Vec<Endpoint>,
    /// Members that are down, and get everything before they start again.
    pub(in crate::etcdpki) without: Vec<Label>,
    /// For how long those that are behind are waited for.
    pub(in crate::etcdpki) wait: Option<Lifetime>,
}

impl Barrier {
    /// Waits until every member has loaded what is in the PKI.
    pub(in crate::etcdpki) fn pass(
        &self,
        cluster: &Cluster,
        pki: &Pki<Kept>,
        keys: &Unlocked,
    ) -> Result<(), Error> {
        let mut places = live::places(cluster, &self.endpoints)?;
        let known = |name: &&Label| !places.iter().any(|place| place.name == **name);
        if let Some(unknown) = self.without.iter().find(known) {
            return Err(Error::NotANode(unknown.to_string()));
        }
        places.retain(|place| !self.without.contains(&place.name));
        // The others keep a quorum without those that are left out.
        if places.len() <= cluster.nodes.len() / 2 {
            return Err(Error::NoQuorum {
                left: places.len(),
                of: cluster.nodes.len(),
            });
        }
        let state = State::read(cluster, pki)?;
        let wait = self.wait.map(|wait| wait.as_duration().unsigned_abs());
        let begun = Instant::now();
        loop {
            let probe = Probe::new(cluster, pki, keys, OffsetDateTime::now_utc())?;
            let behind = ask_all(cluster, &state, &places, &probe)?;
            if behind.is_empty() {
                return Ok(());
            }
            if wait.is_none_or(|wait| begun.elapsed() + PAUSE > wait) {
                return Err(Error::MembersBehind {
                    behind: behind.iter().map(ToString::to_string).collect(),
                });
            }
            output::note(&format!("waiting: {}", behind[0]));
            thread::sleep(PAUSE);
        }
    }
}

fn ask_all(
    cluster: &Cluster,
    state: &State,
    places: &[Place],
    probe: &Probe,
) -> Result<Vec<Behind>, Error> {
    let wanted = places
        .iter()
        .map(|place| wanted(cluster, state, &place.name))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(thread::scope(|scope| {
        let asked = places.iter().zip(&wanted);
        let threads: Vec<_> = asked
            .map(|(place, wanted)| scope.spawn(move || live::lacks(place, wanted, probe)))
            .collect();
        let answers = threads.into_iter().map(|thread| {
            let answer = thread.join();
            answer.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        answers.flatten().collect()
    }))
}

fn wanted(cluster: &Cluster, state: &State, node: &Label) -> Result<Wanted, Error> {
    let owner = match cluster.certificates.sharing {
        Sharing::PerNode => Owner::Node(node.clone()),
        Sharing::Shared => Owner::Nodes,
    };
    let of = |role| {
        let id = LeafId {
            owner: owner.clone(),
            role,
        };
        let leaf = state.leaf(&id).map(|leaf| leaf.certificate().clone());
        leaf.ok_or_else(|| super::missing(&id))
    };
    Ok(Wanted {
        server: of(Role::Server)?,
        peer: of(Role::Peer)?,
    })
}
