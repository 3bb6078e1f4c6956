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
    let error = workspace.fails(1, &["init"]);
    assert!(error.contains("the keyring is missing"), "{error}");
}

#[test]
fn without_its_keyring_or_passphrase_a_pki_is_checked_all_the_same() {
    let workspace = Workspace::initialised();
    let members = "pki/trust/members.crt";
    workspace.write(members, b"rubbish");
    workspace.write_with_mode("wrong", "a passphrase of another PKI\n", 0o600);
    fs::rename(
        workspace.path("etcdpki-passphrase.txt"),
        workspace.path("kept"),
    )
    .unwrap();
    let before = workspace.files();
    for arguments in [&["verify", "--passphrase-file", "wrong"][..], &["verify"]] {
        let error = workspace.fails(1, arguments);
        assert!(
            error.contains("passphrase") && error.contains("`etcdpki verify --without-keys`"),
            "{error}"
        );
    }
    assert_eq!(workspace.files(), before);
    let output = workspace.run(&["verify", "--without-keys"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stdout).contains(members));

    fs::remove_file(workspace.path("pki/keyring.yml")).unwrap();
    let output = workspace.run(&["verify"]);
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stdout).unwrap();
    for found in [
        "pki/keyring.yml: it is missing, and no key opens without it [keyring-unusable]",
        "restore keyring.yml from a copy",
        members,
        "3 authorities, 8 certificates, keys not checked",
    ] {
        assert!(text.contains(found), "{text}");
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
