//! Files of a PKI that were damaged: each is one finding, and the rest is checked.

use std::fs;

use serde_json::Value;

use crate::workspace::Workspace;

const LEAF_KEY: &str = "pki/certificates/etcd-0/server/1/tls.key.sealed";

/// What `verify` found, after it ended with 3.
fn found(workspace: &Workspace) -> Value {
    let output = workspace.run(&["verify", "--json"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The files of the errors in it.
fn blamed(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .filter(|finding| finding["severity"] == "error")
        .map(|finding| finding["path"].as_str().unwrap())
        .collect()
}

#[test]
fn an_authority_that_was_changed_is_blamed_and_not_its_key() {
    let (workspace, other) = (Workspace::initialised(), Workspace::initialised());
    for authority in ["root", "intermediate", "etcd"] {
        let path = format!("pki/authorities/{authority}/1/ca.crt");
        let good = workspace.read(&path);
        let mut flipped = good.clone();
        // In the public key.
        flipped[400] = if flipped[400] == b'A' { b'B' } else { b'A' };
        for bad in [flipped, other.read(&path), b"rubbish".to_vec(), Vec::new()] {
            workspace.write(&path, bad);
            let report = found(&workspace);
            let blamed = blamed(&report);
            assert!(!blamed.is_empty(), "{report}");
            assert!(blamed.iter().all(|blamed| *blamed == path), "{report}");
            assert_eq!(report["certificates"], 8);
            assert!(report["keys"].as_u64().unwrap() >= 10, "{report}");
        }
        workspace.write(&path, good);
    }
    workspace.succeeds(&["verify"]);
}

#[test]
fn keys_that_nobody_describes_and_older_ones_are_opened() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["issue", "etcd-0", "--rekey"]);
    workspace.succeeds(&[
        "issue",
        "gateway",
        "--role",
        "server",
        "--san",
        "gateway.your-internal.domain",
    ]);
    assert!(workspace.succeeds(&["verify"]).contains("14 keys opened"));
    let other = workspace.read("pki/certificates/etcd-1/server/1/tls.key.sealed");
    for path in [LEAF_KEY, "pki/certificates/gateway/server/1/tls.key.sealed"] {
        let good = workspace.read(path);
        workspace.write_with_mode(path, &other, 0o600);
        let report = found(&workspace);
        assert_eq!(blamed(&report), [path], "{report}");
        assert_eq!(report["keys"], 13);
        assert_eq!(report["vault_files"], 6);
        workspace.write_with_mode(path, good, 0o600);
    }
}

#[test]
fn a_keyring_that_cannot_be_read_keeps_nothing_else_from_being_checked() {
    let workspace = Workspace::initialised();
    let keyring = workspace.read("pki/keyring.yml");
    let members = "pki/trust/members.crt";
    workspace.write(members, b"rubbish");
    for bad in [
        &keyring[..keyring.len() / 2],
        b"",
        b"slots: {}\n",
        b"\xff\xfe",
    ] {
        workspace.write_with_mode("pki/keyring.yml", bad, 0o600);
        let report = found(&workspace);
        let blamed = blamed(&report);
        assert!(blamed.contains(&"pki/keyring.yml"), "{report}");
        assert!(blamed.contains(&members), "{report}");
        assert_eq!(report["certificates"], 8);
    }
}

/// The advice that is given must work.
#[test]
fn a_leaf_whose_key_was_lost_or_damaged_is_issued_anew() {
    for content in [None, Some(b"rubbish".to_vec())] {
        let workspace = Workspace::initialised();
        match content {
            None => fs::remove_file(workspace.path(LEAF_KEY)).unwrap(),
            Some(content) => workspace.write_with_mode(LEAF_KEY, content, 0o600),
        }
        let report = found(&workspace);
        assert_eq!(blamed(&report), [LEAF_KEY], "{report}");
        let error = workspace.fails(1, &["init"]);
        assert!(
            error.contains(LEAF_KEY)
                && error.contains("etcdpki issue ")
                && error.contains("--rekey"),
            "{error}"
        );
        workspace.succeeds(&["issue", "etcd-0", "--role", "server", "--rekey"]);
        let report = workspace.succeeds(&["init"]);
        assert!(report.contains("Nothing changed"), "{report}");
        let verified: Value =
            serde_json::from_slice(&workspace.run(&["verify", "--json"]).stdout).unwrap();
        // What was replaced stays as it is.
        assert!(
            blamed(&verified)
                .iter()
                .all(|path| path.starts_with("pki/certificates/etcd-0/server/1/")),
            "{verified}"
        );
    }
}

/// As well for what is wrong with a certificate.
#[test]
fn a_leaf_whose_certificate_was_lost_or_damaged_is_made_anew() {
    const LEAF: &str = "pki/certificates/etcd-0/server/1/tls.crt";
    for content in [None, Some(&b"rubbish"[..])] {
        let workspace = Workspace::initialised();
        match content {
            None => fs::remove_file(workspace.path(LEAF)).unwrap(),
            Some(content) => workspace.write(LEAF, content),
        }
        assert_eq!(blamed(&found(&workspace)), [LEAF]);
        let error = workspace.fails(1, &["init"]);
        let advice = "remove the directory that it ";
        assert!(error.contains(LEAF) && error.contains(advice), "{error}");
        fs::remove_dir_all(workspace.path("pki/certificates/etcd-0/server/1")).unwrap();
        workspace.succeeds(&["init"]);
        workspace.succeeds(&["verify"]);
    }
}

#[test]
fn a_directory_in_place_of_a_file_is_found() {
    for path in [
        "pki/journal.jsonl",
        "pki/crl/etcd.crl",
        "pki/trust/members.crt",
        "pki/authorities/etcd/1/ca.crt",
        LEAF_KEY,
        "roles/common/vars/certificates.vault.yml",
    ] {
        let workspace = Workspace::initialised();
        fs::remove_file(workspace.path(path)).unwrap();
        fs::create_dir(workspace.path(path)).unwrap();
        let report = found(&workspace);
        assert!(
            blamed(&report).iter().all(|blamed| *blamed == path),
            "{report}"
        );
        assert_eq!(report["certificates"], 8, "{report}");
    }
}

#[test]
fn a_vault_file_that_was_changed_is_found_beside_a_damaged_key() {
    let workspace = Workspace::initialised();
    workspace.write_with_mode(LEAF_KEY, b"rubbish", 0o600);
    let vault = "roles/common/vars/certificates.vault.yml";
    let mut content = workspace.read(vault);
    let last = content.len() - 2;
    content[last] ^= 1;
    workspace.write_with_mode(vault, content, 0o600);
    let report = found(&workspace);
    assert_eq!(blamed(&report), [LEAF_KEY, vault], "{report}");
}

#[test]
fn what_a_file_browser_leaves_is_passed_over() {
    let workspace = Workspace::initialised();
    for stray in [
        "pki/.DS_Store",
        "pki/certificates/.DS_Store",
        "pki/certificates/etcd-0/.DS_Store",
    ] {
        workspace.write(stray, b"x");
    }
    workspace.succeeds(&["verify"]);
    workspace.succeeds(&["init"]);
    workspace.succeeds(&["status"]);
}

/// To encrypt it once more, as is right for clear text, would hide it.
#[test]
fn a_vault_file_with_a_damaged_header_is_not_called_clear() {
    const VAULT: &str = "roles/common/vars/certificates.vault.yml";
    let workspace = Workspace::initialised();
    let good = String::from_utf8(workspace.read(VAULT)).unwrap();
    let (_, body) = good.split_once('\n').unwrap();
    for (bad, phrase) in [
        (format!("$ANSIBLE_VAULX;1.1;AES256\n{body}"), "header"),
        (body.to_owned(), "header"),
        (String::new(), "it is empty"),
        (good[..good.len() / 2].to_owned(), "in line"),
    ] {
        workspace.write_with_mode(VAULT, bad, 0o600);
        let report = found(&workspace);
        assert_eq!(blamed(&report), [VAULT], "{report}");
        let finding = &report["findings"][0];
        assert_eq!(finding["code"], "vault-damaged");
        let closed = workspace.run(&["verify", "--without-keys", "--json"]);
        let closed: Value = serde_json::from_slice(&closed.stdout).unwrap();
        assert_eq!(closed["findings"], report["findings"]);
        for command in [&["init"][..], &["init", "--dry-run"], &["inspect", VAULT]] {
            // A dry run opens no file, and so looks at its start alone.
            if phrase == "in line" && command.contains(&"--dry-run") {
                continue;
            }
            let error = workspace.fails(1, command);
            assert!(
                error.contains(phrase) && error.contains("restore it from a copy"),
                "{error}"
            );
            assert!(!error.contains("vault encrypt "), "{error}");
        }
        // A new password would not open it once it is repaired.
        fs::rename(workspace.path("vault-password.txt"), workspace.path("kept")).unwrap();
        let error = workspace.fails(1, &["init", "--generate-secrets"]);
        assert!(
            error.contains("certificates.vault.yml: this file is encrypted already"),
            "{error}"
        );
        fs::rename(workspace.path("kept"), workspace.path("vault-password.txt")).unwrap();
    }
    // The header that is named is the right one.
    workspace.write_with_mode(VAULT, format!("$ANSIBLE_VAULT;1.1;AES256\n{body}"), 0o600);
    workspace.succeeds(&["verify"]);
}

/// Certificates that are whole and at the wrong place: `init` does not take that for a change of
/// the description, or for a fault of the revocation list.
#[test]
fn swapped_certificates_are_told_by_init_as_by_verify() {
    const LEAF: &str = "pki/certificates/etcd-0/server/1/tls.crt";
    const AUTHORITY: &str = "pki/authorities/etcd/1/ca.crt";
    let (workspace, other) = (Workspace::initialised(), Workspace::initialised());
    for (path, swapped) in [
        (
            LEAF,
            workspace.read("pki/certificates/etcd-1/server/1/tls.crt"),
        ),
        (LEAF, other.read(LEAF)),
        (AUTHORITY, other.read(AUTHORITY)),
        (
            AUTHORITY,
            workspace.read("pki/authorities/intermediate/1/ca.crt"),
        ),
        (
            "pki/authorities/root/1/ca.crt",
            other.read("pki/authorities/root/1/ca.crt"),
        ),
    ] {
        let good = workspace.read(path);
        workspace.write(path, swapped);
        let before = workspace.files();
        let report = found(&workspace);
        let findings = report["findings"].as_array().unwrap();
        assert_eq!(findings[0]["code"], "certificate-changed", "{report}");
        for finding in findings {
            let hint = finding["hint"].as_str().unwrap();
            assert!(
                finding["path"] == path && hint.starts_with("restore "),
                "{report}"
            );
        }
        let message = findings[0]["message"].as_str().unwrap();
        for command in [&["init"][..], &["init", "--dry-run"], &["rotate"]] {
            let error = workspace.fails(1, command);
            assert!(
                error.contains(&format!("{path}: {message}"))
                    && error.contains("restore it from a copy"),
                "{error}"
            );
        }
        assert_eq!(workspace.files(), before);
        workspace.write(path, good);
    }
    workspace.succeeds(&["verify"]);
    // The other way that is named.
    workspace.write(LEAF, other.read(LEAF));
    fs::remove_dir_all(workspace.path("pki/certificates/etcd-0/server/1")).unwrap();
    workspace.succeeds(&["init"]);
    workspace.succeeds(&["verify"]);
}

#[test]
fn only_a_number_that_has_a_next_one_is_a_generation() {
    let workspace = Workspace::initialised();
    for name in ["0", "+7", "4294967295"] {
        let directory = format!("pki/certificates/etcd-0/server/{name}");
        fs::create_dir(workspace.path(&directory)).unwrap();
    }
    workspace.succeeds(&["issue", "etcd-0", "--role", "server", "--rekey"]);
    assert!(
        workspace
            .path("pki/certificates/etcd-0/server/2/tls.crt")
            .exists()
    );
}
