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
use crate::lifetime::Validity;
use crate::seal::Unlocked;
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
        let mut fixture = Self {
            cluster,
            pki: Pki::new(Memory::default()),
            keys: Arc::new(Unlocked::generate().unwrap()),
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
        let met = prove(&self.moment(), &killed.moment(), self.now);
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
        let proof = prove(&before, &self.moment(), self.now);
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
        let proof = prove(&before, &after, self.now);
        assert_eq!(plan.broken.len(), proof.broken.len(), "{label}");
        let restarts = Restarts::of(&before, &after, &proof);
        assert_eq!(plan.steps[0].restarts, restarts, "{label}");
        // Nothing is left of the rotation that was under way, and nobody is shut out at its end.
        assert_eq!(self.underway(), None, "{label}");
        assert_eq!(self.converge(), 0, "{label}");
        let settled = prove(&after, &after, self.now);
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

#[test]
fn every_procedure_is_carried_out_as_planned_and_proved() {
    rotations()
        .par_bridge()
        .for_each(|(shape, name, procedure)| {
            let label = format!("{procedure} of {name} with {shape}");
            let mut fixture = Fixture::new(shape);
            let planned = fixture.plan(name, Some(procedure));
            let first = fixture.moment();
            let steps = fixture.rotate(name, procedure);
            let expected: Vec<_> = planned.steps.iter().map(|step| step.step).collect();
            assert_eq!(steps, expected, "{label}");
            // What was signed again is as described.
            let codes = fixture.check();
            assert!(!codes.contains(&"setting-for-next-issue"), "{label}");
            let last = fixture.moment();
            let mut old = first.presented.iter();
            let refused =
                old.all(|leaf| proof::is_refused(&leaf.chain, &last.bundles, fixture.now));
            assert_eq!(refused, planned.old_is_refused, "{label}");
            assert_eq!(
                last.bundles.chain.len(),
                first.bundles.chain.len(),
                "{label}: nothing is carried that is of no use any more"
            );
            let (before, after) = (first.bundles.clients.len(), last.bundles.clients.len());
            assert_eq!(before, after, "{label}");
        });
}

#[test]
fn rotations_follow_one_another() {
    let mut fixture = Fixture::new("trust_anchor: root");
    let all = [
        AuthorityName::Root,
        AuthorityName::Intermediate,
        AuthorityName::Etcd,
    ];
    for name in all.into_iter().chain(all.into_iter().rev()) {
        let procedure = fixture.plan(name, None).procedure;
        fixture.rotate(name, procedure);
    }
}

#[test]
fn restarts_are_as_few_as_can_be() {
    for (shape, expected) in [
        ("trust_anchor: etcd", vec![0, 0, 1]),
        ("trust_anchor: intermediate", vec![0, 1, 0]),
        ("trust_anchor: root", vec![1, 0, 0]),
        ("authorities: { etcd: { issuing: true } }", vec![0, 0, 1, 0]),
        ("authorities: { levels: 1 }", vec![1]),
    ] {
        let fixture = Fixture::new(shape);
        let chain = AuthorityName::chain(&fixture.cluster).iter();
        let restarts: Vec<_> = chain
            .map(|name| fixture.plan(*name, None).restarts)
            .collect();
        assert_eq!(restarts, expected, "{shape}");
    }
}

#[test]
fn a_step_that_is_killed_anywhere_is_done_again() {
    let rotations = [
        (
            "trust_anchor: etcd",
            AuthorityName::Etcd,
            Procedure::CrossSign,
        ),
        ("trust_anchor: etcd", AuthorityName::Etcd, Procedure::Bundle),
        (
            "trust_anchor: etcd",
            AuthorityName::Etcd,
            Procedure::SameKey,
        ),
        (
            "trust_anchor: etcd",
            AuthorityName::Etcd,
            Procedure::Compromise,
        ),
        (
            "trust_anchor: etcd",
            AuthorityName::Root,
            Procedure::Reissue,
        ),
        (
            "trust_anchor: root",
            AuthorityName::Root,
            Procedure::CrossSign,
        ),
        (
            "trust_anchor: root",
            AuthorityName::Etcd,
            Procedure::Reissue,
        ),
    ];
    rotations
        .into_par_iter()
        .for_each(|(shape, name, procedure)| {
            let cluster = Cluster::from_yaml(&Fixture::text(1, shape)).unwrap();
            let mut fixture = Fixture::of(cluster);
            // Every state before a step.
            loop {
                let whole = fixture.failing(usize::MAX, name, procedure).unwrap();
                let done = fixture.at(whole.store);
                for left in 0..whole.written {
                    let killed = fixture.failing(left, name, procedure).unwrap_err();
                    let killed = fixture.at(killed);
                    let label = format!("{procedure} of {name}, killed after {left} writes");
                    fixture.go_on(killed, &done, name, procedure, &label);
                }
                fixture = done;
                if fixture.underway().is_none() {
                    break;
                }
            }
        });
}

#[test]
fn what_has_begun_goes_back_while_that_is_safe() {
    rotations()
        .par_bridge()
        .for_each(|(shape, name, procedure)| {
            let mut fixture = Fixture::new(shape);
            let first = fixture.moment();
            loop {
                fixture.step(name, procedure);
                let Some(underway) = fixture.underway() else {
                    break;
                };
                let mut back = fixture.at(fixture.pki.store().clone());
                let label = format!(
                    "{procedure} of {name} with {shape}, before {}",
                    underway.next
                );
                match abort(&back.cluster, &back.pki) {
                    Err(RotationError::TooLate(_)) => {
                        let replaced = back.moment().bundles.members != first.bundles.members;
                        assert!(replaced, "{label}");
                    }
                    Err(error) => panic!("{label}: {error}"),
                    Ok(step) => {
                        let mut taken = Some(step);
                        while let Some(step) = taken.take() {
                            let before = back.moment();
                            back.take(step.change);
                            assert_eq!(back.underway(), step.left, "{label}");
                            let proof = prove(&before, &back.moment(), back.now);
                            assert!(proof.broken.is_empty(), "{label}: {}", proof.broken[0]);
                            assert_eq!(back.converge(), 0, "{label}");
                            back.check();
                            if back.underway().is_some() {
                                taken = Some(abort(&back.cluster, &back.pki).unwrap());
                            }
                        }
                        assert_eq!(back.moment().bundles, first.bundles, "{label}");
                        // What was made for it is not made again, and is planned with; but for a
                        // stolen key, which that may have been stolen with.
                        let mut stolen = back.at(back.pki.store().clone());
                        stolen.compromise(name, &label);
                        assert_eq!(stolen.newest_generation(name), 3, "{label}");
                        let again = back.plan(name, Some(procedure));
                        assert!(again.steps[0].makes.iter().all(|(made, _)| *made != name));
                        back.rotate(name, procedure);
                        assert_eq!(back.newest_generation(name), 2, "{label}");
                    }
                }
            }
        });
}

#[test]
fn where_the_old_authority_may_not_sign_the_names_both_are_trusted() {
    let mut fixture = Fixture::new("trust_anchor: etcd");
    // Beyond the constraints of the authority that is there.
    let text = Fixture::text(3, "trust_anchor: etcd");
    fixture.cluster = Cluster::from_yaml(&text.replace("a.example", "b.example")).unwrap();
    let refused = plan(
        &fixture.cluster,
        &fixture.pki,
        AuthorityName::Etcd,
        Some(Procedure::CrossSign),
        fixture.now,
    );
    let error = refused.unwrap_err();
    assert!(
        matches!(&error, RotationError::Broken { broken, .. }
            if broken.verifier == Verifier::Members && broken.error == crate::verify::PathError::NameConstraints),
        "{error}"
    );
    let plan = fixture.plan(AuthorityName::Etcd, None);
    assert_eq!((plan.procedure, plan.restarts), (Procedure::Bundle, 2));
    let (procedure, why) = &plan.ruled_out[0];
    assert_eq!(*procedure, Procedure::CrossSign);
    assert!(why.contains("name constraints"), "{why}");
    loop {
        let before = fixture.moment();
        let left = fixture.plan(AuthorityName::Etcd, None);
        let step = fixture.next(AuthorityName::Etcd, Procedure::Bundle);
        // What waits for the next step is no error, and is said to.
        let waiting = fixture.check();
        let is_waiting = step == Step::TrustBoth;
        assert_eq!(
            waiting.contains(&"waits-for-rotation"),
            is_waiting,
            "{step}"
        );
        assert_eq!(left.steps[0].clients_need.certificates, step == Step::Trust);
        let proof = prove(&before, &fixture.moment(), fixture.now);
        assert!(proof.broken.is_empty(), "{}", proof.broken[0]);
        if fixture.underway().is_none() {
            break;
        }
    }
    fixture.check();
    let state = State::read(&fixture.cluster, &fixture.pki).unwrap();
    let names = &state.leaves[0].certificate().alternative_names;
    assert_eq!(names[0].to_string(), "etcd-0.b.example");
}

#[test]
fn what_has_expired_is_renewed_from_the_top() {
    for shape in SHAPES {
        let mut fixture = Fixture::new(shape);
        // Everything, the root too.
        fixture.now += Duration::days(21 * 365);
        let before = fixture.moment();
        let names = AuthorityName::chain(&fixture.cluster).to_vec();
        for name in &names {
            let left = fixture.plan(*name, Some(Procedure::SameKey));
            assert_eq!(left.broken.len(), 0, "{name} with {shape}");
            fixture.next(*name, Procedure::SameKey);
            assert_eq!(fixture.underway(), None, "{name} with {shape}");
        }
        fixture.converge();
        fixture.check();
        let after = fixture.moment();
        assert!(
            prove(&after, &after, fixture.now).broken.is_empty(),
            "{shape}"
        );
        let is_new = |leaf: &Presented| leaf.chain[0].validity.contains(fixture.now);
        assert!(after.presented.iter().all(is_new), "{shape}");
        assert!(!before.presented.iter().any(is_new), "{shape}");
    }
}

#[test]
fn a_stolen_key_does_not_wait_for_a_rotation() {
    rotations()
        .par_bridge()
        .for_each(|(shape, name, procedure)| {
            let cluster = Cluster::from_yaml(&Fixture::text(1, shape)).unwrap();
            let mut fixture = Fixture::of(cluster);
            loop {
                fixture.step(name, procedure);
                let Some(underway) = fixture.underway() else {
                    break;
                };
                for stolen in AuthorityName::chain(&fixture.cluster) {
                    let label = format!(
                        "{stolen} stolen with {shape}, {procedure} of {name} before {}",
                        underway.next
                    );
                    let mut met = fixture.at(fixture.pki.store().clone());
                    let members = met.moment().bundles.members;
                    met.compromise(*stolen, &label);
                    // Members load nothing new for a key that they do not trust themselves.
                    let is_anchor = *stolen == met.cluster.trust_anchor.into();
                    let loaded = met.moment().bundles.members;
                    let is_known = loaded.iter().all(|one| members.contains(one));
                    assert_eq!(is_known, !is_anchor, "{label}");
                    // What was begun begins again.
                    met.rotate(name, procedure);
                }
            }
        });
}

#[test]
fn both_are_trusted_and_go_back_below_a_root_that_was_replaced() {
    let mut fixture = Fixture::new("trust_anchor: etcd");
    fixture.rotate(AuthorityName::Root, Procedure::Reissue);
    fixture.rotate(AuthorityName::Intermediate, Procedure::Reissue);
    let first = fixture.moment();
    for steps in 1..=2 {
        for _ in 0..steps {
            fixture.step(AuthorityName::Etcd, Procedure::Bundle);
        }
        while fixture.underway().is_some() {
            let step = abort(&fixture.cluster, &fixture.pki).unwrap();
            fixture.take(step.change);
            assert_eq!(fixture.converge(), 0);
            fixture.check();
        }
        assert_eq!(fixture.moment().bundles, first.bundles);
    }
}

/// An etcd authority that was made elsewhere: no authority may stand below it, and its key
/// identifier is none that would be made here.
fn of_elsewhere() -> Fixture {
    let cluster = Fixture::description("authorities: { levels: 1 }");
    let (keys, now) = (Unlocked::generate().unwrap(), OffsetDateTime::now_utc());
    let key = PrivateKey::generate(crate::key::KeyAlgorithm::P256).unwrap();
    let other = PrivateKey::generate(crate::key::KeyAlgorithm::P256).unwrap();
    let validity = Validity {
        not_before: now - Duration::days(1),
        not_after: now + Duration::days(3650),
    };
    let profile = AuthorityName::Etcd.profile(&cluster, 1).with_path_len(0);
    let other = Authority::self_signed(&profile, other, validity).unwrap();
    let profile = profile.with_key_identifier_of(other.certificate());
    let authority = Authority::self_signed(&profile, key, validity).unwrap();
    let stored = StoredAuthority {
        name: AuthorityName::Etcd,
        generation: 1,
        certificate: authority.certificate().clone(),
    };
    let mut batch = Batch::default();
    let key = authority.key().unwrap();
    Pki::<Memory>::add_authority(&mut batch, Event::Imported, &stored, key, &keys).unwrap();
    let mut pki = Pki::new(Memory::default());
    pki.commit(batch).unwrap();
    let mut fixture = Fixture {
        cluster,
        pki,
        keys: Arc::new(keys),
        now,
    };
    fixture.converge();
    fixture
}

#[test]
fn an_authority_of_elsewhere_under_which_none_may_stand_is_replaced() {
    let fixture = of_elsewhere();
    let plan = fixture.plan(AuthorityName::Etcd, None);
    assert_eq!((plan.procedure, plan.restarts), (Procedure::Bundle, 2));
    let (procedure, why) = &plan.ruled_out[0];
    assert_eq!(*procedure, Procedure::CrossSign);
    assert!(why.contains("path length"), "{why}");
    for procedure in [Procedure::Bundle, Procedure::Compromise] {
        let mut fixture = of_elsewhere();
        let planned = fixture.plan(AuthorityName::Etcd, Some(procedure));
        let steps = fixture.rotate(AuthorityName::Etcd, procedure);
        let expected: Vec<_> = planned.steps.iter().map(|step| step.step).collect();
        assert_eq!(steps, expected);
    }
}

#[test]
fn one_rotation_at_a_time() {
    let mut fixture = Fixture::new("trust_anchor: etcd");
    fixture.step(AuthorityName::Etcd, Procedure::CrossSign);
    for (name, procedure) in [
        (AuthorityName::Root, Procedure::Reissue),
        (AuthorityName::Etcd, Procedure::Bundle),
    ] {
        let refused = plan(
            &fixture.cluster,
            &fixture.pki,
            name,
            Some(procedure),
            fixture.now,
        );
        assert!(matches!(
            refused,
            Err(RotationError::Underway {
                underway: AuthorityName::Etcd,
                procedure: Procedure::CrossSign
            })
        ));
    }
    // Without a procedure what is under way goes on.
    let left = fixture.plan(AuthorityName::Etcd, None);
    assert!(left.underway);
    let steps: Vec<_> = left.steps.iter().map(|step| step.step).collect();
    assert_eq!(steps, [Step::Trust, Step::Strip]);
}

#[test]
fn what_is_left_asks_of_clients_what_the_whole_plan_asks() {
    rotations()
        .par_bridge()
        .for_each(|(shape, name, procedure)| {
            let mut fixture = Fixture::new(shape);
            let whole = fixture.plan(name, Some(procedure));
            for step in &whole.steps {
                let left = fixture.plan(name, Some(procedure));
                let label = format!("{procedure} of {name} with {shape}, {}", step.step);
                assert_eq!(left.steps[0].clients_need, step.clients_need, "{label}");
                assert_eq!(left.steps[0].step, step.step, "{label}");
                fixture.next(name, procedure);
            }
        });
}

#[test]
fn clients_are_waited_for_where_they_would_be_refused() {
    let needs = |shape: &str, name, procedure| {
        let plan = Fixture::new(shape).plan(name, procedure);
        let needs = plan.steps.into_iter().map(|step| {
            let need = step.clients_need;
            (step.step, need.certificates, need.ca_file)
        });
        needs.collect::<Vec<_>>()
    };
    let etcd = needs("trust_anchor: etcd", AuthorityName::Etcd, None);
    let expected = [
        (Step::Introduce, false, false),
        (Step::Trust, true, false),
        (Step::Strip, false, false),
    ];
    assert_eq!(etcd, expected);
    // Where the authority that is replaced is all that clients trust, they need the new one.
    let alone = needs("authorities: { levels: 1 }", AuthorityName::Etcd, None);
    assert_eq!(
        alone[1..],
        [(Step::Trust, true, false), (Step::Strip, false, true)]
    );
}

#[test]
fn without_overlap_the_outage_is_told_and_the_old_authority_revoked() {
    let mut fixture = Fixture::new("trust_anchor: etcd");
    let plan = fixture.plan(AuthorityName::Etcd, Some(Procedure::Compromise));
    assert!(!plan.broken.is_empty());
    assert_eq!(plan.steps[0].restarts, Restarts::AllAtOnce);
    assert!(plan.old_is_refused);
    let old = fixture.pki.authority(AuthorityName::Etcd).unwrap().unwrap();
    fixture.step(AuthorityName::Etcd, Procedure::Compromise);
    let authorities = fixture.pki.authorities().unwrap();
    let list = fixture.pki.crl("crl/etcd.crl", &authorities).unwrap();
    assert!(list.unwrap().find(&old.certificate.serial).is_some());
}

/// Whether a member that has loaded this CA file takes the probe.
fn takes(probe: &Probe, loaded: &crate::trust::Bundles, now: OffsetDateTime) -> bool {
    !proof::is_refused(&probe.chain, loaded, now)
}

#[test]
fn a_probe_is_taken_by_nobody_who_trusts_another_authority() {
    let anchors = ["etcd", "intermediate", "root"];
    for before in anchors {
        for after in anchors.into_iter().filter(|after| *after != before) {
            let mut fixture = Fixture::new(&format!("trust_anchor: {before}"));
            let loaded = fixture.moment().bundles;
            fixture.cluster = Fixture::description(&format!("trust_anchor: {after}"));
            fixture.converge();
            let probe = Probe::new(&fixture.cluster, &fixture.pki, &fixture.keys, fixture.now);
            let probe = probe.unwrap();
            let label = format!("from {before} to {after}");
            assert!(
                takes(&probe, &fixture.moment().bundles, fixture.now),
                "{label}"
            );
            assert!(!takes(&probe, &loaded, fixture.now), "{label}");
        }
    }
}

#[test]
fn a_probe_is_signed_below_a_root_whose_key_is_not_here() {
    let fixture = Fixture::new("trust_anchor: root");
    let mut store = fixture.pki.store().clone();
    store.set("authorities/root/1/ca.key.sealed", None);
    let fixture = fixture.at(store);
    let probe = Probe::new(&fixture.cluster, &fixture.pki, &fixture.keys, fixture.now);
    let probe = probe.unwrap();
    assert_eq!(probe.chain.len(), 2);
    assert!(takes(&probe, &fixture.moment().bundles, fixture.now));
    // Of what nobody takes none is made.
    let late = fixture.now + Duration::days(21 * 365);
    let refused = Probe::new(&fixture.cluster, &fixture.pki, &fixture.keys, late);
    assert!(matches!(
        refused,
        Err(RotationError::Unaskable(AuthorityName::Root))
    ));
}

#[test]
fn a_probe_is_taken_by_who_has_loaded_what_members_trust_now() {
    rotations()
        .par_bridge()
        .for_each(|(shape, name, procedure)| {
            let mut fixture = Fixture::new(shape);
            loop {
                let before = fixture.moment().bundles;
                let step = fixture.next(name, procedure);
                let label = format!("{step} of {procedure} of {name} with {shape}");
                let after = fixture.moment().bundles;
                let probe = Probe::new(&fixture.cluster, &fixture.pki, &fixture.keys, fixture.now);
                let probe = probe.unwrap();
                assert!(takes(&probe, &after, fixture.now), "{label}");
                let keys = |bundles: &crate::trust::Bundles| {
                    let members = bundles.members.iter();
                    let newest: Vec<_> = members.map(|one| one.public_key.clone()).collect();
                    newest
                };
                // What has another key is seen; a newer certificate of the same one needs not be.
                let new_key = keys(&after).iter().any(|key| !keys(&before).contains(key));
                if new_key {
                    assert!(!takes(&probe, &before, fixture.now), "{label}");
                }
                if fixture.underway().is_none() {
                    break;
                }
            }
        });
}

#[test]
fn who_still_trusts_what_was_replaced_is_seen() {
    rotations()
        .par_bridge()
        .for_each(|(shape, name, procedure)| {
            let mut fixture = Fixture::new(shape);
            let replaced = |fixture: &Fixture| {
                let Fixture {
                    cluster, pki, keys, ..
                } = fixture;
                Probe::replaced(cluster, pki, keys, fixture.now).unwrap()
            };
            assert!(replaced(&fixture).is_empty());
            let before = fixture.moment().bundles;
            loop {
                let step = fixture.next(name, procedure);
                let label = format!("{step} of {procedure} of {name} with {shape}");
                let after = fixture.moment().bundles;
                for (what, probe) in replaced(&fixture) {
                    assert!(!takes(&probe, &after, fixture.now), "{what}: {label}");
                }
                if fixture.underway().is_none() {
                    break;
                }
            }
            // Where another key is trusted at the end, whoever has loaded the old one is found.
            let after = fixture.moment().bundles;
            let is_kept = |old: &Certificate| after.members.iter().any(|new| new.is_twin_of(old));
            if !before.members.iter().any(is_kept) {
                let probes = replaced(&fixture);
                assert!(
                    probes
                        .iter()
                        .any(|(_, probe)| takes(probe, &before, fixture.now)),
                    "{procedure} of {name} with {shape}"
                );
            }
        });
}

/// What clients on OpenSSL may trust at a time: the CA file for clients, or the top alone.
fn ca_files(moment: &Moment) -> [Vec<Certificate>; 2] {
    [
        moment.bundles.clients.clone(),
        openssl::roots(&moment.bundles),
    ]
}

#[test]
fn openssl_takes_what_its_model_takes() {
    // Every pair of a server's certificate and a CA file, each once.
    let mut refused = 0;
    let pairs: Vec<_> = rotations()
        .par_bridge()
        .flat_map_iter(|(shape, name, procedure)| {
            let mut fixture = Fixture::new(shape);
            let mut pairs = Vec::new();
            let mut before = fixture.moment();
            loop {
                let step = fixture.next(name, procedure);
                let after = fixture.moment();
                for presented in [&before, &after] {
                    let server = openssl::server(presented).unwrap().to_vec();
                    for trusted in [&before, &after].into_iter().flat_map(ca_files) {
                        let label = format!("{step} of {procedure} of {name} with {shape}");
                        pairs.push((label, server.clone(), trusted, fixture.now));
                    }
                }
                before = after;
                if fixture.underway().is_none() {
                    return pairs.into_iter();
                }
            }
        })
        .collect();
    let validator = crate::verify::PathValidator::new();
    let model: Vec<bool> = pairs
        .iter()
        .map(|(_, server, trusted, now)| {
            let usage = crate::role::Usage::ServerAuth;
            crate::verify::openssl::validate(&validator, server, trusted, usage, *now).is_ok()
        })
        .collect();
    let real: Vec<bool> = pairs
        .par_iter()
        .map(|(_, server, trusted, now)| {
            let directory = tempfile::tempdir().unwrap();
            let write = |name: &str, certificates: &[Certificate]| {
                let text: String = certificates.iter().map(Certificate::to_pem).collect();
                let path = directory.path().join(name);
                std::fs::write(&path, text).unwrap();
                path
            };
            let mut command = fixtures::openssl();
            command
                .args([
                    "verify",
                    "-x509_strict",
                    "-purpose",
                    "sslserver",
                    "-no-CApath",
                    "-no-CAstore",
                ])
                .arg("-CAfile")
                .arg(write("ca", trusted))
                .args(["-attime", &now.unix_timestamp().to_string()]);
            if server.len() > 1 {
                command
                    .arg("-untrusted")
                    .arg(write("untrusted", &server[1..]));
            }
            command.arg(write("leaf", &server[..1]));
            fixtures::run(&mut command).status.success()
        })
        .collect();
    for (((label, ..), model), real) in pairs.iter().zip(&model).zip(&real) {
        assert_eq!(model, real, "{label}");
        refused += usize::from(!real);
    }
    assert!(
        refused > 0 && refused < pairs.len(),
        "{refused} of {}",
        pairs.len()
    );
}

#[test]
fn clients_on_openssl_are_told_which_ca_file_they_need() {
    let fixture = Fixture::new("trust_anchor: root");
    let plan = fixture.plan(AuthorityName::Root, None);
    let needs: Vec<_> = plan
        .steps
        .iter()
        .map(|step| step.openssl.as_slice())
        .collect();
    let [[], [], [need]] = needs.as_slice() else {
        panic!("{needs:?}");
    };
    let name = |generation| format!("O=a.example, CN=etcd root CA G{generation}");
    assert_eq!(need.trusting, [name(2)]);
    assert_eq!(need.refuse, Side::Before);
    assert_eq!(need.need, Some(vec![name(2), name(1)]));
    // Where no two of one name are sent, nothing is needed.
    for (shape, name) in [
        ("trust_anchor: etcd", AuthorityName::Etcd),
        ("trust_anchor: root", AuthorityName::Intermediate),
        ("authorities: { levels: 1 }", AuthorityName::Etcd),
    ] {
        let plan = Fixture::new(shape).plan(name, None);
        assert!(
            plan.steps.iter().all(|step| step.openssl.is_empty()),
            "{shape}"
        );
    }
}
