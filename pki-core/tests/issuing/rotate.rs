//! Renewing what is due.

use pki_core::Cluster;
use pki_core::converge::{self, Action, LeafKey, Reason, Renewal};
use pki_core::leaf::LeafId;
use pki_core::seal::Unlocked;
use pki_core::store::{Memory, Pki};
use pki_core::verify::{self, Finding};
use time::{Duration, OffsetDateTime};

use crate::keys::keys_of;
use crate::workbench::faults;

const NODES: &str = "\
domain: internal.domain
nodes:
  - { name: etcd-0, addresses: [10.0.0.10] }
  - { name: etcd-1, addresses: [10.0.0.11] }
";

struct Rotated {
    cluster: Cluster,
    pki: Pki<Memory>,
    keys: Unlocked,
    start: OffsetDateTime,
}

impl Rotated {
    fn new(more: &str) -> Self {
        let mut pki = Pki::new(Memory::default());
        let keys = keys_of(&mut pki, "etcd");
        let mut this = Self {
            cluster: Cluster::from_yaml(&format!("{NODES}{more}")).unwrap(),
            pki,
            keys,
            start: OffsetDateTime::now_utc(),
        };
        let plan = converge::plan(&this.cluster, &this.pki, this.start).unwrap();
        plan.apply(&this.cluster, &mut this.pki, &this.keys, this.start)
            .unwrap();
        this
    }

    fn at(&self, days: i64) -> OffsetDateTime {
        self.start + Duration::days(days)
    }

    fn renewals(&self) -> Vec<Renewal> {
        converge::renewals(&self.cluster, &self.pki).unwrap()
    }

    /// Renews what is due on a day, and says what that was.
    fn rotate(&mut self, days: i64) -> Vec<LeafId> {
        let now = self.at(days);
        let mut plan = converge::plan(&self.cluster, &self.pki, now).unwrap();
        let due = self.renewals();
        for renewal in due.iter().filter(|renewal| renewal.is_due(now)) {
            plan.rotate(renewal).unwrap();
        }
        let issued = plan.actions().into_iter().map(|action| match action {
            Action::Issue {
                id,
                reason: Reason::Due,
            } => id,
            other => panic!("{other:?}"),
        });
        let issued = issued.collect();
        plan.apply(&self.cluster, &mut self.pki, &self.keys, now)
            .unwrap();
        issued
    }
}

#[test]
fn renewals_come_before_a_third_is_left_and_not_all_at_once() {
    let rotated = Rotated::new("");
    let renewals = rotated.renewals();
    assert_eq!(renewals.len(), 4 + 2);
    // 365 days: due with 121 of them left, and at most 36.5 days before that.
    let (first, last) = (rotated.at(365 - 122 - 37), rotated.at(365 - 121));
    for renewal in &renewals {
        assert!((first..=last).contains(&renewal.from), "{renewal:?}");
        assert_eq!(renewal.key, LeafKey::Same);
        assert!(!renewal.ends_with_issuer);
    }
    let mut moments: Vec<_> = renewals.iter().map(|renewal| renewal.from).collect();
    moments.sort_unstable();
    moments.dedup();
    assert_eq!(moments.len(), renewals.len());
}

#[test]
fn a_key_is_kept_once_and_then_replaced() {
    let mut rotated = Rotated::new("");
    let key = |rotated: &Rotated, id: &LeafId| {
        let leaf = rotated.pki.leaf(id).unwrap().unwrap();
        (leaf.generation, leaf.certificate().public_key.clone())
    };
    let id = rotated.renewals()[0].id.clone();
    let first = key(&rotated, &id).1;
    assert_eq!(rotated.rotate(200), []);
    assert_eq!(rotated.rotate(245).len(), 6);
    assert_eq!(key(&rotated, &id), (2, first.clone()));
    assert_eq!(rotated.rotate(246), []);
    assert_eq!(rotated.rotate(490).len(), 6);
    let (generation, third) = key(&rotated, &id);
    assert_eq!(generation, 3);
    assert_ne!(third, first);
    assert_eq!(rotated.rotate(735).len(), 6);
    assert_eq!(key(&rotated, &id), (4, third));
    let now = rotated.at(736);
    let report = verify::verify(&rotated.cluster, &rotated.pki, Some(&rotated.keys), now).unwrap();
    assert_eq!(faults(&report), Vec::<&Finding>::new());
}

#[test]
fn what_ends_with_its_issuer_is_not_renewed_again_and_again() {
    let mut rotated = Rotated::new("authorities: { etcd: { lifetime: 400d } }\n");
    assert_eq!(rotated.rotate(245).len(), 6);
    // Cut to the end of the authority: a new one would end then, too.
    assert!(rotated.renewals().iter().all(|one| one.ends_with_issuer));
    assert_eq!(rotated.rotate(399), []);
}
