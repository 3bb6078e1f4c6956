//! `etcdpki inspect` of what etcdpki itself keeps, and of vault files.

use fixtures::{openssl, run};
use serde_json::Value;

use crate::workspace::Workspace;

const VAULT: &str = "roles/etcd-server/vars/certificates.vault.yml";

fn items(workspace: &Workspace, file: &str) -> Vec<Value> {
    let text = workspace.succeeds(&["inspect", "--json", file]);
    let report: Value = serde_json::from_str(&text).unwrap();
    report[0]["items"].as_array().unwrap().clone()
}

#[test]
fn what_etcdpki_keeps_is_told_and_no_secret_of_it() {
    let workspace = Workspace::initialised();
    workspace.succeeds(&["revoke", "etcd-2/peer"]);
    let kinds = [
        ("etcdpki.yml", "description"),
        ("pki/keyring.yml", "keyring"),
        ("pki/journal.jsonl", "journal"),
        ("pki/authorities/root/1/ca.key.sealed", "sealed_key"),
        ("pki/authorities/root/1/ca.crt", "certificate"),
        ("pki/crl/etcd.crl", "crl"),
        ("pki/crl/etcd.pem", "crl"),
    ];
    for (file, kind) in kinds {
        assert_eq!(items(&workspace, file)[0]["kind"], kind, "{file}");
    }
    let files = workspace.files();
    let (record, _) = files
        .iter()
        .find(|(path, _)| path.starts_with("pki/revocations/"))
        .unwrap();
    assert_eq!(items(&workspace, record)[0]["kind"], "revocation");

    let keyring = &items(&workspace, "pki/keyring.yml")[0];
    assert_eq!(keyring["cluster"], "etcd");
    assert_eq!(
        keyring["slots"][0]["tiers"],
        serde_json::json!(["root", "issuing"])
    );
    assert_eq!(keyring["slots"][0]["kdf"]["memory_kib"], 65536);
    let text = workspace.succeeds(&["inspect", "pki/keyring.yml"]);
    assert!(
        text.contains("passphrase (argon2id, 65536 KiB, 3 passes, 4 lanes)"),
        "{text}"
    );
    let text = workspace.succeeds(&["inspect", "pki/authorities/root/1/ca.key.sealed"]);
    assert!(text.contains("XChaCha20-Poly1305"), "{text}");
    let text = workspace.succeeds(&["inspect", "pki/journal.jsonl"]);
    assert!(
        text.contains("revoked by revoke") || text.contains("signed-crl by revoke"),
        "{text}"
    );
    let journal = workspace.read("pki/journal.jsonl");
    let journal = String::from_utf8(journal).unwrap();
    workspace.write("journal", journal.replacen("issued", "Issued", 1));
    let text = workspace.succeeds(&["inspect", "journal"]);
    assert!(text.contains("broken"), "{text}");
}

#[test]
fn what_is_wrong_with_a_file_of_etcdpki_is_told() {
    let workspace = Workspace::initialised();
    let keyring = String::from_utf8(workspace.read("pki/keyring.yml")).unwrap();
    for (content, part) in [
        (
            keyring.replace("version: 1", "version: 9"),
            "a keyring of version 9",
        ),
        (
            keyring.replace("cluster:", "clustre:"),
            "not a keyring of etcdpki",
        ),
        (
            "domain: a.b\nnodes: []\n".to_owned(),
            "a description with a fault at 2:8: nodes: the list is empty",
        ),
        (
            "serial: x\nrevoked: y\n".to_owned(),
            "not the record of a revocation",
        ),
        (
            "version: 1\ncommand: [x]\noffline: true\n".to_owned(),
            "not the description of a signer",
        ),
    ] {
        workspace.write("file", &content);
        let error = workspace.fails(1, &["inspect", "file"]);
        assert!(error.contains(part), "{part}: {error}");
    }
}

/// A PIN may stand among the arguments of a signer.
#[test]
fn the_arguments_of_a_signer_are_not_shown() {
    let workspace = Workspace::new();
    workspace.write(
        "ca.signer.yml",
        "version: 1\ncommand: [pkcs11-tool, --pin, \"8642\"]\n",
    );
    for arguments in [
        &["inspect", "ca.signer.yml"][..],
        &["inspect", "--json", "ca.signer.yml"],
    ] {
        let text = workspace.succeeds(arguments);
        assert!(
            text.contains("pkcs11-tool") && !text.contains("8642"),
            "{text}"
        );
    }
}

#[test]
fn keys_of_a_vault_file_are_encrypted_and_chains_are_counted() {
    let workspace = Workspace::initialised();
    let text = workspace.succeeds(&["inspect", VAULT]);
    assert!(
        text.contains("private key, P-256, encrypted in this file"),
        "{text}"
    );
    assert!(!text.contains("in clear"), "{text}");
    assert!(
        text.contains("vault.certificates.nodes.etcd-0.server.crt, 3 of 3"),
        "{text}"
    );
    let items = items(&workspace, VAULT);
    let of = |at: &str| {
        let items = items.iter().filter(|item| item["at"] == at);
        items.map(|item| item["index"].as_u64()).collect::<Vec<_>>()
    };
    assert_eq!(
        of("vault.certificates.nodes.etcd-0.server.crt"),
        [Some(1), Some(2), Some(3)]
    );
    assert_eq!(of("vault.certificates.nodes.etcd-0.server.key"), [None]);

    workspace.succeeds(&["export", "etcd-0/server", "--format", "pem", "-o", "out"]);
    let files = workspace.files();
    let mut keys = files.iter().map(|(path, _)| path.as_str());
    let key = keys
        .find(|path| path.starts_with("out/") && path.ends_with(".key"))
        .unwrap();
    let text = workspace.succeeds(&["inspect", key]);
    assert!(text.contains("in clear"), "{text}");
}

#[test]
fn requests_are_shown() {
    let workspace = Workspace::initialised();
    run(openssl()
        .current_dir(workspace.path(""))
        .args(["req", "-new", "-newkey", "ec", "-pkeyopt"])
        .args([
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "k",
            "-out",
            "r",
        ])
        .args(["-subj", "/CN=gateway"])
        .args(["-addext", "subjectAltName=DNS:gateway.example"]));
    let text = workspace.succeeds(&["inspect", "r"]);
    for part in [
        "certification request",
        "CN=gateway",
        "gateway.example",
        "P-256",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
