//! Who can open the sealed keys: `etcdpki ca slot`.

use fixtures::{AgeKey, age, openssl, run};
use serde_json::Value;

use crate::workspace::Workspace;

/// A PKI with one node and one client.
pub(super) fn small() -> Workspace {
    let workspace = Workspace::new();
    workspace.write(
        "etcdpki.yml",
        "domain: internal.example\nnodes:\n  - { name: etcd-0, addresses: [10.0.0.10] }\nclients: [etcdctl]\n",
    );
    workspace.succeeds(&["init", "--generate-secrets"]);
    workspace
}

/// An identity in the workspace.
pub(super) fn identity(workspace: &Workspace, name: &str) -> AgeKey {
    AgeKey::generate(&workspace.path(""), name)
}

pub(super) fn slots(workspace: &Workspace) -> Value {
    let listing = workspace.succeeds(&["ca", "slot", "list", "--json"]);
    serde_json::from_str(&listing).unwrap()
}

pub(super) fn names(workspace: &Workspace) -> Vec<String> {
    let listing = slots(workspace);
    let slots = listing["slots"].as_array().unwrap();
    let names = slots.iter().map(|slot| slot["name"].as_str().unwrap());
    names.map(str::to_owned).collect()
}

#[test]
fn operators_come_and_go() {
    let workspace = small();
    workspace.write_with_mode("bob.txt", "bob's own passphrase\n", 0o600);
    let report = workspace.succeeds(&[
        "ca",
        "slot",
        "add",
        "bob",
        "--new-passphrase-file",
        "bob.txt",
    ]);
    assert!(report.contains("Slot `bob` was added"), "{report}");
    let bob = ["verify", "--passphrase-file", "bob.txt"];
    workspace.succeeds(&bob);
    workspace.succeeds(&["verify", "--passphrase-file", "bob.txt", "--slot", "bob"]);
    let wrong = [
        "verify",
        "--passphrase-file",
        "bob.txt",
        "--slot",
        "passphrase",
    ];
    let error = workspace.fails(1, &wrong);
    assert!(error.contains("does not open the keyring"), "{error}");

    let error = workspace.fails(
        1,
        &[
            "ca",
            "slot",
            "add",
            "bob",
            "--new-passphrase-file",
            "bob.txt",
        ],
    );
    assert!(error.contains("has a slot `bob` already"), "{error}");
    let error = workspace.fails(2, &["ca", "slot", "add", "a b"]);
    assert!(error.contains("is no name of a slot"), "{error}");

    let before = workspace.files();
    let own = [
        "ca",
        "slot",
        "remove",
        "bob",
        "--passphrase-file",
        "bob.txt",
    ];
    let error = workspace.fails(1, &own);
    assert!(
        error.contains("nothing shows that another one opens"),
        "{error}"
    );
    let report = workspace.succeeds(&["ca", "slot", "remove", "bob", "--dry-run"]);
    assert!(
        report.contains("would be removed") && report.contains("dry run"),
        "{report}"
    );
    assert_eq!(workspace.files(), before);
    let report = workspace.succeeds(&["ca", "slot", "remove", "bob"]);
    assert!(
        report.contains("Replace them: etcdpki ca slot rotate"),
        "{report}"
    );
    workspace.fails(1, &bob);
    workspace.succeeds(&["verify"]);
    let before = workspace.files();
    let error = workspace.fails(1, &["ca", "slot", "remove", "passphrase"]);
    assert!(
        error.contains("the only one that opens the root tier"),
        "{error}"
    );
    let error = workspace.fails(1, &["ca", "slot", "remove", "eve"]);
    assert!(
        error.contains("no slot `eve`: it has slot `passphrase`"),
        "{error}"
    );
    assert_eq!(workspace.files(), before);
}

#[test]
fn a_passphrase_is_changed_in_the_keyring_alone() {
    let workspace = small();
    workspace.write_with_mode("new.txt", "another passphrase\n", 0o600);
    let before = workspace.files();
    let report = workspace.succeeds(&[
        "ca",
        "slot",
        "change",
        "passphrase",
        "--new-passphrase-file",
        "new.txt",
    ]);
    assert!(report.contains("etcdpki-passphrase.txt"), "{report}");
    let changed: Vec<_> = workspace
        .files()
        .into_iter()
        .filter(|file| !before.contains(file))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(changed, ["pki/journal.jsonl", "pki/keyring.yml"]);
    workspace.fails(1, &["verify"]);
    workspace.succeeds(&["verify", "--passphrase-file", "new.txt"]);
}

#[test]
fn new_data_keys_shut_out_a_slot_that_was_removed() {
    let workspace = small();
    let alice = identity(&workspace, "alice.txt");
    workspace.write_with_mode("eve.txt", "the passphrase of eve\n", 0o600);
    workspace.succeeds(&[
        "ca",
        "slot",
        "add",
        "alice",
        "--recipient",
        &alice.recipient,
    ]);
    workspace.succeeds(&[
        "ca",
        "slot",
        "add",
        "eve",
        "--new-passphrase-file",
        "eve.txt",
    ]);
    let before = workspace.files();
    let error = workspace.fails(1, &["ca", "slot", "rotate"]);
    assert!(
        error.contains("the passphrase of slot `eve` is not at hand"),
        "{error}"
    );
    assert_eq!(workspace.files(), before);

    let eves_copy = workspace.read("pki/keyring.yml");
    let report = workspace.succeeds(&[
        "ca",
        "slot",
        "remove",
        "eve",
        "--rotate-data-keys",
        "--json",
    ]);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        (&report["resealed"], &report["unfinished"]),
        (&6.into(), &Value::Null)
    );
    workspace.succeeds(&["verify"]);
    workspace.succeeds(&["verify", "--age-identity", "alice.txt"]);
    let report = workspace.succeeds(&["init"]);
    assert!(report.contains("Nothing changed"), "{report}");
    // What eve knows opens nothing any more.
    workspace.write_with_mode("pki/keyring.yml", eves_copy, 0o600);
    let output = workspace.run(&["verify", "--passphrase-file", "eve.txt"]);
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(3), "{found}");
    assert!(
        found.contains("pki/keyring.yml: none of the 6 sealed keys opens with it"),
        "{found}"
    );
}

#[test]
fn an_age_identity_is_as_good_as_a_passphrase() {
    let workspace = small();
    let alice = identity(&workspace, "alice.txt");
    let add = [
        "ca",
        "slot",
        "add",
        "alice",
        "--recipient",
        &alice.recipient,
        "--tier",
        "issuing",
    ];
    workspace.succeeds(&add);
    std::fs::remove_file(workspace.path("etcdpki-passphrase.txt")).unwrap();

    let report = workspace.succeeds(&["verify", "--age-identity", "alice.txt"]);
    assert!(report.contains("5 keys opened, 1 not checked"), "{report}");
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    workspace.write(
        "etcdpki.yml",
        description.replace("[etcdctl]", "[etcdctl, backup]"),
    );
    let mut init = workspace.command(&["init"]);
    let output = init
        .env("ETCDPKI_AGE_IDENTITY", "alice.txt")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    workspace.succeeds(&["verify", "--age-identity", "alice.txt"]);

    let error = workspace.fails(
        1,
        &[
            "ca",
            "slot",
            "rotate",
            "--tier",
            "root",
            "--age-identity",
            "alice.txt",
        ],
    );
    assert!(
        error.contains("the root tier is not open: it opens with slot `passphrase`"),
        "{error}"
    );
    let eve = identity(&workspace, "eve.txt");
    let error = workspace.fails(1, &["verify", "--age-identity", "eve.txt"]);
    assert!(
        error.contains("opens no slot of the keyring: those are for slot `alice`"),
        "{error}"
    );
    std::fs::set_permissions(
        &eve.identity,
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    let error = workspace.fails(1, &["verify", "--age-identity", "eve.txt"]);
    assert!(
        error.contains("identity file eve.txt is readable by other users"),
        "{error}"
    );
    workspace.write_with_mode("none.txt", "# nothing\nsecret-looking-line\n", 0o600);
    let error = workspace.fails(1, &["verify", "--age-identity", "none.txt"]);
    assert!(
        error.contains("none.txt: line 2 is no X25519 identity"),
        "{error}"
    );
    assert!(!error.contains("secret-looking"), "{error}");
}

#[test]
fn an_identity_in_the_environment_is_not_missed_where_a_passphrase_opens() {
    let workspace = small();
    let other = identity(&workspace, "other.txt");
    let mut verify = workspace.command(&["verify"]);
    let output = verify
        .env("ETCDPKI_AGE_IDENTITY", &other.identity)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Whether the private key that openssl reads from `pem` is the root's.
#[test]
fn a_slot_loses_a_tier_if_another_opens_it() {
    let workspace = small();
    let alice = identity(&workspace, "alice.txt");
    workspace.succeeds(&[
        "ca",
        "slot",
        "add",
        "alice",
        "--recipient",
        &alice.recipient,
    ]);
    let narrow = ["ca", "slot", "change", "alice", "--tier", "issuing"];
    let mut by_alice = [
        &narrow[..],
        &["--age-identity", "alice.txt", "--dry-run", "--json"],
    ]
    .concat();
    let report: Value = serde_json::from_str(&workspace.succeeds(&by_alice)).unwrap();
    assert_eq!(report["untried"], "root");
    by_alice.truncate(8);
    let report = workspace.succeeds(&by_alice);
    assert!(
        report.contains("opens the root tier was not tried"),
        "{report}"
    );
    assert!(report.contains("opens as before"), "{report}");
    assert_eq!(
        slots(&workspace)["slots"][1]["tiers"],
        serde_json::json!(["issuing"])
    );
    let widen = [
        "ca",
        "slot",
        "change",
        "alice",
        "--tier",
        "both",
        "--age-identity",
        "alice.txt",
    ];
    let error = workspace.fails(1, &widen);
    assert!(
        error.contains("name them again, with --recipient"),
        "{error}"
    );
}

/// A slot can be opened by hand, with nothing but age and the documentation of the format.
#[test]
fn age_opens_the_data_key_in_a_slot() {
    let workspace = small();
    let alice = identity(&workspace, "alice.txt");
    workspace.succeeds(&[
        "ca",
        "slot",
        "add",
        "alice",
        "--recipient",
        &alice.recipient,
    ]);
    let keyring = String::from_utf8(workspace.read("pki/keyring.yml")).unwrap();
    let files: Vec<_> = keyring
        .lines()
        .filter_map(|line| line.trim().strip_prefix("file: "))
        .collect();
    assert_eq!(files.len(), 2);
    for (file, tier) in files.iter().zip(["root", "issuing"]) {
        workspace.write("file.base64", format!("{file}\n"));
        let binary = workspace.path("file.age");
        let mut decode = openssl();
        decode
            .args(["base64", "-d", "-A", "-in"])
            .arg(workspace.path("file.base64"));
        run(decode.arg("-out").arg(&binary)).expect_success();
        let plaintext = workspace.path("plaintext");
        let mut decrypt = age();
        decrypt.arg("-d").arg("-i").arg(&alice.identity);
        run(decrypt.arg("-o").arg(&plaintext).arg(&binary)).expect_success();
        let plaintext = workspace.read("plaintext");
        let text = [
            b"etcdpki key slot v1".len(),
            16,
            4 + "etcd".len(),
            4 + "alice".len(),
        ];
        assert_eq!(
            plaintext.len(),
            text.iter().sum::<usize>() + 4 + tier.len() + 32
        );
        assert!(plaintext.starts_with(b"etcdpki key slot v1"));
        let before_key = &plaintext[..plaintext.len() - 32];
        assert!(before_key.ends_with(tier.as_bytes()));
    }
}

#[test]
fn slots_without_a_pki_are_an_error_and_make_nothing() {
    let workspace = Workspace::new();
    for arguments in [
        &["ca", "slot", "list"][..],
        &["ca", "slot", "remove", "x"],
        &["ca", "slot", "rotate"],
    ] {
        let error = workspace.fails(1, arguments);
        assert!(error.contains("pki: no PKI here"), "{error}");
    }
    assert!(workspace.files().is_empty() && !workspace.path("pki").exists());
}

/// Whoever may write the file puts a recipient of his own in: the next data keys would be his.
#[test]
fn a_recipient_that_nobody_chose_is_found_and_given_nothing() {
    let workspace = small();
    let (alice, eve) = (
        identity(&workspace, "alice.txt"),
        identity(&workspace, "eve.txt"),
    );
    workspace.succeeds(&[
        "ca",
        "slot",
        "add",
        "alice",
        "--recipient",
        &alice.recipient,
    ]);
    let keyring = String::from_utf8(workspace.read("pki/keyring.yml")).unwrap();
    let changed = keyring.replace(&alice.recipient, &eve.recipient);
    workspace.write_with_mode("pki/keyring.yml", changed, 0o600);
    let before = workspace.files();
    let output = workspace.run(&["verify"]);
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("keyring.yml: slot `alice`: its recipients or its file were changed"),
        "{text}"
    );
    let error = workspace.fails(1, &["ca", "slot", "rotate"]);
    assert!(error.contains("slot `alice`: its recipients"), "{error}");
    assert_eq!(workspace.files(), before);
}

/// A data key that somebody else chose and encrypted to the recipient, in place of the real one.
#[test]
fn a_keyring_that_was_replaced_is_noticed() {
    let (workspace, theirs) = (small(), small());
    let alice = identity(&workspace, "alice.txt");
    for workspace in [&workspace, &theirs] {
        workspace.succeeds(&[
            "ca",
            "slot",
            "add",
            "alice",
            "--recipient",
            &alice.recipient,
        ]);
    }
    workspace.write_with_mode("pki/keyring.yml", theirs.read("pki/keyring.yml"), 0o600);
    let before = workspace.files();
    let error = workspace.fails(1, &["init", "--age-identity", "alice.txt"]);
    assert!(error.contains("the sealed key does not open"), "{error}");
    assert_eq!(workspace.files(), before);
}
