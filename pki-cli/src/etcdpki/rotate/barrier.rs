//! The barrier before a step: every member must have loaded what there is, be it that the step
//! before brought it.

use std::thread;
use std::time::{Duration, Instant};

use pki_core::Cluster;
use pki_core::lifetime::Lifetime;
use pki_core::live as members;
use pki_core::name::Label;
use pki_core::rotation::Probe;
use pki_core::seal::Unlocked;
use pki_core::store::Pki;
use pki_core::verify::Finding;
use time::OffsetDateTime;

#[cfg(feature = "etcd")]
use crate::etcdpki::agent;
use crate::etcdpki::error::Error;
use crate::etcdpki::live::{self, Endpoint, Place, Probes};
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
    /// Whether agents are believed, in place of asking members.
    #[cfg(feature = "etcd")]
    pub(in crate::etcdpki) by_agents: bool,
    /// For how long those that are behind are waited for.
    pub(in crate::etcdpki) wait: Option<Lifetime>,
    /// Whether no step was made yet.
    pub(in crate::etcdpki) is_first: bool,
}

impl Barrier {
    /// Waits until every member has loaded what is in the PKI.
    pub(in crate::etcdpki) fn pass(
        &self,
        cluster: &Cluster,
        pki: &Pki<Kept>,
        keys: &Unlocked,
    ) -> Result<(), Error> {
        let places = live::places(cluster, &self.endpoints, &self.without)?;
        // The others keep a quorum without those that are left out.
        if places.len() <= cluster.nodes.len() / 2 {
            return Err(Error::NoQuorum {
                left: places.len(),
                of: cluster.nodes.len(),
            });
        }
        let wait = self.wait.map(|wait| wait.as_duration().unsigned_abs());
        let begun = Instant::now();
        loop {
            let behind = self.behind(cluster, pki, keys, &places)?;
            let Some(first) = behind.first() else {
                return Ok(());
            };
            let Some(pause) = wait.and_then(|wait| pause(wait, begun.elapsed())) else {
                return Err(self.held_up(behind));
            };
            output::note(&format!("waiting: {first}"));
            thread::sleep(pause);
        }
    }

    fn behind(
        &self,
        cluster: &Cluster,
        pki: &Pki<Kept>,
        keys: &Unlocked,
        places: &[Place],
    ) -> Result<Vec<String>, Error> {
        #[cfg(feature = "etcd")]
        if self.by_agents {
            return agent::behind(cluster, pki, keys, &self.without);
        }
        behind(cluster, pki, keys, places)
    }

    fn held_up(&self, behind: Vec<String>) -> Error {
        #[cfg(feature = "etcd")]
        if self.by_agents {
            return agent::AgentError::Behind(behind).into();
        }
        Error::MembersBehind {
            behind,
            is_first: self.is_first,
        }
    }
}

/// How long it takes until members are asked again: they are for the last time when the time is up.
fn pause(wait: Duration, elapsed: Duration) -> Option<Duration> {
    let left = wait.checked_sub(elapsed)?;
    (!left.is_zero()).then(|| left.min(PAUSE))
}

/// What members lack of what is in the PKI.
fn behind(
    cluster: &Cluster,
    pki: &Pki<Kept>,
    keys: &Unlocked,
    places: &[Place],
) -> Result<Vec<String>, Error> {
    let probe = Probe::new(cluster, pki, keys, OffsetDateTime::now_utc())?;
    let probes = Probes {
        trusted: Some((&probe).into()),
        ..Probes::default()
    };
    let sightings = live::sight(places, &probes);
    let findings = members::judge(cluster, pki, &sightings, OffsetDateTime::now_utc())?;
    let behind = findings
        .iter()
        .filter(|finding| members::is_behind(finding));
    let mut explained = Vec::new();
    let told = behind.map(
        |Finding {
             path,
             lint,
             message,
         }| match explained.contains(lint) {
            true => format!("{path}: {message}"),
            false => {
                explained.push(*lint);
                format!("{path}: {message} ({})", lint.hint)
            }
        },
    );
    Ok(told.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_waited_for_as_long_as_was_said() {
        let seconds = Duration::from_secs;
        assert_eq!(pause(seconds(10), seconds(0)), Some(PAUSE));
        assert_eq!(pause(seconds(10), seconds(9)), Some(seconds(1)));
        assert_eq!(pause(seconds(10), seconds(10)), None);
        assert_eq!(pause(seconds(10), seconds(11)), None);
    }
}
