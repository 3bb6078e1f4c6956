//! `etcdpki init` as a user meets it.

mod dry_run;
mod refusals;
mod secrets;
mod told;

use crate::workspace::Workspace;

const VAULT_FILES: [&str; 3] = [
    "roles/common/vars/certificates.vault.yml",
    "roles/etcd-client/vars/certificates.vault.yml",
    "roles/etcd-server/vars/certificates.vault.yml",
];

#[test]
fn nothing_but_the_command_makes_a_whole_cluster() {
    let workspace = Workspace::new();
    let report = workspace.succeeds(&["init", "--generate-secrets"]);
    for part in [
        "The nodes are examples",
        "Made 11 certificates",
        "etcdpki verify",
        "expires",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    assert!(
        workspace
            .succeeds(&["verify"])
            .starts_with("ok: 3 authorities, 8 certificates, 11 keys")
    );
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    assert!(description.contains("# trust_anchor: etcd"));
}

#[test]
fn a_second_run_changes_nothing_and_says_so() {
    let workspace = Workspace::initialised();
    let before = workspace.files();
    let report = workspace.succeeds(&["init", "--generate-secrets"]);
    assert!(report.contains("Nothing changed"), "{report}");
    assert_eq!(workspace.files(), before);
    workspace.succeeds(&["init"]);
    assert_eq!(workspace.files(), before);
}

#[test]
fn options_become_the_description_and_may_be_repeated() {
    let workspace = Workspace::new();
    let arguments = [
        "init",
        "--generate-secrets",
        "--domain",
        "internal.example",
        "--node",
        "etcd-0=10.1.0.10,fd00::10",
        "--node",
        "no=10.1.0.11",
        "--client",
        "backup",
        "--network",
        "10.1.0.0/16",
        "--network",
        "fd00::/64",
        "--cluster",
        "prod",
    ];
    workspace.succeeds(&arguments);
    let before = workspace.files();
    assert!(workspace.succeeds(&arguments).contains("Nothing changed"));
    assert_eq!(workspace.files(), before);
    workspace.succeeds(&["verify"]);

    let error = workspace.fails(1, &["init", "--domain", "other.example"]);
    assert!(
        error.contains("--domain says other.example, and etcdpki.yml says internal.example"),
        "{error}"
    );
    workspace.fails(1, &["init", "--node", "etcd-0=10.1.0.10"]);
    workspace.fails(1, &["init", "--client", "other"]);
    assert_eq!(workspace.files(), before);
}

#[test]
fn a_description_that_is_there_is_used() {
    let workspace = Workspace::new();
    workspace.write(
        "etcdpki.yml",
        "domain: a.example\nnodes:\n  - { name: n, addresses: [10.0.0.1] }\nclients: [c]\n",
    );
    let report = workspace.succeeds(&["init", "--generate-secrets"]);
    assert!(
        !report.contains("examples") && report.contains("Made 6 certificates"),
        "{report}"
    );
}

#[test]
fn a_new_node_is_added_and_the_rest_stays() {
    let workspace = Workspace::initialised();
    let before = workspace.files();
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    let line = "  - { name: etcd-2, addresses: [10.0.0.12] }\n";
    workspace.write(
        "etcdpki.yml",
        description.replace(
            line,
            &format!("{line}  - {{ name: etcd-3, addresses: [10.0.0.13] }}\n"),
        ),
    );
    let report = workspace.succeeds(&["init"]);
    assert!(
        report.contains("certificate etcd-3/server: it is missing"),
        "{report}"
    );
    let changed: Vec<_> = workspace
        .files()
        .into_iter()
        .filter(|file| !before.contains(file))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        changed,
        [
            "etcdpki.yml",
            "pki/certificates/etcd-3/peer/1/tls.crt",
            "pki/certificates/etcd-3/peer/1/tls.key.sealed",
            "pki/certificates/etcd-3/server/1/tls.crt",
            "pki/certificates/etcd-3/server/1/tls.key.sealed",
            "pki/journal.jsonl",
            "roles/etcd-server/vars/certificates.vault.yml",
        ]
    );
}

#[test]
fn what_a_person_added_to_the_files_survives() {
    let workspace = Workspace::initialised();
    let file = "roles/etcd-server/vars/certificates.yml";
    let mut text = String::from_utf8(workspace.read(file)).unwrap();
    text.push_str("# mine\nextra: 1\n");
    workspace.write(file, &text);
    assert!(workspace.succeeds(&["init"]).contains("Nothing changed"));
    let broken = text.replace("nodes[ansible_hostname].peer.key", "nothing");
    workspace.write(file, &broken);
    workspace.succeeds(&["init"]);
    assert_eq!(workspace.read(file), text.into_bytes());
}
