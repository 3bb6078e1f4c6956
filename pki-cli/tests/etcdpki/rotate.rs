//! `etcdpki rotate`.

use crate::workspace::Workspace;

#[test]
fn what_is_due_is_renewed_and_the_vault_files_follow() {
    let workspace = Workspace::initialised();
    let before = workspace.files();
    let said = workspace.succeeds(&["rotate"]);
    assert!(said.contains("Nothing is due."), "{said}");
    assert!(said.contains("The next renewal, of "), "{said}");
    assert_eq!(workspace.files(), before);
    make_all_due(&workspace);
    let before = workspace.files();
    let said = workspace.succeeds(&["rotate", "--dry-run"]);
    assert!(
        said.contains("certificate etcd-0/server: it is due"),
        "{said}"
    );
    assert_eq!(workspace.files(), before);
    let said = workspace.succeeds(&["rotate"]);
    assert!(
        said.contains("certificate etcd-0/server: it is due"),
        "{said}"
    );
    assert!(said.contains("ansible-playbook etcd.yml"), "{said}");
    let key = |generation: u32| {
        let path = format!("pki/certificates/etcd-0/server/{generation}/tls.crt");
        let shown = workspace.succeeds(&["inspect", "--json", &path]);
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        shown[0]["items"][0]["public_key_sha256"].clone()
    };
    assert!(key(1).is_string());
    assert_eq!(key(1), key(2));
    // A run after that gives new keys, as these were kept.
    workspace.succeeds(&["rotate"]);
    assert_ne!(key(2), key(3));
    let verified = workspace.succeeds(&["verify"]);
    assert!(verified.starts_with("ok"), "{verified}");
    let journal = String::from_utf8(workspace.read("pki/journal.jsonl")).unwrap();
    assert!(journal.contains("\"rotate\""), "{journal}");
}

#[test]
fn nothing_is_rotated_without_a_description_or_with_a_wrong_passphrase() {
    let workspace = Workspace::new();
    let said = workspace.fails(1, &["rotate"]);
    assert!(said.contains("etcdpki.yml"), "{said}");
    let workspace = Workspace::initialised();
    make_all_due(&workspace);
    workspace.write_with_mode("wrong", "another passphrase\n", 0o600);
    let before = workspace.files();
    let said = workspace.fails(1, &["rotate", "--passphrase-file", "wrong"]);
    assert!(said.contains("passphrase"), "{said}");
    assert_eq!(workspace.files(), before);
}

/// Renewals are due from half a minute after the beginning, which lies in the past.
fn make_all_due(workspace: &Workspace) {
    let mut description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    description.push_str("\ncertificates: { renew_before: 999999/1000000 }\n");
    workspace.write("etcdpki.yml", description);
}
