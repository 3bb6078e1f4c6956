//! kubeadm's files. kubeadm itself reads them with Go's PEM and x509; openssl stands in for it.

use fixtures::{ansible, openssl, run};
use pki_core::Cluster;
use pki_core::export::ExportError;
use pki_core::export::kubeadm::{Stacked, external};
use pki_core::key::KeyAlgorithm;

use crate::desk::Desk;

const DESCRIPTION: &str = "\
domain: internal.example
nodes:
  - { name: etcd-0, addresses: [10.0.0.10] }
  - { name: etcd-1, addresses: [10.0.0.11] }
";

#[test]
fn a_stacked_member_has_the_files_that_kubeadm_makes() {
    for (algorithm, label) in [
        (KeyAlgorithm::P384, "-----BEGIN EC PRIVATE KEY-----"),
        (KeyAlgorithm::Rsa2048, "-----BEGIN RSA PRIVATE KEY-----"),
    ] {
        let desk = Desk::new("kube-apiserver", algorithm);
        let credential = desk.credential();
        let stacked = Stacked {
            server: credential,
            peer: credential,
            healthcheck: credential,
            apiserver: credential,
        };
        let files = stacked.files(&desk.bundles).unwrap();
        desk.write(&files);
        assert_eq!(files.len(), 9);
        for pair in [
            "etcd/server",
            "etcd/peer",
            "etcd/healthcheck-client",
            "apiserver-etcd-client",
        ] {
            let key = std::fs::read_to_string(desk.path(&format!("{pair}.key"))).unwrap();
            assert!(key.starts_with(label), "{pair}");
            desk.assert_key(&format!("-in {pair}.key"));
            desk.shell(
                openssl(),
                &format!(
                    "verify -x509_strict -CAfile etcd/ca.crt -untrusted {pair}.crt {pair}.crt"
                ),
            );
        }
    }
}

#[test]
fn an_external_etcd_is_described_for_kubeadm() {
    let desk = Desk::new("kube-apiserver", KeyAlgorithm::P256);
    let cluster = Cluster::from_yaml(DESCRIPTION).unwrap();
    desk.write(&external(&cluster, &desk.credential(), &desk.bundles).unwrap());
    desk.shell(
        openssl(),
        "verify -x509_strict -CAfile etcd/ca.crt apiserver-etcd-client.crt",
    );
    let script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let mut python = ansible().python();
    let outcome = run(python
        .args(["-c", script])
        .arg(desk.path("external-etcd.yaml")));
    let found: serde_json::Value = serde_json::from_str(&outcome.expect_success().stdout).unwrap();
    assert_eq!(
        found,
        serde_json::json!({ "etcd": { "external": {
            "endpoints": [
                "https://etcd-0.internal.example:2379",
                "https://etcd-1.internal.example:2379",
            ],
            "caFile": "/etc/kubernetes/pki/etcd/ca.crt",
            "certFile": "/etc/kubernetes/pki/apiserver-etcd-client.crt",
            "keyFile": "/etc/kubernetes/pki/apiserver-etcd-client.key",
        }}})
    );
}

#[test]
fn a_key_that_kubeadm_does_not_load_is_refused() {
    let desk = Desk::new("kube-apiserver", KeyAlgorithm::Ed25519);
    let cluster = Cluster::from_yaml(DESCRIPTION).unwrap();
    let refused = external(&cluster, &desk.credential(), &desk.bundles);
    assert!(
        matches!(refused, Err(ExportError::Ed25519 { id }) if id == "kube-apiserver/client"),
        "kubeadm says: neither in RSA nor ECDSA format"
    );
}
