//! What we issue, before every judge.

use std::fs;

use fixtures::forge::Forged;
use fixtures::{openssl, run};
use pki_core::Cluster;
use pki_core::certificate::Certificate;
use pki_core::converge;
use pki_core::hierarchy::AuthorityName;
use pki_core::role::Role;
use pki_core::store::{Memory, Pki};
use tempfile::TempDir;
use time::OffsetDateTime;

use crate::judges::{Judges, Verdicts};
use crate::keys::keys_of;
use crate::scene::Material;

/// A leaf that was issued.
struct Issued {
    name: String,
    role: Role,
    material: Material,
}

/// Every leaf of a cluster with these settings; keys are written to `directory`.
fn issue(cluster: &str, settings: &str, directory: &TempDir) -> Vec<Issued> {
    let description = format!(
        "cluster: {cluster}\ndomain: example.com\nnodes:\n  - {{ name: etcd-0, addresses: [10.0.0.1, 'fd00::1'] }}\nclients: [root]\n{settings}\n"
    );
    let cluster = Cluster::from_yaml(&description).unwrap();
    let mut pki = Pki::new(Memory::default());
    let keys = keys_of(&mut pki, cluster.name.as_str());
    let now = OffsetDateTime::now_utc();
    let plan = converge::plan(&cluster, &pki, now).unwrap();
    let state = plan.apply(&cluster, &mut pki, &keys, now).unwrap();
    let root = state.authority(AuthorityName::Root).unwrap().clone();
    let leaves = state.leaves.iter().map(|stored| {
        let name = format!("{} {}", cluster.name, stored.id).replace('/', " ");
        let file = directory.path().join(&name);
        let key = pki.leaf_key(stored, &keys).unwrap();
        fs::write(&file, key.to_pem().as_bytes()).unwrap();
        Issued {
            name,
            role: stored.id.role,
            material: Material {
                anchors: vec![forged(&root)],
                chain: stored.chain.iter().map(forged).collect(),
                key: file,
            },
        }
    });
    leaves.collect()
}

fn forged(certificate: &Certificate) -> Forged {
    Forged {
        der: certificate.der().to_vec(),
        subject: Vec::new(),
    }
}

#[test]
fn what_is_issued_is_accepted_by_every_judge() {
    let directory = tempfile::tempdir().unwrap();
    let issued: Vec<Issued> = [
        ("p256", "certificates: { key: p256 }"),
        ("p384", "certificates: { key: p384 }\nauthorities: { etcd: { issuing: true } }"),
        ("p521", "certificates: { key: p521 }\nauthorities: { etcd: { name_constraints: none } }"),
        ("ed25519", "certificates: { key: ed25519 }\nauthorities: { root: { key: ed25519 }, etcd: { key: ed25519 } }"),
        ("rsa2048", "certificates: { key: rsa2048 }\nauthorities: { etcd: { key: rsa2048 } }"),
    ]
    .into_iter()
    .flat_map(|(cluster, settings)| issue(cluster, settings, &directory))
    .collect();
    assert_eq!(issued.len(), 5 * 3);
    let (issued, materials): (Vec<_>, Vec<_>) = issued
        .into_iter()
        .map(|one| ((one.name, one.role), one.material))
        .unzip();
    let judges = Judges::new(&materials);
    for ((name, role), material) in issued.iter().zip(&materials) {
        let answers = judges.ask(name, material);
        assert_eq!(answers, Verdicts::parse(b"AAAA"), "{name}: {answers}");
        if *role != Role::Client {
            serves(name, material, &directory);
        }
    }
}

/// openssl takes it for a server of each of its names.
fn serves(name: &str, material: &Material, directory: &TempDir) {
    let write = |suffix: &str, certificates: &[Forged]| {
        let file = directory.path().join(format!("{name}.{suffix}"));
        let text: String = certificates.iter().map(Forged::pem).collect();
        fs::write(&file, text).unwrap();
        file
    };
    let anchors = write("anchors", &material.anchors);
    let intermediates = write("intermediates", &material.chain[1..]);
    let leaf = write("leaf", &material.chain[..1]);
    for host in [
        ["-verify_hostname", "etcd-0.example.com"],
        ["-verify_ip", "10.0.0.1"],
        ["-verify_ip", "fd00::1"],
    ] {
        let mut command = openssl();
        command
            .args(["verify", "-x509_strict", "-purpose", "sslserver"])
            .args(host)
            .arg("-trusted")
            .arg(&anchors)
            .arg("-untrusted")
            .arg(&intermediates)
            .arg(&leaf);
        run(&mut command).expect_success();
    }
}
