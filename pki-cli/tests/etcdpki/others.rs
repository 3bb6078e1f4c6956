//! Authorities of other services, which the description asks for beside etcd's.

use std::process::Stdio;

use fixtures::{openssl, run};

use crate::workspace::Workspace;

const DESCRIPTION: &str = "\
domain: internal.example
nodes:
  - { name: etcd-0, addresses: [10.0.0.10] }
clients: [etcdctl]
authorities:
  others:
    - { name: kubernetes, key: p256 }
    - { name: front-proxy, key: p256, path_length: 0 }
";

fn described(description: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("etcdpki.yml", description);
    for secret in ["etcdpki-passphrase.txt", "vault-password.txt"] {
        workspace.write_with_mode(secret, "correct horse battery staple\n", 0o600);
    }
    workspace
}

#[track_caller]
fn verifies(workspace: &Workspace, arguments: &str) -> bool {
    let outcome = run(openssl()
        .args(arguments.split_whitespace())
        .stdin(Stdio::null())
        .current_dir(workspace.path("")));
    outcome.status.success()
}

#[test]
fn they_are_made_listed_used_and_revoked() {
    let workspace = described(DESCRIPTION);
    let made = workspace.succeeds(&["init"]);
    assert!(
        made.contains("kubernetes CA") && made.contains("front-proxy CA"),
        "{made}"
    );
    assert!(workspace.succeeds(&["init"]).contains("Nothing changed"));
    let listed = workspace.succeeds(&["ca", "list"]);
    assert!(listed.contains("CN=kubernetes CA G1"), "{listed}");
    let names = listed.lines().filter(|line| line.contains("  P-"));
    let names = names.map(|line| line.split("  P-").next().unwrap().trim_end());
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            "root",
            "└─ intermediate",
            "   ├─ etcd",
            "   ├─ front-proxy",
            "   └─ kubernetes",
        ],
        "{listed}"
    );
    let told = workspace.succeeds(&["ca", "list", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["authorities"][0].get("issuer"), None);
    assert_eq!(told["authorities"][3]["issuer"], "intermediate");

    let issue = |arguments: &[&str]| workspace.succeeds(&[&["issue"], arguments].concat());
    issue(&[
        "kubelet",
        "--issuer",
        "kubernetes",
        "--role",
        "client",
        "--out",
        "kubelet.crt",
    ]);
    let strictly = "verify -x509_strict -purpose sslclient -untrusted kubelet.crt";
    assert!(verifies(
        &workspace,
        &format!("{strictly} -CAfile pki/trust/clients.crt kubelet.crt")
    ));
    let by_members = format!("{strictly} -partial_chain -CAfile pki/trust/members.crt kubelet.crt");
    assert!(!verifies(&workspace, &by_members), "members take it");
    let report = workspace.succeeds(&["status"]);
    assert!(
        report.contains("Of other services, and refused by members"),
        "{report}"
    );
    assert!(!workspace.succeeds(&["init"]).contains("Not described"));
    workspace.succeeds(&["verify"]);

    // Renewed, it stays with the authority that signed it.
    let renewed = issue(&["kubelet", "--role", "client", "--renew", "--json"]);
    assert!(renewed.contains("kubernetes CA G1"), "{renewed}");
    let written = workspace.succeeds(&["revoke", "kubelet", "--reason", "keyCompromise"]);
    assert!(
        written.contains("pki/crl/authorities/kubernetes/1.crl"),
        "{written}"
    );
    workspace.succeeds(&["verify"]);
}

/// Clients of etcd trust the root, so a server of such an authority is a member to them if it has a
/// member's name.
#[test]
fn a_server_with_the_name_of_a_member_is_noted() {
    let workspace = described(DESCRIPTION);
    workspace.succeeds(&["init"]);
    for name in ["etcd-0.internal.example", "*.internal.example", "10.0.0.10"] {
        let issue = [
            "issue",
            "api",
            "--role",
            "server",
            "--san",
            name,
            "--dry-run",
        ];
        let told = workspace.succeeds(&[&issue[..], &["--issuer", "kubernetes"]].concat());
        assert!(
            told.contains(&format!("{name} is the name of a member")),
            "{told}"
        );
        let told = workspace.succeeds(&issue);
        assert!(!told.contains("name of a member"), "{told}");
    }
    let issue = ["issue", "api", "--issuer", "kubernetes", "--role", "server"];
    let told = workspace.succeeds(&[&issue[..], &["--san", "api.internal.example"]].concat());
    assert!(!told.contains("name of a member"), "{told}");
}

#[test]
fn what_they_do_not_sign_is_refused() {
    let workspace = described(DESCRIPTION);
    workspace.succeeds(&["init"]);
    let before = workspace.files();
    let cases: &[(&[&str], &str)] = &[
        (
            &["x", "--issuer", "root", "--role", "client"],
            "name one of etcd, kubernetes, front-proxy",
        ),
        (
            &["x", "--issuer", "kubernets", "--role", "client"],
            "no authority `kubernets` is described: there are etcd, kubernetes",
        ),
        (
            &[
                "x",
                "--issuer",
                "kubernetes",
                "--role",
                "peer",
                "--san",
                "a.b",
            ],
            "signs no peers",
        ),
        (
            &["etcdctl", "--issuer", "kubernetes", "--rekey"],
            "--issuer",
        ),
    ];
    for (arguments, part) in cases {
        let error = workspace.fails(1, &[&["issue"], *arguments].concat());
        assert!(error.contains(part), "{arguments:?}: {error}");
    }
    let error = workspace.fails(
        2,
        &["issue", "x", "--issuer", "No/Name", "--role", "client"],
    );
    assert!(
        error.contains("cannot be the name of an authority"),
        "{error}"
    );
    let error = workspace.fails(1, &["ca", "request", "kubernets"]);
    assert!(error.contains("no kubernets authority"), "{error}");
    assert_eq!(workspace.files(), before);
}

#[test]
fn one_is_signed_where_the_root_is() {
    let offline = described(DESCRIPTION);
    offline.succeeds(&["init"]);
    let online = described(&DESCRIPTION.replace("kubernetes", "service-mesh"));
    offline.write("etcdpki.yml", online.read("etcdpki.yml"));
    online.succeeds(&["init"]);
    online.write("etcdpki.yml", DESCRIPTION);
    online.succeeds(&["ca", "request", "kubernetes", "--out", "k.csr"]);
    // It waits, and keeps nobody from the rest.
    online.succeeds(&["init"]);
    offline.write("etcdpki.yml", DESCRIPTION);
    offline.write("k.csr", online.read("k.csr"));
    offline.succeeds(&[
        "issue",
        "--csr",
        "k.csr",
        "--authority",
        "kubernetes",
        "--out",
        "k.crt",
    ]);
    // Another cluster's intermediate signed it.
    online.write("k.crt", offline.read("k.crt"));
    let error = online.fails(1, &["ca", "accept", "k.crt"]);
    assert!(error.contains("signature"), "{error}");
    online.succeeds(&[
        "issue",
        "--csr",
        "k.csr",
        "--authority",
        "kubernetes",
        "--out",
        "own.crt",
    ]);
    online.succeeds(&["ca", "accept", "own.crt"]);
    online.succeeds(&["init"]);
    online.succeeds(&["verify"]);
}
