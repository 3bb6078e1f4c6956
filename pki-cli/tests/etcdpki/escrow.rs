//! The root's key in a file of its own, and the root offline.

use fixtures::{age, openssl, run};

use crate::slots::{identity, names, slots, small};
use crate::workspace::Workspace;

fn is_of_root(workspace: &Workspace, pem: &str) -> bool {
    workspace.write_with_mode("opened.pem", pem, 0o600);
    let of_key = run(openssl()
        .args(["pkey", "-pubout", "-in"])
        .arg(workspace.path("opened.pem")));
    let root = workspace.path("pki/authorities/root/1/ca.crt");
    let of_root = run(openssl()
        .args(["x509", "-pubkey", "-noout", "-in"])
        .arg(root));
    std::fs::remove_file(workspace.path("opened.pem")).unwrap();
    of_key.expect_success().stdout == of_root.expect_success().stdout
}

#[test]
fn age_opens_the_escrow_to_the_key_of_the_root() {
    let workspace = small();
    let safe = identity(&workspace, "safe.txt");
    let other = identity(&workspace, "other.txt");
    let escrow = [
        "ca",
        "escrow",
        "--recipient",
        &safe.recipient,
        "--recipient",
        &other.recipient,
        "--out",
        "root.age",
    ];
    let report = workspace.succeeds(&escrow);
    assert!(report.contains("Not proved"), "{report}");
    for key in [&safe, &other] {
        let opened = run(age()
            .arg("-d")
            .arg("-i")
            .arg(&key.identity)
            .arg(workspace.path("root.age")));
        let pem = opened.expect_success().stdout;
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        assert!(is_of_root(&workspace, &pem));
    }
    let error = workspace.fails(1, &escrow);
    assert!(
        error.contains("root.age: there is a file already"),
        "{error}"
    );
}

#[test]
fn the_root_goes_offline_and_comes_back() {
    let workspace = small();
    let safe = identity(&workspace, "safe.txt");
    identity(&workspace, "eve.txt");
    let offline = |proof: &'static str| {
        [
            "ca",
            "escrow",
            "--recipient",
            safe.recipient.as_str(),
            "-o",
            "root.age",
            "--take-offline",
            "--prove-with",
            proof,
        ]
    };
    let before = workspace.files();
    let error = workspace.fails(2, &offline("safe.txt")[..7]);
    assert!(error.contains("--prove-with"), "{error}");
    let error = workspace.fails(1, &offline("eve.txt"));
    assert!(
        error.contains("does not open to the root's key with eve.txt"),
        "{error}"
    );
    let dry_run = [&offline("safe.txt")[..], &["--dry-run"]].concat();
    let report = workspace.succeeds(&dry_run);
    assert!(
        report.contains("Proved") && report.contains("dry run"),
        "{report}"
    );
    assert_eq!(workspace.files(), before);

    let report = workspace.succeeds(&offline("safe.txt"));
    assert!(
        report.contains("The root is offline") && !report.contains("interrupted"),
        "{report}"
    );
    let listing = slots(&workspace);
    assert_eq!(listing["slots"][0]["tiers"], serde_json::json!(["issuing"]));
    assert_eq!(listing["slots"][1]["tiers"], serde_json::json!(["root"]));

    let listed = workspace.succeeds(&["ca", "list"]);
    assert!(
        listed
            .lines()
            .any(|line| line.starts_with("root ") && line.contains(" offline ")),
        "{listed}"
    );
    assert_eq!(listed.matches(" offline ").count(), 1, "{listed}");
    let listed: serde_json::Value =
        serde_json::from_str(&workspace.succeeds(&["ca", "list", "--json"])).unwrap();
    assert_eq!(listed["authorities"][0]["key"], "sealed");
    assert_eq!(listed["authorities"][0]["offline"], true);
    assert_eq!(listed["authorities"][1]["offline"], false);
    workspace.succeeds(&["report", "-o", "page.html"]);
    let page = String::from_utf8(workspace.read("page.html")).unwrap();
    assert_eq!(page.matches("kept offline: no slot").count(), 1);
    std::fs::remove_file(workspace.path("page.html")).unwrap();

    let report = workspace.succeeds(&["ca", "slot", "rotate"]);
    assert!(
        report.contains("key of the issuing tier was replaced\n5 keys sealed anew"),
        "{report}"
    );

    // A rotation that needs it says so, and leaves nothing half made.
    let before = workspace.files();
    let plan = workspace.succeeds(&["rotate", "ca", "intermediate", "--plan"]);
    assert!(plan.contains("root CA G1 (sealed, root tier)"), "{plan}");
    let error = workspace.fails(1, &["rotate", "ca", "intermediate", "--unchecked"]);
    assert!(
        error.contains("the root tier is not open") && error.contains("--age-identity FILE"),
        "{error}"
    );
    assert_eq!(workspace.files(), before);

    // Everything but a new intermediate works without it.
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    workspace.write(
        "etcdpki.yml",
        description.replace("[etcdctl]", "[etcdctl, backup]"),
    );
    workspace.succeeds(&["init"]);
    let report = workspace.succeeds(&["verify"]);
    assert!(report.contains("6 keys opened, 1 not checked"), "{report}");
    for lost in [
        "pki/authorities/intermediate",
        "pki/authorities/etcd",
        "pki/certificates",
        // No authority would be here that signed it.
        "pki/crl",
    ] {
        std::fs::remove_dir_all(workspace.path(lost)).unwrap();
    }
    let error = workspace.fails(1, &["init"]);
    assert!(
        error.contains("ca.key.sealed: the root tier is not open: it opens with slot `offline`"),
        "{error}"
    );
    assert!(error.contains("--age-identity FILE"), "{error}");
    workspace.succeeds(&["init", "--age-identity", "safe.txt"]);
    let report = workspace.succeeds(&["verify", "--age-identity", "safe.txt"]);
    assert!(report.contains("7 keys opened,"), "{report}");

    // The last that opens the root stays, until another does.
    let error = workspace.fails(1, &["ca", "slot", "remove", "offline"]);
    assert!(
        error.contains("the only one that opens the root tier"),
        "{error}"
    );
    workspace.write_with_mode("new.txt", "a passphrase for all of it\n", 0o600);
    workspace.succeeds(&[
        "ca",
        "slot",
        "change",
        "passphrase",
        "--tier",
        "both",
        "--age-identity",
        "safe.txt",
        "--new-passphrase-file",
        "new.txt",
    ]);
    let remove = [
        "ca",
        "slot",
        "remove",
        "offline",
        "--passphrase-file",
        "new.txt",
    ];
    workspace.succeeds(&remove);
    assert_eq!(names(&workspace), ["passphrase"]);
    let report = workspace.succeeds(&["verify", "--passphrase-file", "new.txt"]);
    assert!(report.contains("7 keys opened,"), "{report}");
}

#[test]
fn without_a_root_it_is_said_why() {
    let workspace = Workspace::new();
    workspace.write(
        "etcdpki.yml",
        "domain: a.example\nnodes: [{ name: n, addresses: [10.0.0.1] }]\nauthorities: { levels: 1 }\n",
    );
    workspace.succeeds(&["init", "--generate-secrets"]);
    let safe = identity(&workspace, "safe.txt");
    let escrow = ["ca", "escrow", "--recipient", &safe.recipient];
    let told = workspace.fails(1, &[&escrow[..], &["--out", "root.age"]].concat());
    assert!(told.contains("levels: 1"), "{told}");
    assert!(!workspace.path("root.age").exists());
}
