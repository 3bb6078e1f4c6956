//! Secrets of Kubernetes, as a reader of YAML finds them.

use fixtures::{ansible, run};
use pki_core::certificate::bundle;
use pki_core::export::kubernetes::{SecretType, secrets};
use pki_core::export::{Credential, ExportError};
use pki_core::key::KeyAlgorithm;
use pki_core::store::atomic::Access;

use crate::desk::Desk;

/// What PyYAML makes of a file, with the data decoded, as JSON.
fn read(desk: &Desk, name: &str) -> serde_json::Value {
    let script = "\
import base64, json, sys, yaml
documents = list(yaml.safe_load_all(open(sys.argv[1])))
for one in documents:
    one['data'] = {k: base64.b64decode(v, validate=True).decode() for k, v in one['data'].items()}
print(json.dumps(documents))";
    let mut python = ansible().python();
    let outcome = run(python.args(["-c", script]).arg(desk.path(name))).expect_success();
    serde_json::from_str(&outcome.stdout).unwrap()
}

#[test]
fn a_secret_holds_what_its_type_asks_for() {
    let desk = Desk::new("kube-apiserver", KeyAlgorithm::P256);
    let other = Desk::new("Joe@example.org", KeyAlgorithm::Ed25519);
    let namespace = "kube-system".parse().unwrap();
    for (type_, name) in [
        (SecretType::Opaque, "Opaque"),
        (SecretType::Tls, "kubernetes.io/tls"),
    ] {
        let credentials = [desk.credential(), other.credential()];
        let file = secrets(type_, &credentials, &desk.bundles, Some(&namespace)).unwrap();
        assert_eq!(file.access, Access::Owner);
        desk.write(&[file]);
        let found = read(&desk, "etcd-secrets.yaml");
        assert_eq!(
            found[0],
            serde_json::json!({
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": { "name": "etcd-kube-apiserver", "namespace": "kube-system" },
                "type": name,
                "data": {
                    "ca.crt": bundle::write(&desk.bundles.clients),
                    "tls.crt": bundle::write(&desk.chain),
                    "tls.key": desk.key.to_pem().as_str(),
                },
            })
        );
        assert_eq!(found[1]["metadata"]["name"], "etcd-joe-example.org");
        assert_eq!(found.as_array().unwrap().len(), 2);
    }
}

#[test]
fn the_namespace_and_of_an_opaque_secret_the_key_may_be_left_out() {
    let desk = Desk::new("backup", KeyAlgorithm::P256);
    let credential = Credential {
        key: None,
        ..desk.credential()
    };
    let refused = secrets(SecretType::Tls, &[credential], &desk.bundles, None);
    assert!(
        matches!(refused, Err(ExportError::NoKey { id }) if id == "backup/client"),
        "the API server takes none without tls.key"
    );
    let file = secrets(SecretType::Opaque, &[credential], &desk.bundles, None).unwrap();
    assert_eq!(file.access, Access::Everyone);
    desk.write(&[file]);
    let found = read(&desk, "etcd-secrets.yaml");
    assert_eq!(
        found[0]["metadata"],
        serde_json::json!({ "name": "etcd-backup" })
    );
    assert!(found[0]["data"].get("tls.key").is_none());
}

#[test]
fn two_secrets_of_one_name_are_refused() {
    let (one, other) = (
        Desk::new("a_b", KeyAlgorithm::P256),
        Desk::new("a@b", KeyAlgorithm::P256),
    );
    let credentials = [one.credential(), other.credential()];
    let refused = secrets(SecretType::Tls, &credentials, &one.bundles, None);
    assert!(matches!(refused, Err(ExportError::Twice { path }) if path.contains("etcd-a-b")));
}
