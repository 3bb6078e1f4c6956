//! Certificates that the description does not ask for.

use pki_core::Cluster;
use pki_core::converge::{self, ConvergeError, LeafKey, Order, OrderKey, State, Terms};
use pki_core::key::{KeyAlgorithm, PrivateKey};
use pki_core::leaf::{LeafId, Owner};
use pki_core::name::San;
use pki_core::role::Role;
use pki_core::seal::Unlocked;
use pki_core::store::{Memory, Pki};
use pki_core::verify;
use time::OffsetDateTime;

use crate::keys::keys_of;
use crate::workbench::{Workbench, faults};

const NODES: &str = "domain: internal.example\nnodes:\n  - { name: etcd-0, addresses: [10.0.0.10, \"fd00::10\"] }\n";

struct Made {
    cluster: Cluster,
    pki: Pki<Memory>,
    keys: Unlocked,
    state: State,
    now: OffsetDateTime,
}

impl Made {
    fn new(description: &str) -> Self {
        let cluster = Cluster::from_yaml(description).unwrap();
        let mut pki = Pki::new(Memory::default());
        let keys = keys_of(&mut pki, "etcd");
        let now = OffsetDateTime::now_utc();
        let plan = converge::plan(&cluster, &pki, now).unwrap();
        let state = plan.apply(&cluster, &mut pki, &keys, now).unwrap();
        Self {
            cluster,
            pki,
            keys,
            state,
            now,
        }
    }

    fn order(&mut self, order: Order) -> Result<pki_core::store::StoredLeaf, ConvergeError> {
        let ordered = order.issue(&self.cluster, &self.pki, &self.keys, self.now)?;
        ordered.commit(&mut self.pki)
    }
}

fn id(owner: &str, role: Role) -> LeafId {
    LeafId {
        owner: Owner::Other(owner.parse().unwrap()),
        role,
    }
}

fn names(names: &[&str]) -> Vec<San> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

#[test]
fn an_order_signs_the_lists_that_are_due() {
    let mut made = Made::new(NODES);
    let order =
        |made: &Made, owner| Order::new(&made.cluster, id(owner, Role::Client), vec![], None);
    let early = order(&made, "early").unwrap();
    let early = early
        .issue(&made.cluster, &made.pki, &made.keys, made.now)
        .unwrap();
    assert!(early.lists().written.is_empty(), "{:?}", early.lists());
    // Two thirds of the ninety days have passed.
    let later = made.now + time::Duration::days(61);
    let late = order(&made, "late").unwrap();
    let late = late
        .issue(&made.cluster, &made.pki, &made.keys, later)
        .unwrap();
    assert_eq!(late.lists().written, ["crl/etcd.crl", "crl/etcd.pem"]);
    late.commit(&mut made.pki).unwrap();
    let due = converge::plan(&made.cluster, &made.pki, later).unwrap();
    assert_eq!(due.lists(), []);
}

#[test]
fn every_kind_of_name_and_key_is_issued() {
    let mut made = Made::new(NODES);
    let bench = Workbench::new();
    let all = names(&[
        "gw.internal.example",
        "*.gw.internal.example",
        "10.0.0.40",
        "fd00::40",
        "spiffe://etcd/gw",
    ]);
    for algorithm in KeyAlgorithm::ALL {
        let order = Order::new(&made.cluster, id("gw", Role::Server), all.clone(), None).unwrap();
        let order = order.with_key(OrderKey::Here(LeafKey::NewOf(algorithm)));
        let leaf = made
            .order(order.with_lifetime("30d".parse().unwrap()))
            .unwrap();
        let authorities = made.state.authorities.iter().rev();
        let above: Vec<_> = authorities.map(|stored| &stored.certificate).collect();
        bench.verify_strictly(leaf.certificate(), &above);
        let text = bench.openssl("x509 -in verify-leaf.pem -noout -ext subjectAltName");
        for part in [
            "DNS:gw.internal.example",
            "DNS:*.gw",
            "IP Address:10.0.0.40",
            "FD00:0:0",
            "URI:spiffe://etcd/gw",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let key = made.pki.leaf_key(&leaf, &made.keys).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        let lifetime = leaf.certificate().validity.not_after - made.now;
        assert!(lifetime <= time::Duration::days(30) && lifetime > time::Duration::days(29));
    }
    // Not one of them is touched, and each is told of.
    let before = made.pki.store().clone();
    let plan = converge::plan(&made.cluster, &made.pki, made.now).unwrap();
    assert!(plan.actions().is_empty());
    plan.apply(&made.cluster, &mut made.pki, &made.keys, made.now)
        .unwrap();
    assert_eq!(*made.pki.store(), before);
    let described = made.state.leaves.iter().map(|leaf| &leaf.id);
    assert_eq!(made.pki.undescribed(described).unwrap().len(), 1);
    let report = verify::verify(&made.cluster, &made.pki, Some(&made.keys), made.now).unwrap();
    assert!(faults(&report).is_empty(), "{report:?}");
}

#[test]
fn a_lifetime_is_cut_to_the_issuers() {
    let mut made = Made::new(NODES);
    let order = Order::new(&made.cluster, id("long", Role::Client), Vec::new(), None).unwrap();
    let leaf = made
        .order(order.with_lifetime("50y".parse().unwrap()))
        .unwrap();
    let etcd = &made.state.authorities[2].certificate;
    assert_eq!(
        leaf.certificate().validity.not_after,
        etcd.validity.not_after
    );
}

#[test]
fn an_order_keeps_to_the_constraints_and_to_what_is_not_described() {
    let mut made = Made::new(NODES);
    for outside in ["a.other.example", "10.9.0.1", "fd01::1"] {
        let order = Order::new(
            &made.cluster,
            id("x", Role::Server),
            names(&[outside]),
            None,
        )
        .unwrap();
        assert!(matches!(
            order.check(&made.cluster, &made.pki),
            Err(ConvergeError::OutsideConstraints { name, .. }) if name == outside
        ));
        assert!(made.order(order).is_err());
    }
    for (owner, role) in [("etcd-0", Role::Server), ("etcdctl", Role::Client)] {
        let order = Order::new(
            &made.cluster,
            id(owner, role),
            names(&["a.internal.example"]),
            None,
        );
        assert!(matches!(order, Err(ConvergeError::Described(_))));
    }
    // The same owner in a role that is not described is another leaf.
    let order = Order::new(&made.cluster, id("etcd-0", Role::Client), Vec::new(), None).unwrap();
    made.order(order).unwrap();
    for role in [Role::Server, Role::Peer] {
        let nameless = Order::new(&made.cluster, id("x", role), Vec::new(), None);
        assert!(matches!(nameless, Err(ConvergeError::Nameless(_))));
    }
}

#[test]
fn a_client_of_the_grpc_proxy_has_no_common_name() {
    let mut made = Made::new(NODES);
    let bench = Workbench::new();
    let proxy = || id("proxy", Role::Client);
    let none = Order::new(&made.cluster, proxy(), Vec::new(), Some(String::new()));
    assert!(matches!(none, Err(ConvergeError::Nameless(_))));
    let one = names(&["proxy.internal.example"]);
    let order = Order::new(&made.cluster, proxy(), one, Some(String::new())).unwrap();
    let leaf = made.order(order).unwrap();
    assert_eq!(leaf.certificate().common_name, None);
    let authorities = made.state.authorities.iter().rev();
    let above: Vec<_> = authorities.map(|stored| &stored.certificate).collect();
    bench.verify_strictly(leaf.certificate(), &above);
    // RFC 5280 section 4.2.1.6: critical where the subject is empty.
    let text = bench.openssl("x509 -in verify-leaf.pem -noout -ext subjectAltName");
    assert!(text.contains("critical"), "{text}");
}

#[test]
fn the_key_of_a_request_is_not_kept() {
    let mut made = Made::new(NODES);
    let key = PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap();
    let order = Order::new(&made.cluster, id("own", Role::Client), Vec::new(), None).unwrap();
    let leaf = made
        .order(order.with_key(OrderKey::Owners(key.public().clone())))
        .unwrap();
    assert_eq!(leaf.certificate().public_key, *key.public());
    assert!(made.pki.leaf_key(&leaf, &made.keys).is_err());
    let files: Vec<_> = made
        .pki
        .store()
        .files()
        .map(|(path, _)| path.to_owned())
        .collect();
    assert!(files.contains(&"certificates/own/client/1/tls.crt".to_owned()));
    assert!(
        !files
            .iter()
            .any(|path| path.starts_with("certificates/own") && path.contains("key"))
    );
}

#[test]
fn a_described_leaf_is_renewed_with_its_key_or_another() {
    let mut made = Made::new(NODES);
    let server = made.state.leaves[0].clone();
    let mut renew = |key, lifetime: Option<&str>| {
        let mut plan = converge::plan(&made.cluster, &made.pki, made.now).unwrap();
        let mut terms = Terms::default();
        terms.key = key;
        terms.lifetime = lifetime.map(|text| text.parse().unwrap());
        plan.renew(&server.id, terms).unwrap();
        assert_eq!(plan.actions().len(), 1);
        let state = plan
            .apply(&made.cluster, &mut made.pki, &made.keys, made.now)
            .unwrap();
        state.leaf(&server.id).unwrap().clone()
    };
    let same = renew(LeafKey::Same, Some("7d"));
    assert_eq!(same.generation, 2);
    assert_eq!(
        same.certificate().public_key,
        server.certificate().public_key
    );
    assert_ne!(same.certificate().serial, server.certificate().serial);
    let other = renew(LeafKey::NewOf(KeyAlgorithm::Rsa2048), None);
    assert_eq!(
        (other.generation, other.certificate().key_algorithm.as_str()),
        (3, "RSA 2048")
    );
    // It stays: key and lifetime are not what the description is held against.
    let plan = converge::plan(&made.cluster, &made.pki, made.now).unwrap();
    assert!(plan.actions().is_empty());
    let unknown = converge::plan(&made.cluster, &made.pki, made.now)
        .unwrap()
        .renew(&id("nobody", Role::Client), Terms::default());
    assert!(matches!(unknown, Err(ConvergeError::Undescribed(_))));
}

#[test]
fn fewer_levels_make_a_cluster_too() {
    for (levels, authorities) in [(1, 1), (2, 2)] {
        for issuing in [false, true] {
            let made = Made::new(&format!(
                "{NODES}authorities: {{ levels: {levels}, etcd: {{ issuing: {issuing} }} }}\n"
            ));
            let report =
                verify::verify(&made.cluster, &made.pki, Some(&made.keys), made.now).unwrap();
            assert!(faults(&report).is_empty(), "{report:?}");
            assert_eq!(report.authorities, authorities + usize::from(issuing));
            let bench = Workbench::new();
            let above: Vec<_> = made
                .state
                .authorities
                .iter()
                .rev()
                .map(|stored| &stored.certificate)
                .collect();
            for leaf in &made.state.leaves {
                bench.verify_strictly(leaf.certificate(), &above);
                assert_eq!(leaf.chain.len(), above.len());
            }
        }
    }
}

#[test]
fn what_an_authority_publishes_stands_in_what_it_signs() {
    let made = Made::new(&format!(
        "{NODES}authorities:\n  root: {{ publication: {{ crl: [\"http://pki.example/root.crl\"], issuers: [\"http://pki.example/root.crt\"] }} }}\n  \
         etcd: {{ publication: {{ crl: [\"http://pki.example/etcd.crl\"], ocsp: [\"http://ocsp.example/\"], policies: [\"1.3.6.1.4.1.99999.1\"] }} }}\n"
    ));
    let bench = Workbench::new();
    let authorities = made.state.authorities.iter().rev();
    let above: Vec<_> = authorities.map(|stored| &stored.certificate).collect();
    for leaf in &made.state.leaves {
        bench.verify_strictly(leaf.certificate(), &above);
        let text = bench.openssl("x509 -in verify-leaf.pem -noout -text");
        for part in [
            "URI:http://pki.example/etcd.crl",
            "OCSP - URI:http://ocsp.example/",
            "Policy: 1.3.6.1.4.1.99999.1",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    bench.write("intermediate.pem", above[1].to_pem());
    let text = bench.openssl("x509 -in intermediate.pem -noout -text");
    assert!(
        text.contains("CA Issuers - URI:http://pki.example/root.crt"),
        "{text}"
    );
    bench.write("root.pem", above[2].to_pem());
    let text = bench.openssl("x509 -in root.pem -noout -text");
    assert!(!text.contains("pki.example"), "{text}");
    let report = verify::verify(&made.cluster, &made.pki, Some(&made.keys), made.now).unwrap();
    assert!(faults(&report).is_empty(), "{report:?}");
}
