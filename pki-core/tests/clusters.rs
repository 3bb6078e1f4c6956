//! Descriptions of all kinds: what is made from one verifies and breaks no lint, and what is
//! changed in it is found.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

#[path = "support/keys.rs"]
mod keys;

use pki_core::authority::Authority;
use pki_core::certificate::{Certificate, bundle};
use pki_core::converge;
use pki_core::hierarchy::AuthorityName;
use pki_core::leaf::{Leaf, leaves};
use pki_core::lifetime::{Lifetime, Validity};
use pki_core::lint::Severity;
use pki_core::name::San;
use pki_core::profile::{Profile, Subject};
use pki_core::role::Usage;
use pki_core::seal::Unlocked;
use pki_core::store::{Memory, Pki, StoredLeaf};
use pki_core::verify::{Finding, verify};
use pki_core::{Cluster, key::PrivateKey};
use proptest::prelude::*;
use time::{Duration, OffsetDateTime};

use keys::keys_of;

/// A PKI in memory.
struct Made {
    cluster: Cluster,
    store: Memory,
    keys: Unlocked,
}

impl Made {
    fn new(description: &str) -> Self {
        let cluster = Cluster::from_yaml(description)
            .unwrap_or_else(|error| panic!("{error}\n{description}"));
        let mut pki = Pki::new(Memory::default());
        let keys = keys_of(&mut pki, "etcd");
        let now = OffsetDateTime::now_utc();
        let plan = converge::plan(&cluster, &pki, now).unwrap();
        plan.apply(&cluster, &mut pki, &keys, now).unwrap();
        let store = pki.store().clone();
        Self {
            cluster,
            store,
            keys,
        }
    }

    fn pki(&self) -> Pki<Memory> {
        Pki::new(self.store.clone())
    }

    /// Errors and warnings: a notice may be what is described.
    fn findings(&self, store: &Memory, after: Duration) -> Vec<Finding> {
        let now = OffsetDateTime::now_utc() + after;
        let pki = Pki::new(store.clone());
        let report = verify(&self.cluster, &pki, Some(&self.keys), now).unwrap();
        let is_serious = |one: &Finding| one.lint.severity != Severity::Notice;
        report.findings.into_iter().filter(is_serious).collect()
    }

    fn authority(&self, name: AuthorityName) -> Authority {
        let stored = self.pki().authority(name).unwrap().unwrap();
        let key = self.pki().authority_key(&stored, &self.keys).unwrap();
        Authority::new(stored.certificate, key).unwrap()
    }

    /// The leaf signed anew after `profile`, for its own key.
    fn signed_anew(&self, stored: &StoredLeaf, profile: &Profile, issuer: &Authority) -> Memory {
        let key: PrivateKey = self.pki().leaf_key(stored, &self.keys).unwrap();
        let now = OffsetDateTime::now_utc();
        let validity = Validity::starting(now, Lifetime::days(30), Duration::minutes(10));
        let certificate = issuer.issue(profile, key.public(), validity).unwrap();
        let chain = stored.chain.iter().skip(1).cloned();
        let chain: Vec<Certificate> = std::iter::once(certificate).chain(chain).collect();
        let mut store = self.store.clone();
        store.set(
            &format!("certificates/{}/{}/tls.crt", stored.id, stored.generation),
            Some(bundle::write(&chain).into_bytes()),
        );
        store
    }
}

/// A way to get a leaf wrong.
#[derive(Clone, Copy, Debug)]
enum Mutation {
    AnotherCommonName,
    AnotherName,
    AnotherUsage,
    LostName,
    WrongIssuer,
}

impl Mutation {
    /// The profile that is wrong in this way, if a leaf can be.
    fn apply(self, leaf: &Leaf) -> Option<Profile> {
        let Leaf { profile, .. } = leaf;
        let subject = profile.subject().clone();
        let names = profile.names().to_vec();
        Some(match self {
            Self::AnotherCommonName => {
                Profile::leaf(Subject::common("another"), profile.usages(), names)
            }
            Self::AnotherName => {
                let mut more = names.clone();
                let first = names.iter().find_map(|name| match name {
                    San::Dns(name) => Some(name.clone()),
                    _ => None,
                })?;
                more.push(San::Dns(first.prefixed(&"more".parse().unwrap()).ok()?));
                Profile::leaf(subject, profile.usages(), more)
            }
            Self::AnotherUsage => {
                let usages: &[Usage] = match profile.usages() {
                    [Usage::ClientAuth] => &[Usage::ServerAuth],
                    _ => &[Usage::ClientAuth],
                };
                Profile::leaf(subject, usages, names)
            }
            Self::LostName => {
                let (_, rest) = names.split_first()?;
                Profile::leaf(subject, profile.usages(), rest.to_vec())
            }
            Self::WrongIssuer => profile.clone(),
        })
    }
}

fn mutations() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        Just(Mutation::AnotherCommonName),
        Just(Mutation::AnotherName),
        Just(Mutation::AnotherUsage),
        Just(Mutation::LostName),
        Just(Mutation::WrongIssuer),
    ]
}

fn descriptions() -> impl Strategy<Value = String> {
    let label = "[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?";
    let domain = prop_oneof![
        Just("internal".to_owned()),
        "[a-z]{1,8}\\.[a-z]{2,6}",
        "[a-z]{1,8}\\.[a-z0-9]{1,5}\\.[a-z]{2,6}",
    ];
    let nodes = prop::collection::btree_set(label, 1..4);
    let clients = prop::collection::btree_set("[a-z][a-z0-9._@-]{0,12}x", 1..3);
    let addresses = prop_oneof![
        Just(("10.0.{}.7", "")),
        Just(("192.168.{}.1", "fd00:{}::1")),
        Just(("fd12:3456:{}::9", "")),
    ];
    let leaf_key = prop::sample::select(vec!["p256", "p384", "ed25519", "p521"]);
    let authority_key = prop::sample::select(vec!["p256", "p384", "ed25519"]);
    let anchor = prop::sample::select(vec!["etcd", "intermediate", "root"]);
    let sharing = prop::sample::select(vec!["per-node", "shared"]);
    let constraints = prop::sample::select(vec!["auto", "none"]);
    let sans = prop::sample::subsequence(
        vec![
            "vip.example.com",
            "'*.lb.example.com'",
            "203.0.113.9",
            "2001:db8::1",
            "localhost",
        ],
        0..4,
    );
    let settings = (leaf_key, authority_key, anchor, sharing, constraints, sans);
    let switches = (any::<bool>(), any::<bool>(), 1_u32..3000, others());
    (domain, nodes, clients, addresses, settings, switches).prop_map(
        |(domain, nodes, clients, (first, second), settings, (issuing, gateway, days, others))| {
            let (key, authority_key, anchor, sharing, constraints, sans) = settings;
            // Beside others, members trust the etcd authority alone.
            let anchor = if others.is_empty() { anchor } else { "etcd" };
            let node = |(index, name): (usize, &String)| {
                let address = |pattern: &str| pattern.replace("{}", &(index + 1).to_string());
                let addresses: Vec<_> = [first, second]
                    .iter()
                    .filter(|pattern| !pattern.is_empty())
                    .map(|pattern| format!("'{}'", address(pattern)))
                    .collect();
                format!("  - {{ name: '{name}', addresses: [{}] }}\n", addresses.join(", "))
            };
            let nodes: String = nodes.iter().enumerate().map(node).collect();
            let clients: Vec<_> = clients.iter().map(|name| format!("'{name}'")).collect();
            format!(
                "domain: {domain}\nnodes:\n{nodes}clients: [{}]\ntrust_anchor: {anchor}\n\
                 certificates: {{ key: {key}, sharing: {sharing}, lifetime: {}d, server_sans: [{}] }}\n\
                 authorities: {{ root: {{ key: {authority_key} }}, etcd: {{ key: {authority_key}, \
                 issuing: {issuing}, name_constraints: {constraints} }}, others: [{others}] }}\n\
                 etcd: {{ enable_grpc_gateway: {gateway} }}\n",
                clients.join(", "),
                days.min(1824),
                sans.join(", "),
            )
        },
    )
}

/// Authorities of other services.
fn others() -> impl Strategy<Value = String> {
    let names = prop::collection::btree_set("[a-z][a-z0-9-]{0,37}q", 0..3);
    let constraints = prop::sample::select(vec![
        "none",
        "{ dns: [cluster.local], addresses: [10.96.0.0/12, 'fd00:1::/112'] }",
    ]);
    (names, 0_u8..4, 1_u32..3650, constraints).prop_map(|(names, length, days, constraints)| {
        let describe = |name: &String| {
            format!(
                "{{ name: {name}, path_length: {length}, lifetime: {days}d, name_constraints: {constraints} }}"
            )
        };
        names.iter().map(describe).collect::<Vec<_>>().join(", ")
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_made_verifies_and_what_is_changed_is_found(
        description in descriptions(),
        mutation in mutations(),
        chosen in any::<prop::sample::Index>(),
    ) {
        let made = Made::new(&description);
        prop_assert_eq!(made.findings(&made.store, Duration::ZERO), []);

        let described = leaves(&made.cluster);
        let leaf = chosen.get(&described);
        let stored = made.pki().leaf(&leaf.id).unwrap().unwrap();
        let signing = AuthorityName::signing(&made.cluster);
        let issuer = match mutation {
            // The same names, and another key.
            Mutation::WrongIssuer => Made::new(&description).authority(signing),
            _ => made.authority(signing),
        };
        let is_found = |findings: &[Finding]| {
            let path = format!("certificates/{}/", leaf.id);
            findings.iter().any(|one| {
                one.path.contains(&path) && one.lint.severity == Severity::Error
            })
        };
        if let Some(profile) = mutation.apply(leaf) {
            let changed = made.signed_anew(&stored, &profile, &issuer);
            let found = made.findings(&changed, Duration::ZERO);
            prop_assert!(is_found(&found), "{:?} of {}: {:?}\n{}", mutation, leaf.id, found, description);
        }
        let end = stored.certificate().validity.not_after - OffsetDateTime::now_utc();
        let late = made.findings(&made.store, end + Duration::days(1));
        prop_assert!(is_found(&late), "an end is not found: {:?}", late);
        let early = made.findings(&made.store, -Duration::days(2));
        prop_assert!(is_found(&early), "a beginning is not found: {:?}", early);
    }
}
