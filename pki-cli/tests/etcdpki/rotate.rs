//! `etcdpki rotate`.

use crate::workspace::Workspace;

#[test]
fn what_is_due_is_renewed_and_the_vault_files_follow() {
    let workspace = Workspace::initialised();
    let before = workspace.files();
    let said = workspace.succeeds(&["rotate"]);
    assert!(said.contains("Nothing is due."), "{said}");
    assert!(said.contains("The next renewal, of "), "{said}");
    let told: serde_json::Value =
        serde_json::from_str(&workspace.succeeds(&["rotate", "--json"])).unwrap();
    let from = told["next_renewal"]["from"].as_str().unwrap();
    assert_eq!(from.len(), "2027-07-02T01:44:14Z".len(), "{from}");
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
    let said = workspace.succeeds(&["rotate"]);
    assert!(said.contains("Nothing is due."), "{said}");
    // The renewal after that gives new keys, as these were kept.
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    let longer = description.replace(DUE, "{ lifetime: 5y, renew_before: 4y }");
    workspace.write("etcdpki.yml", longer);
    let said = workspace.succeeds(&["rotate"]);
    assert!(
        said.contains("8 certificates end with the etcd CA") && !said.contains("The next renewal"),
        "{said}"
    );
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

/// What is made from now on lives longer, and what was made before is due.
fn make_all_due(workspace: &Workspace) {
    let mut description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    description.push_str(&format!("\ncertificates: {DUE}\n"));
    workspace.write("etcdpki.yml", description);
}

const DUE: &str = "{ lifetime: 4y, renew_before: 2y }";
