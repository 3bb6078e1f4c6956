//! A PKI that moves.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::site::Site;
use crate::workspace::Workspace;

/// Every file below a directory with its content and mode.
fn files(workspace: &Workspace, below: &str) -> Vec<(String, Vec<u8>, u32)> {
    let below = format!("{below}/");
    let files = workspace.files().into_iter();
    let files = files.filter_map(|(path, content)| {
        let name = path.strip_prefix(&below)?.to_owned();
        let mode = Path::metadata(&workspace.path(&path))
            .unwrap()
            .permissions()
            .mode();
        Some((name, content, mode))
    });
    files.collect()
}

#[test]
fn a_directory_that_goes_there_and_back_is_the_same() {
    for site in Site::each() {
        let one = site.operator();
        Workspace::succeeds(&one, &["init", "--generate-secrets"]);
        Workspace::succeeds(&one, &["issue", "backup", "--role", "client"]);
        Workspace::succeeds(&one, &["revoke", "backup"]);
        let before = files(&one, "pki");
        let copied = one.succeeds(&["store", "copy", "pki", &site.url()]);
        assert!(
            copied.contains("0 there already; read back: identical"),
            "{copied}"
        );
        let again = one.succeeds(&["store", "copy", "pki", &site.url()]);
        assert!(again.contains(" 0 written"), "{again}");
        one.succeeds(&["verify"]);
        one.succeeds(&["store", "copy", &site.url(), "back"]);
        assert_eq!(files(&one, "back"), before);
        // A part of it that is there already is completed.
        std::fs::remove_dir_all(one.path("back/certificates/etcd-0")).unwrap();
        std::fs::remove_file(one.path("back/journal.jsonl")).unwrap();
        one.succeeds(&["store", "copy", &site.url(), "back"]);
        assert_eq!(files(&one, "back"), before);
        // The journal of the one goes on where that of the other was.
        one.succeeds(&["issue", "later", "--role", "client"]);
        one.succeeds(&["store", "copy", &site.url(), "later"]);
        let journal = |place: &str| one.read(&format!("{place}/journal.jsonl"));
        assert!(journal("later").starts_with(&journal("pki")));
    }
}

#[test]
fn what_is_another_pki_is_not_mixed_with_it() {
    let site = Site::each().next().unwrap();
    let one = site.operator();
    Workspace::succeeds(&one, &["init", "--generate-secrets"]);
    one.succeeds(&["store", "copy", "pki", &site.url()]);
    let keys = site.keys();
    let other = site.operator();
    Workspace::succeeds(&other, &["init", "--generate-secrets"]);
    let before = other.files();
    let error = other.fails(1, &["store", "copy", "pki", &site.url()]);
    assert!(error.contains("the target holds another PKI"), "{error}");
    let error = other.fails(1, &["store", "copy", &site.url(), "pki"]);
    assert!(error.contains("the target holds another PKI"), "{error}");
    let error = other.fails(1, &["store", "copy", "nowhere", &site.fresh().url()]);
    assert!(error.contains("there is no PKI to copy"), "{error}");
    assert_eq!(other.files(), before);
    assert_eq!(site.keys(), keys);
}
