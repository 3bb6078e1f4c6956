//! Authorities of other services, which stand beside etcd's.

use pki_core::Cluster;
use pki_core::certificate::{Certificate, bundle};
use pki_core::converge::{self, AuthorityAnswer, ConvergeError, Order, State};
use pki_core::crl::{Crl, Reason};
use pki_core::hierarchy::AuthorityName;
use pki_core::import::{Import, ImportError};
use pki_core::key::PrivateKey;
use pki_core::leaf::{LeafId, Owner};
use pki_core::lint::{self, Severity};
use pki_core::revocation::Revocation;
use pki_core::role::{Role, Usage};
use pki_core::seal::Unlocked;
use pki_core::signer::Custody;
use pki_core::store::{Batch, Memory, Pki, Store, StoredLeaf};
use pki_core::verify::{self, PathError};
use time::OffsetDateTime;

use crate::keys::keys_of;
use crate::workbench::{Workbench, days, faults};

const NODES: &str = "domain: internal.example\nnodes:\n  - { name: etcd-0, addresses: [10.0.0.10] }\nclients: [etcdctl]\n";
const OTHERS: &str = "[{ name: kubernetes, lifetime: 4y }, { name: front-proxy, key: ed25519, path_length: 0, \
     name_constraints: { dns: [cluster.local], addresses: [10.96.0.0/12] } }]";

fn described(levels: u8) -> String {
    format!("{NODES}authorities: {{ levels: {levels}, others: {OTHERS} }}\n")
}

struct Made {
    cluster: Cluster,
    pki: Pki<Memory>,
    keys: Unlocked,
    now: OffsetDateTime,
}

impl Made {
    fn new(description: &str) -> Self {
        let mut pki = Pki::new(Memory::default());
        let keys = keys_of(&mut pki, "etcd");
        let mut made = Self {
            cluster: Cluster::from_yaml(description).unwrap(),
            pki,
            keys,
            now: OffsetDateTime::now_utc(),
        };
        made.converge();
        made
    }

    fn converge(&mut self) -> (usize, State) {
        let plan = converge::plan(&self.cluster, &self.pki, self.now).unwrap();
        let count = plan.actions().len();
        let state = plan
            .apply(&self.cluster, &mut self.pki, &self.keys, self.now)
            .unwrap();
        (count, state)
    }

    fn describe(&mut self, description: &str) {
        self.cluster = Cluster::from_yaml(description).unwrap();
    }

    fn certificate(&self, name: &str) -> Certificate {
        let stored = self.pki.authority(name.parse().unwrap()).unwrap();
        stored.unwrap_or_else(|| panic!("no {name}")).certificate
    }

    fn order(&mut self, issuer: &str, owner: &str, role: Role, san: &str) -> StoredLeaf {
        let names = san.split_whitespace().map(|name| name.parse().unwrap());
        let issuer = issuer.parse().unwrap();
        let order = Order::under(
            &self.cluster,
            issuer,
            id(owner, role),
            names.collect(),
            None,
        );
        self.issue(order.unwrap()).unwrap()
    }

    fn issue(&mut self, order: Order) -> Result<StoredLeaf, ConvergeError> {
        let ordered = order.issue(&self.cluster, &self.pki, &self.keys, self.now)?;
        ordered.commit(&mut self.pki)
    }

    fn report(&self) -> verify::Report {
        verify::verify(&self.cluster, &self.pki, Some(&self.keys), self.now).unwrap()
    }

    fn bundle(&self, of: &str) -> Vec<Certificate> {
        let text = self.pki.store().read(&format!("trust/{of}.crt")).unwrap();
        bundle::read(&text.unwrap()).unwrap()
    }
}

fn id(owner: &str, role: Role) -> LeafId {
    LeafId {
        owner: Owner::Other(owner.parse().unwrap()),
        role,
    }
}

fn name(text: &str) -> AuthorityName {
    text.parse().unwrap()
}

#[test]
fn they_stand_beside_the_etcd_authority_and_in_no_bundle() {
    for (levels, above) in [(3, "intermediate"), (2, "root")] {
        let mut made = Made::new(&described(levels));
        assert_eq!(made.converge().0, 0, "a second run finds all of it");
        assert_eq!(made.report().findings, []);
        assert_eq!(made.report().authorities, usize::from(levels) + 2);
        let issuer = made.certificate(above);
        for (other, length) in [("kubernetes", 1), ("front-proxy", 0)] {
            let certificate = made.certificate(other);
            assert!(certificate.is_issued_by(&issuer), "{other}");
            assert_eq!(certificate.authority.unwrap().path_len, Some(length));
            let violations = lint::issued(&certificate, &issuer);
            assert!(lint::certificate(&certificate).is_empty() && violations.is_empty());
            for bundle in ["members", "clients"] {
                assert!(!made.bundle(bundle).contains(&certificate), "{bundle}");
            }
        }
        let end = made.certificate("kubernetes").validity.not_after;
        assert!(end < made.certificate("etcd").validity.not_after);
    }
}

#[test]
fn members_refuse_what_they_sign() {
    let bench = Workbench::new();
    let mut made = Made::new(&described(3));
    let kubelet = made.order("kubernetes", "kubelet", Role::Client, "");
    let etcdctl = made.pki.leaf(&LeafId {
        owner: Owner::Client("etcdctl".parse().unwrap()),
        role: Role::Client,
    });
    bench.write("members.crt", bundle::write(&made.bundle("members")));
    bench.write("clients.crt", bundle::write(&made.bundle("clients")));
    for (leaf, taken) in [(kubelet, false), (etcdctl.unwrap().unwrap(), true)] {
        let members = made.bundle("members");
        let result = verify::validate(&leaf.chain, &members, Usage::ClientAuth, made.now);
        assert_eq!(result.is_ok(), taken, "{}: {result:?}", leaf.id);
        assert!(
            taken || matches!(result, Err(PathError::UnknownIssuer)),
            "{result:?}"
        );
        bench.write("leaf.crt", bundle::write(&leaf.chain));
        // As etcd has it, whose anchor need not sign itself.
        let verify = "verify -x509_strict -purpose sslclient -untrusted leaf.crt";
        let openssl = bench.try_openssl(&format!(
            "{verify} -partial_chain -CAfile members.crt leaf.crt"
        ));
        assert_eq!(openssl.status.success(), taken, "{openssl:?}");
        // Who trusts the root takes both.
        bench.openssl(&format!("{verify} -CAfile clients.crt leaf.crt"));
    }
}

#[test]
fn they_sign_within_their_constraints_and_roles() {
    let bench = Workbench::new();
    let mut made = Made::new(&described(3));
    let server = made.order(
        "front-proxy",
        "api",
        Role::Server,
        "api.cluster.local 10.96.0.1",
    );
    assert!(!server.certificate().extended_key_usages.is_empty());
    let above: Vec<_> = server.chain[1..].to_vec();
    assert_eq!(above[0], made.certificate("front-proxy"));
    let root = made.certificate("root");
    let above: Vec<_> = above.iter().chain([&root]).collect();
    bench.verify_strictly(server.certificate(), &above);
    let purpose = |purpose: &str| {
        let files = "-CAfile verify-root.pem -untrusted verify-between.pem verify-leaf.pem";
        bench.try_openssl(&format!("verify -purpose {purpose} {files}"))
    };
    // A gateway that dials itself has etcd alone.
    assert!(purpose("sslserver").status.success() && !purpose("sslclient").status.success());

    let outside = vec!["api.internal.example".parse().unwrap()];
    let order = Order::under(
        &made.cluster,
        name("front-proxy"),
        id("x", Role::Server),
        outside,
        None,
    );
    let error = made.issue(order.unwrap()).unwrap_err();
    assert!(
        matches!(error, ConvergeError::OutsideConstraints { .. }),
        "{error}"
    );
    let refused = |issuer: &str, role| {
        let names = vec!["x.cluster.local".parse().unwrap()];
        Order::under(&made.cluster, name(issuer), id("x", role), names, None).unwrap_err()
    };
    let error = refused("kubernetes", Role::Peer);
    assert!(matches!(error, ConvergeError::NoPeers(_)), "{error}");
    for issuer in ["root", "intermediate", "issuing", "nobody"] {
        let error = refused(issuer, Role::Client).to_string();
        assert!(error.contains("etcd, kubernetes, front-proxy"), "{error}");
    }
    // What they signed is nothing that a description could ask for.
    assert_eq!(made.report().findings, []);
    let status = pki_core::status::status(&made.cluster, &made.pki, made.now).unwrap();
    assert_eq!(
        (status.undescribed.len(), status.of_other_services.len()),
        (0, 1)
    );
    assert_eq!(status.authorities.len(), 5);
}

#[test]
fn each_has_a_list_of_its_own() {
    let mut made = Made::new(&described(3));
    let kubelet = made.order("kubernetes", "kubelet", Role::Client, "");
    let revocation = Revocation::new(kubelet.certificate(), Reason::KeyCompromise, made.now);
    let cluster = made.cluster.clone();
    converge::revoke(&cluster, &mut made.pki, &[revocation], &made.keys, made.now).unwrap();
    let list = |path: &str| Crl::from_der(&made.pki.store().read(path).unwrap().unwrap()).unwrap();
    for (other, count) in [("kubernetes", 1), ("front-proxy", 0)] {
        let list = list(&format!("crl/authorities/{other}/1.crl"));
        assert!(list.is_signed_by(&made.certificate(other)));
        assert_eq!(list.entries.len(), count, "{other}");
    }
    assert!(
        list("crl/etcd.crl")
            .find(&kubelet.certificate().serial)
            .is_some()
    );
    assert_eq!(made.report().findings, []);
}

#[test]
fn one_comes_later_and_goes_again() {
    let mut made = Made::new(NODES);
    made.describe(&described(3));
    let missing = faults(&made.report())
        .iter()
        .map(|one| one.lint.code)
        .collect::<Vec<_>>();
    assert_eq!(missing, ["authority-missing", "authority-missing"]);
    assert_eq!(made.converge().0, 2);
    assert_eq!(made.report().findings, []);
    // A chain that has no room below its intermediate is told of.
    made.describe(&described(3).replace("path_length: 0", "path_length: 2"));
    let report = made.report();
    assert!(
        report
            .findings
            .iter()
            .all(|one| one.lint.code == "setting-for-next-issue")
    );
    assert_eq!(report.findings.len(), 3, "{:?}", report.findings);
    made.describe(NODES);
    assert_eq!(made.converge().0, 0);
    let report = made.report();
    assert_eq!(
        report.count(Severity::Error) + report.count(Severity::Warning),
        0
    );
    let told: Vec<_> = report.findings.iter().map(|one| one.lint.code).collect();
    assert_eq!(told, ["undescribed", "undescribed"]);
}

#[test]
fn one_without_room_above_it_is_not_made() {
    let mut made = Made::new(NODES);
    made.describe(&described(3).replace("path_length: 0", "path_length: 2"));
    let before = made.pki.store().clone();
    let plan = converge::plan(&made.cluster, &made.pki, made.now).unwrap();
    let error = plan
        .apply(&made.cluster, &mut made.pki, &made.keys, made.now)
        .unwrap_err();
    assert!(error.to_string().contains("leaves no room"), "{error}");
    assert_eq!(*made.pki.store(), before);
}

#[test]
fn one_is_asked_for_or_brought_from_elsewhere() {
    let mut made = Made::new(NODES);
    made.describe(&described(3));
    let key = PrivateKey::generate("p256".parse().unwrap()).unwrap();
    let profile = name("kubernetes").profile(&made.cluster, 1);
    let request = profile.request(&key).unwrap();
    let answer = AuthorityAnswer::new(&made.cluster, name("kubernetes"), &request).unwrap();
    let signed = answer.issue(&made.pki, &made.keys, None, made.now).unwrap();
    let is_own = |certificate: &Certificate| certificate.public_key == *key.public();
    let check = |which: &str, given: &[Certificate]| {
        Import::check(
            &made.cluster,
            &made.pki,
            name(which),
            given,
            is_own,
            made.now,
        )
    };
    let import = check("kubernetes", std::slice::from_ref(&signed)).unwrap();
    let error = check("nobody", std::slice::from_ref(&signed)).unwrap_err();
    assert!(matches!(error, ImportError::Unknown(_)), "{error}");
    let profile = pki_core::profile::Profile::authority(
        pki_core::profile::Subject::common("corporate"),
        1,
        None,
    );
    let foreign = pki_core::authority::Authority::self_signed(&profile, key, days(30)).unwrap();
    let given = foreign.certificate().clone();
    let error = Import::check(
        &made.cluster,
        &made.pki,
        name("kubernetes"),
        &[given],
        |_| true,
        made.now,
    );
    let error = error.unwrap_err();
    assert!(matches!(error, ImportError::SelfSigned { .. }), "{error}");

    let mut batch = Batch::default();
    import
        .add_elsewhere(&mut batch, &made.pki, &Custody::Offline)
        .unwrap();
    made.pki.commit(batch).unwrap();
    // The other one is made, and lists are signed but that whose key is elsewhere.
    let (count, state) = made.converge();
    assert_eq!(count, 1);
    assert_eq!(state.lists.unsigned, []);
    assert!(
        made.pki
            .store()
            .read("crl/authorities/kubernetes/1.crl")
            .unwrap()
            .is_none()
    );
}
