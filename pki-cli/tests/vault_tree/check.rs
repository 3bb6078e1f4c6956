//! `vault check`: what ought to be encrypted.

use std::fs;

use super::tree;
use super::vault_support::{Sandbox, run};

#[test]
fn check_knows_the_layouts_of_ansible() {
    let sandbox = Sandbox::new();
    for directory in ["group_vars/all/vault", "host_vars"] {
        fs::create_dir_all(sandbox.path(directory)).unwrap();
    }
    sandbox.write("group_vars/all/vault/main.yml", "a: 1\n");
    sandbox.write("host_vars/h", "vault_db:\n  password: x\nvault_l:\n- x\n");
    sandbox.write(
        "t.yml",
        "vault_a: \"{{ x }} y\"\nvault_b: \"{{ 'y' }}\"\nvault_c: \"{{ x }}\"\n",
    );
    sandbox.write("k.json", "{\"key\": \"-----BEGIN PRIVATE KEY-----\\nMC\"}");
    sandbox.write("cut.yml", "$ANSIBLE_VAULT;1.1;AES256\n6161\n");
    let found = run(
        &mut sandbox.vault(&[
            "check",
            "group_vars",
            "host_vars",
            "t.yml",
            "k.json",
            "cut.yml",
        ]),
        3,
    );
    let found = String::from_utf8(found.stdout).unwrap();
    for finding in [
        "group_vars/all/vault/main.yml: is not encrypted",
        "host_vars/h:2 vault_db.password: is not encrypted",
        "host_vars/h:4 vault_l.[0]: is not encrypted: vault inline encrypt host_vars/h 'vault_l.[0]'",
        "t.yml:1 vault_a: is not encrypted",
        "t.yml:2 vault_b: is not encrypted",
        "k.json:1: private key in clear",
        "cut.yml: Vault ",
    ] {
        assert!(found.contains(finding), "{finding}: {found}");
    }
    assert_eq!(found.lines().count(), 7, "{found}");
}

#[test]
fn check_finds_what_is_not_encrypted() {
    let sandbox = tree();
    assert_eq!(run(&mut sandbox.vault(&["check", "t"]), 0).stdout, b"");
    sandbox.write("t/vault.yml", "a: 1\n");
    sandbox.write(
        "t/vars.yml",
        "vault_a: x\nb:\n  vault_c: 2\nvault_d: \"{{ e }}\"\n",
    );
    sandbox.write("t/key", "-----BEGIN PRIVATE KEY-----\n");
    sandbox.write("t/bad", "$ANSIBLE_VAULT;1.1;AES256\nzz\n");
    let found = run(&mut sandbox.vault(&["check", "t"]), 3);
    let found = String::from_utf8(found.stdout).unwrap();
    for finding in [
        "t/vault.yml: is not encrypted, though its name says so: vault encrypt t/vault.yml\n",
        "t/vars.yml:1 vault_a: is not encrypted: vault inline encrypt t/vars.yml vault_a\n",
        "t/vars.yml:3 b.vault_c: is not encrypted: vault inline encrypt t/vars.yml b.vault_c\n",
        "t/key:1: private key in clear: vault encrypt t/key\n",
        "t/bad: Vault format unhexlify error: Non-hexadecimal digit found (line 2, column 1)",
    ] {
        assert!(found.contains(finding), "{found}");
    }
    assert_eq!(found.lines().count(), 5, "{found}");
    let listed = run(&mut sandbox.vault(&["check", "--json", "t/vars.yml"]), 3);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(
        listed[1],
        serde_json::json!({
            "file": "t/vars.yml",
            "key": "b.vault_c",
            "line": 3,
            "problem": "is not encrypted: vault inline encrypt t/vars.yml b.vault_c",
        })
    );
    let listed = run(&mut sandbox.vault(&["check", "--json", "t/a.yml"]), 0);
    assert_eq!(listed.stdout, b"[]\n");
    let labels = run(
        &mut sandbox.vault(&["check", "--label", "default", "t/a.yml", "t/sub"]),
        3,
    );
    let labels = String::from_utf8(labels.stdout).unwrap();
    assert_eq!(
        labels,
        "t/a.yml: label x is not allowed\nt/sub/b: label x is not allowed\n"
    );
}
