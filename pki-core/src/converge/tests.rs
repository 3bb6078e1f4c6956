use time::OffsetDateTime;

use super::*;
use crate::description::Cluster;
use crate::hierarchy::AuthorityName;
use crate::seal::{KdfParameters, Keyring, Passphrase, Unlocked};
use crate::store::{Failing, Memory, Pki};

pub(super) const DESCRIPTION: &str = "\
domain: internal.domain
nodes:
  - { name: etcd-0, addresses: [10.0.0.10] }
  - { name: etcd-1, addresses: [10.0.0.11, \"fd00::11\"] }
";

pub(super) struct Fixture {
    pub(super) pki: Pki<Memory>,
    pub(super) keys: Unlocked,
}

fn keyring() -> (Keyring, Unlocked) {
    let cheap = KdfParameters {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };
    let passphrase = Passphrase::new("x").unwrap();
    let keys = Unlocked::generate().unwrap();
    let keyring = Keyring::new("etcd", &keys, &passphrase, cheap).unwrap();
    (keyring, keys)
}

impl Fixture {
    pub(super) fn new() -> Self {
        let (keyring, keys) = keyring();
        let mut pki = Pki::new(Memory::default());
        pki.put_keyring(&keyring).unwrap();
        Self { pki, keys }
    }

    pub(super) fn converge(&mut self, description: &str) -> Result<Vec<Action>, ConvergeError> {
        let cluster = Cluster::from_yaml(description).unwrap();
        let now = OffsetDateTime::now_utc();
        let plan = plan(&cluster, &self.pki, now)?;
        let actions = plan.actions();
        plan.apply(&cluster, &mut self.pki, &self.keys, now)?;
        Ok(actions)
    }
}

/// What is sealed with keys that nobody could open again is not written.
#[test]
fn nothing_is_written_without_the_keyring_of_its_keys() {
    let cluster = Cluster::from_yaml(DESCRIPTION).unwrap();
    let now = OffsetDateTime::now_utc();
    let (_, keys) = keyring();
    let mut pki = Pki::new(Memory::default());
    let apply = |pki: &mut Pki<Memory>, keys: &Unlocked| {
        plan(&cluster, pki, now)?.apply(&cluster, pki, keys, now)
    };
    let refused = apply(&mut pki, &keys);
    assert!(matches!(refused, Err(ConvergeError::NoKeyring)));
    assert_eq!(*pki.store(), Memory::default());
    let (other, _) = keyring();
    pki.put_keyring(&other).unwrap();
    let before = pki.store().clone();
    let refused = apply(&mut pki, &keys);
    assert!(matches!(refused, Err(ConvergeError::OtherKeyring)));
    assert_eq!(*pki.store(), before);
}

#[test]
fn the_first_run_makes_everything_and_the_second_nothing() {
    let mut fixture = Fixture::new();
    // Three authorities, two nodes with two leaves each, two clients.
    assert_eq!(fixture.converge(DESCRIPTION).unwrap().len(), 3 + 4 + 2);
    let before = fixture.pki.store().clone();
    assert!(fixture.converge(DESCRIPTION).unwrap().is_empty());
    assert_eq!(*fixture.pki.store(), before);
}

#[test]
fn serials_do_not_repeat() {
    let mut fixture = Fixture::new();
    fixture.converge(DESCRIPTION).unwrap();
    let cluster = Cluster::from_yaml(DESCRIPTION).unwrap();
    let state = State::read(&cluster, &fixture.pki).unwrap();
    let mut serials: Vec<_> = state
        .authorities
        .iter()
        .map(|stored| stored.certificate.serial.clone())
        .chain(
            state
                .leaves
                .iter()
                .map(|leaf| leaf.certificate().serial.clone()),
        )
        .collect();
    let all = serials.len();
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), all);
}

#[test]
fn a_new_node_gets_its_certificates_and_others_keep_theirs() {
    let mut fixture = Fixture::new();
    fixture.converge(DESCRIPTION).unwrap();
    let more = format!("{DESCRIPTION}  - {{ name: etcd-2, addresses: [10.0.0.12] }}\n");
    let actions = fixture.converge(&more).unwrap();
    assert_eq!(actions.len(), 2);
    assert!(actions.iter().all(|action| matches!(action, Action::Issue { id, reason: Reason::Missing } if id.to_string().starts_with("etcd-2/"))));
}

#[test]
fn a_changed_description_makes_a_new_generation() {
    let mut fixture = Fixture::new();
    fixture.converge(DESCRIPTION).unwrap();
    let with_name =
        format!("{DESCRIPTION}certificates: {{ server_sans: [api.internal.domain] }}\n");
    let actions = fixture.converge(&with_name).unwrap();
    assert_eq!(actions.len(), 2, "{actions:?}");
    let cluster = Cluster::from_yaml(&with_name).unwrap();
    let state = State::read(&cluster, &fixture.pki).unwrap();
    let generations: Vec<_> = state
        .leaves
        .iter()
        .map(|leaf| (leaf.id.to_string(), leaf.generation))
        .collect();
    assert!(generations.contains(&("etcd-0/server".to_owned(), 2)));
    assert!(generations.contains(&("etcd-0/peer".to_owned(), 1)));
}

#[test]
fn a_node_outside_the_constraints_is_named_with_its_line() {
    let mut fixture = Fixture::new();
    fixture.converge(DESCRIPTION).unwrap();
    let outside = format!("{DESCRIPTION}  - {{ name: etcd-2, addresses: [192.0.2.1] }}\n");
    let error = fixture.converge(&outside).unwrap_err();
    let ConvergeError::OutsideConstraints {
        position: Some(position),
        name,
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!((position.line, name.as_str()), (5, "192.0.2.1"));
    let moved = DESCRIPTION.replace("internal.domain", "example.com");
    assert!(matches!(
        fixture.converge(&moved),
        Err(ConvergeError::OutsideConstraints { .. })
    ));
}

#[test]
fn a_foreign_cluster_and_a_gap_are_refused() {
    let mut fixture = Fixture::new();
    fixture.converge(DESCRIPTION).unwrap();
    let renamed = format!("cluster: other\n{DESCRIPTION}");
    assert!(matches!(
        fixture.converge(&renamed),
        Err(ConvergeError::OtherCluster { .. })
    ));
    let mut store = fixture.pki.store().clone();
    for file in ["ca.crt", "ca.key.sealed"] {
        store.set(&format!("authorities/intermediate/1/{file}"), None);
    }
    fixture.pki = Pki::new(store);
    assert!(matches!(
        fixture.converge(DESCRIPTION),
        Err(ConvergeError::Gap { .. })
    ));
}

#[test]
fn an_authority_stays_below_the_one_that_signed_it() {
    for (before, after) in [("3", "2"), ("3", "1"), ("2", "1"), ("2", "3"), ("1", "2")] {
        let mut fixture = Fixture::new();
        let levels = |levels| format!("{DESCRIPTION}authorities: {{ levels: {levels} }}\n");
        fixture.converge(&levels(before)).unwrap();
        let files = fixture.pki.store().files().count();
        let error = fixture.converge(&levels(after)).unwrap_err();
        assert!(
            matches!(
                error,
                ConvergeError::OtherIssuer { .. } | ConvergeError::Gap { .. }
            ),
            "{before} to {after}: {error}"
        );
        assert_eq!(fixture.pki.store().files().count(), files);
    }
}

/// Every prefix of the writes, as a kill leaves it, from the keyring to the journal.
#[test]
fn an_interrupted_run_is_completed() {
    let cluster = Cluster::from_yaml(DESCRIPTION).unwrap();
    let now = OffsetDateTime::now_utc();
    let (keyring, keys) = keyring();
    let run = |store: Failing<Memory>| {
        let mut pki = Pki::new(store);
        let plan = plan(&cluster, &pki, now).unwrap();
        let new = pki.keyring().unwrap().is_none();
        let actions = plan.actions().len();
        let issued = plan.issue(&cluster, &pki, &keys, now).unwrap();
        let done = (!new || pki.put_keyring(&keyring).is_ok()) && issued.commit(&mut pki).is_ok();
        (actions, done, pki.store().clone())
    };
    let (all, done, whole) = run(Failing::never(Memory::default()));
    assert!(done);
    assert_eq!(whole.written(), 1 + 3 + 3 + 6 + 4 + 2);
    for kept in 0..whole.written() {
        let (_, done, cut) = run(Failing::after(Memory::default(), kept));
        assert!(!done);
        let left = cut.inner().clone();
        let (actions, done, next) = run(Failing::never(left.clone()));
        let made = next.inner().files().count() - left.files().count();
        assert!(
            done && actions <= all && (made > 0 || actions == 0),
            "{kept}"
        );
        let pki = Pki::new(next.inner().clone());
        let report = crate::verify::verify(&cluster, &pki, Some(&keys), now).unwrap();
        assert_eq!(report.findings, [], "{kept}");
        let (actions, _, again) = run(Failing::never(next.inner().clone()));
        assert_eq!((actions, again.written()), (0, 0), "{kept}");
    }
}

#[test]
fn an_issuing_authority_signs_where_it_is_asked_for() {
    let mut fixture = Fixture::new();
    let issuing = format!("{DESCRIPTION}authorities: {{ etcd: {{ issuing: true }} }}\n");
    fixture.converge(&issuing).unwrap();
    let cluster = Cluster::from_yaml(&issuing).unwrap();
    let state = State::read(&cluster, &fixture.pki).unwrap();
    assert_eq!(state.leaves[0].chain.len(), 4);
    assert!(
        state.leaves[0]
            .certificate()
            .names_issuer(&state.authorities[3].certificate)
    );
}

#[test]
fn lifetimes_are_cut_to_the_issuer() {
    let mut fixture = Fixture::new();
    fixture.converge(DESCRIPTION).unwrap();
    let cluster = Cluster::from_yaml(DESCRIPTION).unwrap();
    let later = OffsetDateTime::now_utc() + time::Duration::days(5 * 365 - 10);
    let plan = plan(&cluster, &fixture.pki, later).unwrap();
    assert!(plan.actions().iter().all(|action| matches!(
        action,
        Action::Issue {
            reason: Reason::Expired,
            ..
        }
    )));
    let state = plan
        .apply(&cluster, &mut fixture.pki, &fixture.keys, later)
        .unwrap();
    let end = state
        .authority(AuthorityName::Etcd)
        .unwrap()
        .validity
        .not_after;
    assert!(
        state
            .leaves
            .iter()
            .all(|leaf| leaf.certificate().validity.not_after == end)
    );
}

#[test]
fn a_lost_authority_is_not_replaced_in_silence() {
    let mut fixture = Fixture::new();
    fixture.converge(DESCRIPTION).unwrap();
    let mut store = fixture.pki.store().clone();
    for file in ["ca.crt", "ca.key.sealed"] {
        store.set(&format!("authorities/etcd/1/{file}"), None);
    }
    let before = store.clone();
    fixture.pki = Pki::new(store);
    let error = fixture.converge(DESCRIPTION).unwrap_err();
    assert!(matches!(error, ConvergeError::Lost { .. }), "{error}");
    assert_eq!(*fixture.pki.store(), before);
}

#[test]
fn an_issuing_authority_can_come_later() {
    let mut fixture = Fixture::new();
    let room = format!("{DESCRIPTION}authorities: {{ etcd: {{ issuing: true }} }}\n");
    fixture.converge(&room).unwrap();
    // Leaves go back to the etcd authority, and to the issuing one again.
    assert_eq!(fixture.converge(DESCRIPTION).unwrap().len(), 6);
    assert_eq!(fixture.converge(&room).unwrap().len(), 6);
}
