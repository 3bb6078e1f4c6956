use time::Duration;

use super::super::{Answer, Port, Refusal, Replaced, Sighting, Unseen};
use super::*;
use crate::converge;
use crate::crl::Reason;
use crate::hierarchy::AuthorityName;
use crate::lint::member;
use crate::revocation::Revocation;
use crate::seal::Unlocked;
use crate::seal::tests::keys_of;
use crate::store::{Batch, Memory};

const DESCRIPTION: &str = "\
domain: internal.domain
etcd: { version: '3.5' }
nodes:
  - { name: etcd-0, addresses: [10.0.0.10] }
  - { name: etcd-1, addresses: [10.0.0.11] }
";

struct Site {
    cluster: Cluster,
    pki: Pki<Memory>,
    keys: Unlocked,
    now: OffsetDateTime,
}

impl Site {
    fn new() -> Self {
        let mut pki = Pki::new(Memory::default());
        let mut site = Self {
            cluster: Cluster::from_yaml(DESCRIPTION).unwrap(),
            keys: keys_of(&mut pki),
            pki,
            now: OffsetDateTime::now_utc(),
        };
        site.converge();
        site
    }

    fn converge(&mut self) {
        let plan = converge::plan(&self.cluster, &self.pki, self.now).unwrap();
        plan.apply(&self.cluster, &mut self.pki, &self.keys, self.now)
            .unwrap();
    }

    fn renew(&mut self) {
        let mut plan = converge::plan(&self.cluster, &self.pki, self.now).unwrap();
        for renewal in converge::renewals(&self.cluster, &self.pki).unwrap() {
            plan.rotate(&renewal).unwrap();
        }
        plan.apply(&self.cluster, &mut self.pki, &self.keys, self.now)
            .unwrap();
    }

    fn leaf(&self, node: &str, role: Role) -> StoredLeaf {
        let id = LeafId::of_node(&self.cluster, &node.parse().unwrap(), role);
        self.pki.leaf(&id).unwrap().unwrap()
    }

    /// Every member as it must be.
    fn sightings(&self) -> Vec<Sighting> {
        let nodes = self.cluster.nodes.iter();
        let sightings = nodes.map(|node| {
            let port = |number, role| Port {
                address: (node.addresses[0], number).into(),
                presented: Ok(self.leaf(node.name.as_str(), role).chain),
                takes_strangers: false,
            };
            Sighting {
                name: node.name.clone(),
                client: port(2379, Role::Server),
                peer: port(2380, Role::Peer),
                answer: Some(Ok(Answer {
                    ailment: None,
                    version: Some("3.5.16".to_owned()),
                    clock_ahead: Some(Duration::seconds(-3)),
                    cluster_id: Some("17".to_owned()),
                    members: Some(vec!["etcd-0".to_owned(), "etcd-1".to_owned()]),
                })),
                still_trusts: Vec::new(),
            }
        });
        sightings.collect()
    }

    fn judged(&self, sightings: &[Sighting]) -> Vec<(String, &'static str, String)> {
        let findings = judge(&self.cluster, &self.pki, sightings, self.now).unwrap();
        let findings = findings.into_iter();
        findings
            .map(|one| (one.path, one.lint.code, one.message))
            .collect()
    }
}

fn answer(sighting: &mut Sighting) -> &mut Answer {
    sighting.answer.as_mut().unwrap().as_mut().unwrap()
}

#[test]
fn nothing_is_wrong_with_what_is_as_it_must_be() {
    let site = Site::new();
    let mut sightings = site.sightings();
    assert_eq!(site.judged(&sightings), []);
    // Who has no gateway tells less, and who shows no certificate is told nothing.
    sightings[0].answer = Some(Ok(Answer::default()));
    sightings[1].answer = None;
    assert_eq!(site.judged(&sightings), []);
}

#[test]
fn each_rule_is_found_by_itself() {
    type Break = fn(&mut Vec<Sighting>);
    let cases: [(&str, &str, Break, &str); 12] = [
        (
            "member-unreachable",
            "etcd-1 (10.0.0.11:2380)",
            |all| {
                let refused = Unseen::Unreached("connection refused".to_owned());
                all[1].peer.presented = Err(refused);
            },
            "it is not reached: connection refused",
        ),
        (
            "member-no-handshake",
            "etcd-1 (10.0.0.11:2379)",
            |all| {
                let alert = Unseen::NoHandshake("InternalError".to_owned());
                all[1].client.presented = Err(alert);
                all[1].answer = None;
            },
            "no TLS handshake with it: InternalError",
        ),
        (
            "member-takes-strangers",
            "etcd-0 (10.0.0.10:2379)",
            |all| all[0].client.takes_strangers = true,
            "clients that show no certificate",
        ),
        (
            "member-trust-stale",
            "etcd-0 (10.0.0.10:2379)",
            |all| all[0].answer = Some(Err(Refusal::Certificate("UnknownCA".to_owned()))),
            "UnknownCA",
        ),
        (
            "member-hangs-up",
            "etcd-0 (10.0.0.10:2379)",
            |all| all[0].answer = Some(Err(Refusal::HungUp)),
            "takes a client's certificate, and hangs up",
        ),
        (
            "member-trusts-replaced",
            "etcd-0 (10.0.0.10:2379)",
            |all| {
                all[0].still_trusts = vec![Replaced {
                    authority: AuthorityName::Etcd,
                    generation: 1,
                }];
            },
            "takes clients of the etcd CA, generation 1",
        ),
        (
            "member-unhealthy",
            "etcd-1 (10.0.0.11:2379)",
            |all| all[1].answer = Some(Err(Refusal::NoAnswer("silence".to_owned()))),
            "does not say whether it is healthy: silence",
        ),
        (
            "member-chain-stale",
            "etcd-1 (10.0.0.11:2379)",
            |all| all[1].client.presented.as_mut().unwrap().truncate(2),
            "sends `O=internal.domain, CN=etcd CA G1` along",
        ),
        (
            "member-unhealthy",
            "etcd-0 (10.0.0.10:2379)",
            |all| answer(&mut all[0]).ailment = Some("RAFT NO LEADER".to_owned()),
            "NO LEADER",
        ),
        (
            "member-version-other",
            "etcd-0 (10.0.0.10:2379)",
            |all| answer(&mut all[0]).version = Some("3.4.23".to_owned()),
            "etcd 3.4.23, and etcd.version is 3.5",
        ),
        (
            "member-clock-wrong",
            "etcd-1 (10.0.0.11:2379)",
            |all| answer(&mut all[1]).clock_ahead = Some(Duration::seconds(-61)),
            "61 s late",
        ),
        (
            "members-apart",
            "etcd-1 (10.0.0.11:2379)",
            |all| answer(&mut all[1]).cluster_id = Some("18".to_owned()),
            "cluster 18, and etcd-0 of cluster 17",
        ),
    ];
    let site = Site::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (code, path, spoil, message) in cases {
        let mut sightings = site.sightings();
        spoil(&mut sightings);
        let judged = site.judged(&sightings);
        let [(where_, what, says)] = &judged[..] else {
            panic!("{code}: {judged:?}");
        };
        assert_eq!((where_.as_str(), *what), (path, code));
        assert!(says.contains(message), "{says}");
        seen.insert(code);
    }
    // The tests below, and the last one in the tests of the command.
    seen.extend([
        "member-certificate-refused",
        "member-certificate-stale",
        "membership-not-as-described",
        "no-probe",
    ]);
    let all: BTreeSet<_> = member::LINTS.iter().map(|lint| lint.code).collect();
    assert_eq!(seen, all);
}

#[test]
fn one_that_was_not_brought_the_files_is_told_apart_from_one_that_is_refused() {
    let mut site = Site::new();
    let before = site.sightings();
    // A day before its end, and after the renewal that nobody brought to the hosts.
    site.now += Duration::days(364);
    site.renew();
    let judged = site.judged(&before);
    assert_eq!(judged.len(), 4, "{judged:?}");
    let (path, code, message) = &judged[0];
    assert_eq!(path, "etcd-0 (10.0.0.10:2379)");
    assert_eq!(*code, "member-certificate-stale");
    assert!(
        message.contains("which is certificates/etcd-0/server/1/tls.crt")
            && message.contains("the newest is generation 2"),
        "{message}"
    );
    site.now += Duration::days(2);
    let judged = site.judged(&before);
    let (_, code, message) = &judged[0];
    assert_eq!(*code, "member-certificate-refused");
    assert!(message.contains("as serverAuth: "), "{message}");
}

#[test]
fn what_is_revoked_foreign_or_of_another_node_is_refused() {
    let mut site = Site::new();
    let before = site.sightings();
    let revoked = site.leaf("etcd-0", Role::Server);
    let record = Revocation::new(revoked.certificate(), Reason::KeyCompromise, site.now);
    let mut batch = Batch::default();
    site.pki.add_revocation(&mut batch, &record).unwrap();
    site.pki.commit(batch).unwrap();
    site.now += Duration::seconds(1);
    site.converge();
    let (_, code, message) = &site.judged(&before)[0];
    assert_eq!(*code, "member-certificate-refused");
    assert!(message.contains("it is revoked"), "{message}");

    let mut sightings = Site::new().sightings();
    sightings.truncate(1);
    let (_, code, message) = &site.judged(&sightings)[0];
    assert_eq!(*code, "member-certificate-refused");
    assert!(message.contains("which is none in pki/"), "{message}");

    let mut sightings = site.sightings();
    sightings[0].client.presented = Ok(site.leaf("etcd-1", Role::Server).chain);
    let (_, code, message) = &site.judged(&sightings)[0];
    assert_eq!(*code, "member-certificate-refused");
    assert!(message.contains("as `etcd-0.internal.domain`"), "{message}");
    let place = "which is certificates/etcd-1/server/1/tls.crt";
    assert!(message.contains(place), "{message}");
}

#[test]
fn the_list_of_members_is_held_against_the_description() {
    let site = Site::new();
    for (members, wanted) in [
        (&["etcd-0"][..], &["described, and no members: etcd-1"][..]),
        (
            &["etcd-0", "etcd-1", "old"],
            &["members that are not described: old"],
        ),
        (
            &["etcd-0", ""],
            &["1 of its members were added and never started"],
        ),
        (
            &["etcd-0", "old"],
            &[
                "members that are not described: old",
                "described, and no members: etcd-1",
            ],
        ),
    ] {
        let mut sightings = site.sightings();
        for sighting in &mut sightings {
            answer(sighting).members = Some(members.iter().map(ToString::to_string).collect());
        }
        let judged = site.judged(&sightings);
        let messages: Vec<_> = judged.iter().map(|(_, _, message)| message).collect();
        assert_eq!(messages, wanted);
        assert!(
            judged
                .iter()
                .all(|(_, code, _)| *code == "membership-not-as-described")
        );
    }
}
