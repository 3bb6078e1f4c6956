//! What `init --dry-run` tells.

use std::fs;

use super::VAULT_FILES;
use crate::workspace::Workspace;

#[test]
fn a_dry_run_writes_nothing() {
    let workspace = Workspace::new();
    let report = workspace.succeeds(&["init", "--dry-run"]);
    assert!(report.contains("authority root: it is missing"), "{report}");
    assert!(workspace.files().is_empty());
}

/// What a dry run says would be written is what is written then.
#[test]
fn a_dry_run_lists_the_files_that_would_be_written() {
    let written = |workspace: &Workspace, arguments: &[&str]| {
        let text = workspace.succeeds(&[&["init", "--json"], arguments].concat());
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        let list = |name: &str| {
            let list = report[name].as_array().cloned().unwrap_or_default();
            let mut list: Vec<String> = list
                .iter()
                .map(|path| path.as_str().unwrap().to_owned())
                .collect();
            list.sort();
            list
        };
        (list("written"), list("closed"))
    };
    let workspace = Workspace::new();
    let step = |name: &str| {
        let before = workspace.files();
        let (planned, closed) = written(&workspace, &["--generate-secrets", "--dry-run"]);
        assert_eq!(workspace.files(), before, "{name}");
        let (done, _) = written(&workspace, &["--generate-secrets"]);
        let planned_or_closed: Vec<_> = planned.iter().chain(&closed).collect();
        assert!(
            planned.iter().all(|path| done.contains(path)),
            "{name}: {planned:?} {done:?}"
        );
        assert!(
            done.iter().all(|path| planned_or_closed.contains(&path)),
            "{name}: {planned:?} {done:?}"
        );
        // And nothing is missing in either.
        let after = workspace.files();
        let changed: Vec<&String> = after
            .iter()
            .filter(|file| !before.contains(file))
            .map(|(path, _)| path)
            .collect();
        assert_eq!(changed, done.iter().collect::<Vec<_>>(), "{name}");
        done
    };
    let edit = |from: &str, to: &str| {
        let text = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
        assert!(text.contains(from), "{from}: {text}");
        workspace.write("etcdpki.yml", text.replacen(from, to, 1));
    };
    let first = step("a first run");
    for path in [
        ".gitignore",
        "etcdpki.yml",
        "etcdpki-passphrase.txt",
        "pki/.gitattributes",
        "pki/authorities/root/1/ca.key.sealed",
        "pki/certificates/etcd-0/server/1/tls.crt",
        "pki/crl/authorities/root/1.crl",
        "pki/crl/etcd.crl",
        "pki/crl/etcd.pem",
        "pki/journal.jsonl",
        "pki/keyring.yml",
        "roles/etcd-server/vars/certificates.vault.yml",
        "roles/etcd-server/vars/certificates.yml",
    ] {
        assert!(first.iter().any(|one| one == path), "{path}: {first:?}");
    }
    assert_eq!(step("a second run"), [""; 0]);
    edit(
        "# authorities:",
        "authorities: { etcd: { issuing: true } }\n# authorities:",
    );
    step("an issuing authority");
    edit("etcdctl", "backup");
    assert!(!step("another client").contains(&VAULT_FILES[2].to_owned()));
    fs::remove_file(workspace.path("pki/trust/members.crt")).unwrap();
    fs::remove_file(workspace.path("pki/crl/etcd.pem")).unwrap();
    fs::remove_file(workspace.path(VAULT_FILES[0])).unwrap();
    fs::remove_file(workspace.path("roles/common/vars/certificates.yml")).unwrap();
    step("files that were lost");
    edit(
        "# ansible:",
        "ansible: { vault_files: host, vault_id: prod }\n# ansible:",
    );
    step("vault files of hosts, and a vault id");
    workspace.succeeds(&["revoke", "etcd-1"]);
    step("a revocation");

    let dry = Workspace::new();
    let text = dry.succeeds(&["init", "--dry-run"]);
    assert!(text.contains("Would write\n  etcdpki.yml"), "{text}");
    assert!(
        text.contains("roles/common/vars/certificates.vault.yml"),
        "{text}"
    );
}
