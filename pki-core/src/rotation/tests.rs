mod interrupted;
mod openssl_clients;
mod probes;
mod procedures;
mod proving;

use std::sync::Arc;

use rayon::prelude::*;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::authority::Authority;
use crate::certificate::Certificate;
use crate::converge::{self, State};
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::journal::Event;
use crate::key::PrivateKey;
use crate::leaf::leaves;
use crate::lifetime::Validity;
use crate::progress::{Seen, Work};
use crate::seal::Unlocked;
use crate::seal::tests::keys_of;
use crate::store::{Batch, Failing, Memory, Pki, StoredAuthority};
use crate::verify::verify;

/// A step that was written to its end.
#[derive(Debug)]
struct Whole {
    store: Memory,
    written: usize,
}

struct Fixture {
    cluster: Cluster,
    pki: Pki<Memory>,
    keys: Arc<Unlocked>,
    now: OffsetDateTime,
}

impl Fixture {
    fn text(nodes: usize, settings: &str) -> String {
        let nodes = (0..nodes).map(|n| format!("{{ name: etcd-{n}, addresses: [10.0.0.1{n}] }}"));
        let nodes: Vec<_> = nodes.collect();
        let nodes = nodes.join(", ");
        format!("{{ domain: a.example, nodes: [{nodes}], clients: [backup], {settings} }}")
    }

    fn description(settings: &str) -> Cluster {
        Cluster::from_yaml(&Self::text(3, settings)).unwrap()
    }

    fn new(settings: &str) -> Self {
        Self::of(Self::description(settings))
    }

    fn of(cluster: Cluster) -> Self {
        let mut pki = Pki::new(Memory::default());
        let mut fixture = Self {
            cluster,
            keys: Arc::new(keys_of(&mut pki)),
            pki,
            now: OffsetDateTime::now_utc(),
        };
        fixture.converge();
        // What is renewed holds longer.
        fixture.now += Duration::days(30);
        fixture
    }

    /// The same with another store.
    fn at(&self, store: Memory) -> Self {
        Self {
            cluster: self.cluster.clone(),
            pki: Pki::new(store),
            keys: Arc::clone(&self.keys),
            now: self.now,
        }
    }

    /// Makes the next step on a copy, of which so many writes reach the store.
    fn failing(
        &self,
        left: usize,
        name: AuthorityName,
        procedure: Procedure,
    ) -> Result<Whole, Memory> {
        let store = Failing::after(self.pki.store().clone(), left);
        let mut pki = Pki::new(store);
        let made = next_step(&self.cluster, &pki, name, procedure, &self.keys, self.now).unwrap();
        let plan = converge::plan_step(&self.cluster, &pki, made.change, self.now).unwrap();
        let applied = plan.apply(&self.cluster, &mut pki, &self.keys, self.now);
        let store = pki.store().inner().clone();
        match applied {
            Err(_) => Err(store),
            Ok(_) => Ok(Whole {
                written: pki.store().written(),
                store,
            }),
        }
    }

    /// How far a rotation has come.
    fn position(&self, name: AuthorityName) -> (Option<Underway>, u32) {
        let in_use = self.pki.authority(name).unwrap().unwrap();
        (self.underway(), in_use.generation)
    }

    /// A step that was killed is finished, or it is as if it had never begun.
    fn go_on(
        &self,
        mut killed: Self,
        done: &Self,
        name: AuthorityName,
        procedure: Procedure,
        label: &str,
    ) {
        let met = prove(&self.moment(), &killed.moment(), None, self.now);
        if procedure != Procedure::Compromise {
            assert!(met.broken.is_empty(), "{label}: {}", met.broken[0]);
        }
        killed.converge();
        let is_done = killed.position(name) == done.position(name);
        if !is_done {
            killed.step(name, procedure);
        }
        killed.check();
        let (underway, generation) = killed.position(name);
        let (expected, whole) = done.position(name);
        assert_eq!(underway, expected, "{label}");
        // A key that was made before the theft may be known is not taken.
        let anew = !is_done && procedure == Procedure::Compromise && generation == whole + 1;
        assert!(generation == whole || anew, "{label}: {generation}");
    }

    /// Carries a rotation out to its end.
    fn rotate(&mut self, name: AuthorityName, procedure: Procedure) -> Vec<Step> {
        let mut steps = Vec::new();
        loop {
            steps.push(self.step(name, procedure));
            match self.underway() {
                Some(underway) => {
                    assert_eq!((underway.authority, underway.procedure), (name, procedure));
                }
                None => {
                    self.check();
                    return steps;
                }
            }
        }
    }

    fn converge(&mut self) -> usize {
        let plan = converge::plan(&self.cluster, &self.pki, self.now).unwrap();
        let actions = plan.actions().len();
        plan.apply(&self.cluster, &mut self.pki, &self.keys, self.now)
            .unwrap();
        actions
    }

    /// The newest generation of an authority, in use or not.
    fn newest_generation(&self, name: AuthorityName) -> u32 {
        let authorities = self.pki.authorities().unwrap();
        let own = authorities.iter().filter(|one| one.name == name);
        own.map(|one| one.generation).max().unwrap()
    }

    fn moment(&self) -> Moment {
        let state = State::read(&self.cluster, &self.pki).unwrap();
        Moment::of(&self.cluster, &state)
    }

    fn plan(&self, name: AuthorityName, procedure: Option<Procedure>) -> Plan {
        plan(&self.cluster, &self.pki, name, procedure, self.now).unwrap()
    }

    fn underway(&self) -> Option<Underway> {
        standing(&self.cluster, &self.pki).unwrap().underway
    }

    /// Makes the next step and proves it on what was really made.
    fn step(&mut self, name: AuthorityName, procedure: Procedure) -> Step {
        let before = self.moment();
        let step = self.next(name, procedure);
        let lists = converge::plan(&self.cluster, &self.pki, self.now).unwrap();
        assert_eq!(lists.lists(), [], "{step}: every list is there");
        let proof = prove(&before, &self.moment(), None, self.now);
        if procedure != Procedure::Compromise {
            assert!(proof.broken.is_empty(), "{step}: {}", proof.broken[0]);
        }
        // Whatever else is done meanwhile changes nothing of it.
        assert_eq!(self.converge(), 0, "{step}");
        step
    }

    /// Replaces an authority whose key was stolen, wherever another rotation stands, and looks at
    /// what is left of both.
    fn compromise(&mut self, name: AuthorityName, label: &str) {
        let plan = self.plan(name, Some(Procedure::Compromise));
        let before = self.moment();
        let lost: Vec<_> = [&before.bundles.chain, &before.bundles.members]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        let older = self.pki.authorities().unwrap();
        let begun = self.underway();
        let (cluster, pki) = (&self.cluster, &self.pki);
        let made = next_step(
            cluster,
            pki,
            name,
            Procedure::Compromise,
            &self.keys,
            self.now,
        );
        let made = made.unwrap();
        assert_eq!(made.dropped, plan.drops, "{label}");
        let dropped = made.dropped.map(|one| (one.authority, one.procedure));
        let begun = begun.map(|one| (one.authority, one.procedure));
        assert_eq!(dropped, begun, "{label}");
        self.take(made.change);
        let after = self.moment();
        assert_eq!(plan.steps.len(), 1, "{label}");
        let proof = prove(&before, &after, None, self.now);
        assert_eq!(plan.broken.len(), proof.broken.len(), "{label}");
        let restarts = Restarts::of(&before, &after, &proof);
        assert_eq!(plan.steps[0].restarts, restarts, "{label}");
        // Nothing is left of the rotation that was under way, and nobody is shut out at its end.
        assert_eq!(self.underway(), None, "{label}");
        assert_eq!(self.converge(), 0, "{label}");
        let settled = prove(&after, &after, None, self.now);
        assert!(settled.broken.is_empty(), "{label}");
        self.check();
        // No key of it that there was is in force any more.
        let authorities = self.pki.authorities().unwrap();
        let list = self.pki.crl("crl/etcd.crl", &authorities).unwrap().unwrap();
        let bundles = &after.bundles;
        let in_force = [&bundles.chain, &bundles.members, &bundles.clients];
        for old in older.iter().filter(|old| old.name == name) {
            let key = &old.certificate.public_key;
            let mut trusted = in_force.into_iter().flatten();
            assert!(trusted.all(|one| one.public_key != *key), "{label}");
            let is_lost = lost.iter().any(|one| one.public_key == *key);
            let is_listed = list.find(&old.certificate.serial).is_some();
            assert!(is_listed || !is_lost, "{label}: {}", old.generation);
        }
    }

    fn next(&mut self, name: AuthorityName, procedure: Procedure) -> Step {
        let (cluster, pki) = (&self.cluster, &self.pki);
        let made = next_step(cluster, pki, name, procedure, &self.keys, self.now);
        let made = made.unwrap();
        self.take(made.change);
        assert_eq!(self.underway(), made.next);
        made.step
    }

    fn take(&mut self, change: Change) {
        let plan = converge::plan_step(&self.cluster, &self.pki, change, self.now).unwrap();
        plan.apply(&self.cluster, &mut self.pki, &self.keys, self.now)
            .unwrap();
    }

    /// Finds no error; the codes of whatever else is told.
    fn check(&self) -> Vec<&'static str> {
        let report = verify(&self.cluster, &self.pki, Some(&self.keys), self.now).unwrap();
        let errors: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| finding.lint.severity == crate::lint::Severity::Error)
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
        let codes = report.findings.iter().map(|finding| finding.lint.code);
        codes.collect()
    }
}

/// Every shape of a chain, and each anchor that it can have.
const SHAPES: [&str; 8] = [
    "trust_anchor: etcd",
    "trust_anchor: intermediate",
    "trust_anchor: root",
    "authorities: { etcd: { issuing: true } }",
    "authorities: { levels: 2 }",
    "trust_anchor: root, authorities: { levels: 2 }",
    "authorities: { levels: 1 }",
    "authorities: { levels: 1, etcd: { issuing: true } }",
];

/// Every rotation that there can be.
fn rotations() -> impl Iterator<Item = (&'static str, AuthorityName, Procedure)> {
    SHAPES.into_iter().flat_map(|shape| {
        let cluster = Fixture::description(shape);
        let names = AuthorityName::chain(&cluster).iter().copied();
        let pairs = names.flat_map(|name| Procedure::ALL.map(|procedure| (name, procedure)));
        let fitting: Vec<_> = pairs
            .filter(|(name, procedure)| procedure.is_for(&cluster, *name))
            .collect();
        fitting
            .into_iter()
            .map(move |(name, procedure)| (shape, name, procedure))
    })
}
