//! `etcdpki ca list`, `import`, `request` and `accept` as a user meets them.

use fixtures::{openssl, run};

use crate::workspace::Workspace;

const DESCRIPTION: &str =
    "domain: internal.example\nnodes:\n  - { name: etcd-0, addresses: [10.0.0.10] }\n";

/// A directory with a description, passphrase and vault password, and an openssl root.
fn described() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("etcdpki.yml", DESCRIPTION);
    for secret in ["etcdpki-passphrase.txt", "vault-password.txt"] {
        workspace.write_with_mode(secret, "correct horse battery staple\n", 0o600);
    }
    shell(
        &workspace,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout root.key -out root.crt \
         -days 900 -subj /O=Corp/CN=Root -addext basicConstraints=critical,CA:TRUE,pathlen:3 \
         -addext keyUsage=critical,keyCertSign,cRLSign",
    );
    workspace
}

#[track_caller]
fn shell(workspace: &Workspace, arguments: &str) {
    run(openssl()
        .args(arguments.split_whitespace())
        .current_dir(workspace.path("")))
    .expect_success();
}

#[track_caller]
fn verify_strictly(workspace: &Workspace) {
    let leaf = "pki/certificates/etcd-0/peer/1/tls.crt";
    shell(
        workspace,
        &format!(
            "verify -x509_strict -CAfile pki/authorities/root/1/ca.crt -untrusted {leaf} {leaf}"
        ),
    );
    workspace.succeeds(&["verify"]);
}

#[test]
fn an_intermediate_is_requested_and_signed_by_openssl() {
    let workspace = described();
    workspace.succeeds(&["ca", "request", "intermediate", "--out", "int.csr"]);
    let first = workspace.read("int.csr");
    // Asked again, it is the same request, and no passphrase is needed.
    workspace.succeeds(&["ca", "request", "intermediate", "--out", "int.csr"]);
    assert_eq!(workspace.read("int.csr"), first);
    let error = workspace.fails(1, &["init"]);
    assert!(error.contains("etcdpki ca accept"), "{error}");
    assert!(workspace.succeeds(&["ca", "list"]).contains("waiting"));
    workspace.write("ext", "authorityKeyIdentifier=keyid\n");
    shell(
        &workspace,
        "x509 -req -copy_extensions copyall -in int.csr -CA root.crt -CAkey root.key -days 800 -extfile ext -out int.crt",
    );
    let error = workspace.fails(1, &["ca", "accept", "int.crt"]);
    assert!(error.contains("neither given nor here"), "{error}");
    let error = workspace.fails(1, &["ca", "accept", "root.crt"]);
    assert!(error.contains("none of the 1 certificates"), "{error}");
    let before = workspace.files();
    workspace.succeeds(&["ca", "accept", "--dry-run", "int.crt", "root.crt"]);
    assert_eq!(workspace.files(), before);
    let report = workspace.succeeds(&["ca", "accept", "--json", "int.crt", "root.crt"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let notes = report["notes"].as_array().unwrap();
    assert_eq!(notes.len(), 1, "{report}");
    assert!(
        notes[0]
            .to_string()
            .contains("it holds for 800 days, where the description says 10y"),
        "{report}"
    );
    let journal = String::from_utf8(workspace.read("pki/journal.jsonl")).unwrap();
    let accepted: serde_json::Value =
        serde_json::from_str(journal.lines().last().unwrap()).unwrap();
    assert_eq!(accepted["command"], "ca accept");
    assert_eq!(accepted["event"], "imported");
    assert_eq!(accepted["path"], "authorities/intermediate/1");
    workspace.succeeds(&["init"]);
    verify_strictly(&workspace);
    let list = workspace.succeeds(&["ca", "list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let keys: Vec<_> = list["authorities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["key"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(keys, ["offline", "sealed", "sealed"]);
    let error = workspace.fails(1, &["ca", "accept", "int.crt"]);
    assert!(error.contains("no authority waits"), "{error}");
}

#[test]
fn an_answer_that_says_something_else_is_refused() {
    let workspace = described();
    workspace.succeeds(&["ca", "request", "intermediate", "--out", "int.csr"]);
    for (name, extensions, subject, part) in [
        (
            "leaf",
            "basicConstraints=critical,CA:FALSE",
            "",
            "not an authority",
        ),
        (
            "short",
            "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=keyCertSign",
            "",
            "allows 0 authorities",
        ),
        (
            "other",
            "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign",
            "-subj /CN=Other",
            "`CN=Other`",
        ),
    ] {
        workspace.write("ext", format!("{extensions}\n"));
        // openssl 3.0's `x509` changes no subject: `req` makes another request with the subject.
        let command = match subject {
            "" => "x509 -req -in int.csr".to_owned(),
            _ => format!("x509 -new {subject} -force_pubkey int.pub"),
        };
        if !subject.is_empty() {
            shell(&workspace, "req -in int.csr -noout -pubkey -out int.pub");
        }
        shell(
            &workspace,
            &format!(
                "{command} -CA root.crt -CAkey root.key -days 800 -extfile ext -out {name}.crt"
            ),
        );
        let error = workspace.fails(1, &["ca", "accept", &format!("{name}.crt"), "root.crt"]);
        assert!(error.contains(part), "{name}: {error}");
    }
    // Nothing was kept.
    assert!(!workspace.path("pki/authorities/root").exists());
}

#[test]
fn a_root_on_another_machine_signs_with_the_same_program() {
    let offline = described();
    offline.succeeds(&["init"]);
    let online = described();
    online.succeeds(&["ca", "request", "intermediate", "--out", "int.csr"]);
    offline.write("int.csr", online.read("int.csr"));
    let before = offline.files();
    offline.succeeds(&[
        "issue",
        "--csr",
        "int.csr",
        "--authority",
        "intermediate",
        "--out",
        "int.crt",
    ]);
    online.write("int.crt", offline.read("int.crt"));
    online.write("top.crt", offline.read("pki/authorities/root/1/ca.crt"));
    online.succeeds(&["ca", "accept", "int.crt", "top.crt"]);
    online.succeeds(&["init"]);
    verify_strictly(&online);
    std::fs::remove_file(offline.path("int.crt")).unwrap();
    assert_eq!(offline.files(), before);

    // Below a root whose key is elsewhere nothing new is made without it.
    let error = described_with_offline_root().fails(1, &["init"]);
    assert!(error.contains("etcdpki ca request intermediate"), "{error}");
    let error = online.fails(
        1,
        &[
            "issue",
            "--csr",
            "int.csr",
            "--authority",
            "intermediate",
            "--out",
            "x",
        ],
    );
    assert!(
        error.contains("key of the root authority is not here"),
        "{error}"
    );
    let error = online.fails(
        1,
        &[
            "issue",
            "--csr",
            "int.csr",
            "--authority",
            "etcd",
            "--out",
            "x",
        ],
    );
    assert!(error.contains("the description here says"), "{error}");
}

fn described_with_offline_root() -> Workspace {
    let workspace = described();
    workspace.succeeds(&["ca", "import", "root", "--cert", "root.crt", "--offline"]);
    workspace
}

#[test]
fn an_encrypted_key_is_imported() {
    let workspace = described();
    workspace.write_with_mode("secret", "open sesame\n", 0o600);
    shell(
        &workspace,
        "pkcs8 -topk8 -v2 aes-256-cbc -in root.key -passout file:secret -out root.p8",
    );
    let import = [
        "ca", "import", "root", "--cert", "root.crt", "--key", "root.p8",
    ];
    let error = workspace.fails(1, &import);
    assert!(error.contains("--key-passphrase-file"), "{error}");
    workspace.write_with_mode("wrong", "abracadabra\n", 0o600);
    let error = workspace.fails(
        1,
        &[&import[..], &["--key-passphrase-file", "wrong"]].concat(),
    );
    assert!(error.contains("does not open the key"), "{error}");
    workspace.succeeds(&[&import[..], &["--key-passphrase-file", "secret"]].concat());
    workspace.succeeds(&["init"]);
    verify_strictly(&workspace);
    let error = workspace.fails(
        1,
        &[&import[..], &["--key-passphrase-file", "secret"]].concat(),
    );
    assert!(
        error.contains("the root authority is there already"),
        "{error}"
    );
    let clear = workspace.read("root.key");
    let clear = String::from_utf8_lossy(&clear);
    let line = clear.lines().nth(1).unwrap();
    for (name, content) in workspace.files() {
        let found = name.starts_with("pki/") && String::from_utf8_lossy(&content).contains(line);
        assert!(!found, "{name} holds the key in clear");
    }
}

#[test]
fn a_command_signs_for_the_root() {
    let workspace = described();
    let import = |command: &str| {
        [
            "ca",
            "import",
            "root",
            "--cert",
            "root.crt",
            "--signer-command",
            command,
        ]
        .map(str::to_owned)
    };
    let run = |arguments: &[String]| {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        workspace.run(&arguments)
    };
    for (wrong, part) in [
        ("openssl dgst -sha256 -sign root.key", "another digest"),
        ("false", "failed"),
        ("no-such-program", "could not be started"),
        ("'", "quote"),
        ("''", "it is empty"),
    ] {
        let output = run(&import(wrong));
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(part), "{wrong}: {error}");
    }
    assert!(!workspace.path("pki/keyring.yml").exists());
    let output = run(&import("openssl dgst -sha384 -sign root.key"));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    workspace.succeeds(&["init"]);
    verify_strictly(&workspace);
    assert!(
        !workspace
            .path("pki/authorities/root/1/ca.key.sealed")
            .exists()
    );
    // Without the key all goes on but the making of an intermediate.
    std::fs::remove_file(workspace.path("root.key")).unwrap();
    workspace.succeeds(&["issue", "etcd-0", "--renew"]);
    workspace.succeeds(&["verify"]);
    workspace.write(
        "pki/authorities/root/1/ca.signer.yml",
        "version: 9\noffline: true\n",
    );
    assert!(
        workspace
            .fails(1, &["ca", "list"])
            .contains("ca.signer.yml: not the description")
    );
}

#[test]
fn a_passphrase_is_made_where_a_keyring_is() {
    let workspace = described();
    let given = workspace.read("etcdpki-passphrase.txt");
    std::fs::remove_file(workspace.path("etcdpki-passphrase.txt")).unwrap();
    let arguments = [
        "ca", "import", "root", "--cert", "root.crt", "--key", "root.key",
    ];
    let generate = [&arguments[..], &["--generate-secrets"]].concat();
    let error = workspace.fails(1, &arguments);
    assert!(error.contains("no passphrase"), "{error}");
    assert!(!workspace.path("pki").exists());
    let output = workspace.run(&generate);
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("Next: `etcdpki init` makes"), "{report}");
    let notes = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{notes}");
    assert!(notes.contains("wrote etcdpki-passphrase.txt"), "{notes}");
    assert_eq!(workspace.read("etcdpki-passphrase.txt").len(), 53);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(workspace.path("etcdpki-passphrase.txt"))
            .unwrap()
            .permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    let ignored = String::from_utf8(workspace.read(".gitignore")).unwrap();
    assert!(ignored.contains("etcdpki-passphrase.txt"), "{ignored}");
    workspace.succeeds(&["init"]);
    verify_strictly(&workspace);

    // None is made for a keyring that is there.
    std::fs::remove_file(workspace.path("etcdpki-passphrase.txt")).unwrap();
    let request = ["ca", "request", "issuing", "--generate-secrets"];
    let issuing = format!("{DESCRIPTION}authorities: {{ etcd: {{ issuing: true }} }}\n");
    workspace.write("etcdpki.yml", issuing);
    let error = workspace.fails(1, &request);
    assert!(error.contains("sealed already"), "{error}");
    // One that is given is taken.
    let other = described();
    std::fs::remove_file(other.path("vault-password.txt")).unwrap();
    let report = other.succeeds(&generate);
    // It works as it is written there, without a vault password.
    let next = "etcdpki init --generate-secrets";
    assert!(report.contains(&format!("`{next}`")), "{report}");
    other.succeeds(&["init", "--generate-secrets"]);
    assert_eq!(other.read("etcdpki-passphrase.txt"), given);
}
