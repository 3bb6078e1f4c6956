//! What was lost is asked for, and never made up.

use std::fs;

use crate::workspace::Workspace;

#[test]
fn a_description_that_was_lost_is_not_invented() {
    let workspace = Workspace::initialised();
    fs::remove_file(workspace.path("etcdpki.yml")).unwrap();
    let before = workspace.files();
    let named = ["init", "--domain", "x.example", "--node", "a=10.0.0.1"];
    for arguments in [&["init"][..], &named, &["verify"], &["status"]] {
        let error = workspace.fails(1, arguments);
        assert!(
            error.contains("etcdpki.yml") && error.contains("restore it from a copy"),
            "{error}"
        );
    }
    assert_eq!(workspace.files(), before);
}

#[test]
fn a_keyring_that_was_lost_is_asked_for() {
    let workspace = Workspace::initialised();
    fs::remove_file(workspace.path("pki/keyring.yml")).unwrap();
    for arguments in [["init"], ["verify"]] {
        let error = workspace.fails(1, &arguments);
        assert!(error.contains("the keyring is missing"), "{error}");
    }
}

#[test]
fn no_vault_password_is_made_beside_files_that_it_would_not_open() {
    let workspace = Workspace::initialised();
    fs::remove_file(workspace.path("vault-password.txt")).unwrap();
    let before = workspace.files();
    let error = workspace.fails(1, &["init"]);
    assert!(!error.contains("--generate-secrets"), "{error}");
    let error = workspace.fails(1, &["init", "--generate-secrets"]);
    assert!(
        error.contains("certificates.vault.yml: this file is encrypted already"),
        "{error}"
    );
    assert_eq!(workspace.files(), before);
}
