//! `etcdpki init` as a user meets it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::workspace::Workspace;

const VAULT_FILES: [&str; 3] = [
    "roles/common/vars/certificates.vault.yml",
    "roles/etcd-client/vars/certificates.vault.yml",
    "roles/etcd-server/vars/certificates.vault.yml",
];

#[test]
fn nothing_but_the_command_makes_a_whole_cluster() {
    let workspace = Workspace::new();
    let report = workspace.succeeds(&["init", "--generate-secrets"]);
    for part in [
        "The nodes are examples",
        "Made 11 certificates",
        "etcdpki verify",
        "expires",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    assert!(
        workspace
            .succeeds(&["verify"])
            .starts_with("ok: 3 authorities, 8 certificates, 11 keys")
    );
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    assert!(description.contains("# trust_anchor: etcd"));
}

#[test]
fn a_second_run_changes_nothing_and_says_so() {
    let workspace = Workspace::initialised();
    let before = workspace.files();
    let report = workspace.succeeds(&["init", "--generate-secrets"]);
    assert!(report.contains("Nothing changed"), "{report}");
    assert_eq!(workspace.files(), before);
    workspace.succeeds(&["init"]);
    assert_eq!(workspace.files(), before);
}

#[test]
fn options_become_the_description_and_may_be_repeated() {
    let workspace = Workspace::new();
    let arguments = [
        "init",
        "--generate-secrets",
        "--domain",
        "internal.example",
        "--node",
        "etcd-0=10.1.0.10,fd00::10",
        "--node",
        "no=10.1.0.11",
        "--client",
        "backup",
        "--network",
        "10.1.0.0/16",
        "--network",
        "fd00::/64",
        "--cluster",
        "prod",
    ];
    workspace.succeeds(&arguments);
    let before = workspace.files();
    assert!(workspace.succeeds(&arguments).contains("Nothing changed"));
    assert_eq!(workspace.files(), before);
    workspace.succeeds(&["verify"]);

    let error = workspace.fails(1, &["init", "--domain", "other.example"]);
    assert!(
        error.contains("--domain says other.example, and etcdpki.yml says internal.example"),
        "{error}"
    );
    workspace.fails(1, &["init", "--node", "etcd-0=10.1.0.10"]);
    workspace.fails(1, &["init", "--client", "other"]);
    assert_eq!(workspace.files(), before);
}

#[test]
fn a_description_that_is_there_is_used() {
    let workspace = Workspace::new();
    workspace.write(
        "etcdpki.yml",
        "domain: a.example\nnodes:\n  - { name: n, addresses: [10.0.0.1] }\nclients: [c]\n",
    );
    let report = workspace.succeeds(&["init", "--generate-secrets"]);
    assert!(
        !report.contains("examples") && report.contains("Made 6 certificates"),
        "{report}"
    );
}

#[test]
fn a_new_node_is_added_and_the_rest_stays() {
    let workspace = Workspace::initialised();
    let before = workspace.files();
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    let line = "  - { name: etcd-2, addresses: [10.0.0.12] }\n";
    workspace.write(
        "etcdpki.yml",
        description.replace(
            line,
            &format!("{line}  - {{ name: etcd-3, addresses: [10.0.0.13] }}\n"),
        ),
    );
    let report = workspace.succeeds(&["init"]);
    assert!(
        report.contains("certificate etcd-3/server: it is missing"),
        "{report}"
    );
    let changed: Vec<_> = workspace
        .files()
        .into_iter()
        .filter(|file| !before.contains(file))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        changed,
        [
            "etcdpki.yml",
            "pki/certificates/etcd-3/peer/1/tls.crt",
            "pki/certificates/etcd-3/peer/1/tls.key.sealed",
            "pki/certificates/etcd-3/server/1/tls.crt",
            "pki/certificates/etcd-3/server/1/tls.key.sealed",
            "pki/journal.jsonl",
            "roles/etcd-server/vars/certificates.vault.yml",
        ]
    );
}

#[test]
fn a_dry_run_writes_nothing() {
    let workspace = Workspace::new();
    let report = workspace.succeeds(&["init", "--dry-run"]);
    assert!(report.contains("authority root: it is missing"), "{report}");
    assert!(workspace.files().is_empty());
}

#[test]
fn the_report_is_there_in_json() {
    let workspace = Workspace::new();
    let report = workspace.succeeds(&["init", "--generate-secrets", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["certificates"].as_array().unwrap().len(), 8);
    assert_eq!(report["authorities"][2]["name"], "etcd");
    assert_eq!(report["examples"], true);
}

#[test]
fn secrets_are_for_their_owner_and_git_ignores_them() {
    let workspace = Workspace::new();
    workspace.write(".gitignore", "/mine\n/vault-password.txt");
    workspace.succeeds(&["init", "--generate-secrets"]);
    assert_eq!(
        workspace.read(".gitignore"),
        b"/mine\n/vault-password.txt\n/etcdpki-passphrase.txt\n/vault-passwords/\n"
    );
    for name in [
        "vault-password.txt",
        "etcdpki-passphrase.txt",
        "pki/keyring.yml",
        VAULT_FILES[0],
        "pki/certificates/etcd-0/server/1/tls.key.sealed",
    ] {
        let mode = fs::metadata(workspace.path(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    assert!(workspace.read("vault-password.txt").len() > 50);
    assert_ne!(
        workspace.read("vault-password.txt"),
        workspace.read("etcdpki-passphrase.txt")
    );
}

#[test]
fn no_private_key_is_in_clear_anywhere() {
    let workspace = Workspace::new();
    let output = workspace.run(&["init", "--generate-secrets"]);
    workspace.succeeds(&["verify"]);
    let inspected = workspace.run(&[
        "inspect",
        VAULT_FILES[2],
        "pki/certificates/etcd-0/server/1/tls.key.sealed",
    ]);
    let mut texts = workspace.files();
    texts.push((
        "output".to_owned(),
        [
            output.stdout,
            output.stderr,
            inspected.stdout,
            inspected.stderr,
        ]
        .concat(),
    ));
    for (name, content) in texts {
        let text = String::from_utf8_lossy(&content);
        assert!(!text.contains("PRIVATE KEY"), "{name}");
        // Every PKCS#8 key of P-256 or P-384 begins with one of these in base64.
        assert!(
            !text.contains("MIGHAgEAMBMG") && !text.contains("MIG2AgEAMBAG"),
            "{name}"
        );
        assert!(
            !content
                .windows(9)
                .any(|octets| octets == b"\x06\x07*\x86H\xce=\x02\x01")
                || name.ends_with(".crt"),
            "{name}"
        );
    }
}

#[test]
fn passwords_come_from_files_variables_and_commands() {
    let workspace = Workspace::new();
    workspace.write_with_mode("p1", "one\n", 0o600);
    workspace.write_with_mode("p2", "two\n", 0o600);
    workspace.write_with_mode("p3", "#!/bin/sh\necho two\n", 0o700);
    workspace.succeeds(&[
        "init",
        "--passphrase-file",
        "p1",
        "--vault-password-file",
        "p2",
    ]);
    assert!(
        workspace
            .succeeds(&[
                "init",
                "--passphrase-command",
                "echo one",
                "--vault-password-command",
                "cat p2"
            ])
            .contains("Nothing changed")
    );
    assert!(
        workspace
            .succeeds(&[
                "init",
                "--passphrase-file",
                "p1",
                "--vault-password-file",
                "p3"
            ])
            .contains("Nothing changed")
    );
    let output = workspace
        .command(&["init"])
        .env("ETCDPKI_PASSPHRASE_FILE", "p1")
        .env("ANSIBLE_VAULT_PASSWORD_FILE", "p2")
        .output()
        .unwrap();
    assert!(output.status.success());
}

/// Each way in which a password cannot be had, and a part of the message. Nothing is written.
#[test]
fn passwords_that_cannot_be_had_are_errors() {
    let workspace = Workspace::new();
    workspace.write_with_mode("good", "x\n", 0o600);
    workspace.write_with_mode("empty", " \n", 0o600);
    workspace.write_with_mode("open", "x\n", 0o644);
    let before = workspace.files();
    let cases: [(&[&str], &str); 8] = [
        (&[], "no passphrase: give --passphrase-file"),
        (
            &["--passphrase-file", "good"],
            "no vault password: give --vault-password-file",
        ),
        (&["--passphrase-file", "missing"], "missing was not found"),
        (&["--passphrase-file", "empty"], "empty"),
        (&["--passphrase-file", "open"], "chmod 600 open"),
        (&["--passphrase-file", "pki"], "directory"),
        (&["--passphrase-command", "false"], "false"),
        (&["--passphrase-command", "'"], "quote"),
    ];
    for (arguments, part) in cases {
        let error = workspace.fails(1, &[&["init"], arguments].concat());
        assert!(error.contains(part), "{arguments:?}: {error}");
        assert_eq!(workspace.files(), before, "{arguments:?}");
        assert!(!workspace.path("pki").exists(), "{arguments:?}");
    }
    workspace.fails(
        2,
        &[
            "init",
            "--passphrase-file",
            "a",
            "--passphrase-command",
            "b",
        ],
    );
}

#[test]
fn another_passphrase_or_vault_password_changes_nothing() {
    let workspace = Workspace::initialised();
    workspace.write_with_mode("wrong", "wrong\n", 0o600);
    let before = workspace.files();
    let error = workspace.fails(1, &["init", "--passphrase-file", "wrong"]);
    assert!(error.contains("does not open the keyring"), "{error}");
    let error = workspace.fails(1, &["verify", "--passphrase-file", "wrong"]);
    assert!(error.contains("does not open the keyring"), "{error}");
    let error = workspace.fails(1, &["init", "--vault-password-file", "wrong"]);
    assert!(
        error.contains("certificates.vault.yml: decryption failed"),
        "{error}"
    );
    assert_eq!(workspace.files(), before);

    fs::remove_file(workspace.path("etcdpki-passphrase.txt")).unwrap();
    let error = workspace.fails(1, &["init", "--generate-secrets"]);
    assert!(
        error.contains("sealed already") && error.contains("--passphrase-file"),
        "{error}"
    );
}

/// A fault of each kind on the way in: the place is named, and nothing is written.
#[test]
fn a_faulty_description_is_refused_before_anything_is_written() {
    let node = "nodes:\n  - { name: etcd-0, addresses: [10.0.0.10] }\n";
    for (text, place, part) in [
        (
            format!("domain: a.b\n{node}nodez: 1\n"),
            "etcdpki.yml:4:1",
            "nodez",
        ),
        (
            format!("domain: a.b\n{node}networks: 7\n"),
            "etcdpki.yml:4:",
            "",
        ),
        (
            format!("domain: a.b\n{node}  - {{ name: etcd-0, addresses: [10.0.0.11] }}\n"),
            "etcdpki.yml:4:13",
            "second time",
        ),
        (
            format!("domain: a.b\n{node}  - {{ name: etcd-1, addresses: [10.0.0.10] }}\n"),
            "etcdpki.yml:4:33",
            "an address of etcd-0 already",
        ),
        (
            format!("domain: a_b.c\n{node}"),
            "etcdpki.yml:1:9",
            "hyphens",
        ),
        (
            "domain: a.b\nnodes:\n  - { name: n, addresses: [\"10.0.0.1:2379\"] }\n".to_owned(),
            "etcdpki.yml:3:28",
            "without port",
        ),
        (
            "domain: a.b\nnodes: []\n".to_owned(),
            "etcdpki.yml:2:8",
            "empty",
        ),
        (
            format!("domain: a.b\n{node}certificates: {{ lifetime: 10y }}\n"),
            "etcdpki.yml:4:27",
            "past the 5y of its issuer",
        ),
        (
            format!(
                "domain: a.b\n{node}authorities: {{ etcd: {{ name_constraints: {{ dns: [c.d, localhost], addresses: [10.0.0.0/8, 127.0.0.0/8, \"::1/128\"] }} }} }}\n"
            ),
            "etcdpki.yml:1:9",
            "lies outside",
        ),
    ] {
        let workspace = Workspace::new();
        workspace.write("etcdpki.yml", &text);
        let error = workspace.fails(1, &["init", "--generate-secrets"]);
        assert!(
            error.contains(place) && error.contains(part),
            "{text}: {error}"
        );
        assert_eq!(workspace.files().len(), 1, "{text}");
    }
    let workspace = Workspace::new();
    workspace.fails(2, &["init", "--node", "etcd-0"]);
    workspace.fails(2, &["init", "--node", "etcd-0=10.0.0.300"]);
    workspace.fails(
        1,
        &["init", "--generate-secrets", "--node", "Etcd=10.0.0.3"],
    );
    workspace.fails(1, &["init", "--generate-secrets", "--domain", "a: b\"\n"]);
    assert!(workspace.files().is_empty());
}

#[test]
fn a_domain_outside_the_authority_that_is_there_is_refused() {
    let workspace = Workspace::initialised();
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    workspace.write(
        "etcdpki.yml",
        description.replace("your-internal.domain", "other.example"),
    );
    let before = workspace.files();
    let error = workspace.fails(1, &["init"]);
    assert!(
        error.contains("etcd-0.other.example` lies outside the name constraints"),
        "{error}"
    );
    assert!(error.contains("etcdpki.yml:"), "{error}");
    assert_eq!(workspace.files(), before);
}

#[test]
fn a_directory_that_holds_another_pki_is_left_alone() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path("pki")).unwrap();
    workspace.write("pki/ca.crt", "easy-rsa was here");
    let error = workspace.fails(1, &["init", "--generate-secrets"]);
    assert!(error.contains("etcdpki did not make it"), "{error}");
    assert_eq!(workspace.files().len(), 1);

    let workspace = Workspace::initialised();
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    workspace.write(
        "etcdpki.yml",
        description.replace("# cluster: etcd", "cluster: other"),
    );
    let before = workspace.files();
    let error = workspace.fails(1, &["init"]);
    assert!(error.contains("that of cluster `etcd`"), "{error}");
    assert_eq!(workspace.files(), before);
}

#[test]
fn a_vault_file_that_was_changed_or_is_not_one_is_named() {
    let workspace = Workspace::initialised();
    let file = VAULT_FILES[1];
    let good = workspace.read(file);
    for index in [0, 20, 40, 200, good.len() / 2, good.len() - 2] {
        let mut bad = good.clone();
        // Another digit or letter; the case of a digit says nothing.
        bad[index] = if bad[index] == b'1' { b'2' } else { b'1' };
        workspace.write_with_mode(file, &bad, 0o600);
        let error = workspace.fails(1, &["init"]);
        assert!(error.contains(file), "{index}: {error}");
        assert_eq!(workspace.read(file), bad);
    }
    workspace.write_with_mode(file, "vault: {}\n", 0o600);
    let error = workspace.fails(1, &["init"]);
    assert!(
        error.contains("not encrypted") && error.contains("vault encrypt"),
        "{error}"
    );
}

#[test]
fn what_a_person_added_to_the_files_survives() {
    let workspace = Workspace::initialised();
    let file = "roles/etcd-server/vars/certificates.yml";
    let mut text = String::from_utf8(workspace.read(file)).unwrap();
    text.push_str("# mine\nextra: 1\n");
    workspace.write(file, &text);
    assert!(workspace.succeeds(&["init"]).contains("Nothing changed"));
    let broken = text.replace("nodes[ansible_hostname].peer.key", "nothing");
    workspace.write(file, &broken);
    workspace.succeeds(&["init"]);
    assert_eq!(workspace.read(file), text.into_bytes());
}

#[test]
fn what_is_written_is_told() {
    let workspace = Workspace::initialised();
    workspace.write("pki/trust/members.crt", "junk");
    let report = workspace.succeeds(&["init"]);
    assert!(
        report.contains("pki/trust/members.crt") && !report.contains("Nothing changed"),
        "{report}"
    );
    // Still the example nodes, however often it runs.
    assert!(report.contains("The nodes are examples"), "{report}");

    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    workspace.write(
        "etcdpki.yml",
        format!("{description}ansible: {{ vault_id: prod }}\n"),
    );
    let report = workspace.succeeds(&["init"]);
    for file in VAULT_FILES {
        assert!(
            workspace
                .read(file)
                .starts_with(b"$ANSIBLE_VAULT;1.2;AES256;prod\n"),
            "{file}"
        );
        assert!(report.contains(file), "{report}");
    }
    assert!(workspace.succeeds(&["init"]).contains("Nothing changed"));
}

#[test]
fn a_passphrase_that_cannot_be_had_is_called_one() {
    let workspace = Workspace::new();
    let error = workspace.fails(1, &["init", "--passphrase-file", "missing"]);
    assert!(
        error.contains("passphrase") && !error.contains("vault password"),
        "{error}"
    );
}

#[test]
fn what_is_not_described_any_more_is_told() {
    let workspace = Workspace::initialised();
    let description = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
    let line = "  - { name: etcd-2, addresses: [10.0.0.12] }\n";
    workspace.write("etcdpki.yml", description.replace(line, ""));
    let report = workspace.succeeds(&["init"]);
    assert!(report.contains("Not described"), "{report}");
    assert!(
        report.contains("pki/certificates/etcd-2/peer/1/tls.crt"),
        "{report}"
    );
    let report: serde_json::Value =
        serde_json::from_str(&workspace.succeeds(&["init", "--json"])).unwrap();
    assert_eq!(report["undescribed"].as_array().unwrap().len(), 2);
}

#[test]
fn an_example_beside_what_was_named_is_told() {
    let report =
        Workspace::new().succeeds(&["init", "--generate-secrets", "--domain", "x.example"]);
    assert!(report.contains("The nodes are examples"), "{report}");
    let node = ["init", "--generate-secrets", "--node", "a=10.1.0.1"];
    let report = Workspace::new().succeeds(&node);
    assert!(report.contains("The domain is an example"), "{report}");
}

#[test]
fn a_fault_in_an_option_points_into_no_file() {
    let workspace = Workspace::new();
    let error = workspace.fails(1, &["init", "--generate-secrets", "--domain", "bad..x"]);
    assert!(
        error.contains("bad..x") && !error.contains("etcdpki.yml:"),
        "{error}"
    );
}

#[test]
fn a_first_run_that_fails_leaves_nothing() {
    let workspace = Workspace::new();
    fs::create_dir_all(workspace.path("roles/common/vars")).unwrap();
    workspace.write(VAULT_FILES[0], "vault: [not, a, map]\n");
    let before = workspace.files();
    workspace.fails(1, &["init", "--generate-secrets"]);
    assert_eq!(workspace.files(), before);
    assert!(!workspace.path("pki").exists());
}

#[test]
fn how_many_nodes_may_fail_is_told() {
    for (nodes, note) in [
        (1, Some("one node survives no failure")),
        (2, Some("the failure of either stops the cluster")),
        (3, None),
        (4, Some("4 nodes survive the loss of 1, no more than 3 do")),
    ] {
        let workspace = Workspace::new();
        let given: Vec<String> = (0..nodes)
            .map(|node| format!("etcd-{node}=10.0.0.1{node}"))
            .collect();
        let mut arguments = vec!["init", "--dry-run"];
        for node in &given {
            arguments.extend(["--node", node]);
        }
        let text = workspace.succeeds(&arguments);
        match note {
            Some(note) => assert!(text.contains(note), "{text}"),
            None => assert!(!text.contains("note:"), "{text}"),
        }
        arguments.push("--json");
        let report: serde_json::Value =
            serde_json::from_str(&workspace.succeeds(&arguments)).unwrap();
        assert_eq!(report["tolerated_losses"], (nodes - 1) / 2);
    }
}

/// What a dry run says would be written is what is written then.
#[test]
fn a_dry_run_lists_the_files_that_would_be_written() {
    let written = |workspace: &Workspace, arguments: &[&str]| {
        let text = workspace.succeeds(&[&["init", "--json"], arguments].concat());
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        let list = |name: &str| {
            let list = report[name].as_array().cloned().unwrap_or_default();
            let mut list: Vec<String> = list
                .iter()
                .map(|path| path.as_str().unwrap().to_owned())
                .collect();
            list.sort();
            list
        };
        (list("written"), list("closed"))
    };
    let workspace = Workspace::new();
    let step = |name: &str| {
        let before = workspace.files();
        let (planned, closed) = written(&workspace, &["--generate-secrets", "--dry-run"]);
        assert_eq!(workspace.files(), before, "{name}");
        let (done, _) = written(&workspace, &["--generate-secrets"]);
        let planned_or_closed: Vec<_> = planned.iter().chain(&closed).collect();
        assert!(
            planned.iter().all(|path| done.contains(path)),
            "{name}: {planned:?} {done:?}"
        );
        assert!(
            done.iter().all(|path| planned_or_closed.contains(&path)),
            "{name}: {planned:?} {done:?}"
        );
        // And nothing is missing in either.
        let after = workspace.files();
        let changed: Vec<&String> = after
            .iter()
            .filter(|file| !before.contains(file))
            .map(|(path, _)| path)
            .collect();
        assert_eq!(changed, done.iter().collect::<Vec<_>>(), "{name}");
        done
    };
    let edit = |from: &str, to: &str| {
        let text = String::from_utf8(workspace.read("etcdpki.yml")).unwrap();
        assert!(text.contains(from), "{from}: {text}");
        workspace.write("etcdpki.yml", text.replacen(from, to, 1));
    };
    let first = step("a first run");
    for path in [
        ".gitignore",
        "etcdpki.yml",
        "etcdpki-passphrase.txt",
        "pki/.gitattributes",
        "pki/authorities/root/1/ca.key.sealed",
        "pki/certificates/etcd-0/server/1/tls.crt",
        "pki/crl/authorities/root/1.crl",
        "pki/crl/etcd.crl",
        "pki/crl/etcd.pem",
        "pki/journal.jsonl",
        "pki/keyring.yml",
        "roles/etcd-server/vars/certificates.vault.yml",
        "roles/etcd-server/vars/certificates.yml",
    ] {
        assert!(first.iter().any(|one| one == path), "{path}: {first:?}");
    }
    assert_eq!(step("a second run"), [""; 0]);
    edit(
        "# authorities:",
        "authorities: { etcd: { issuing: true } }\n# authorities:",
    );
    step("an issuing authority");
    edit("etcdctl", "backup");
    assert!(!step("another client").contains(&VAULT_FILES[2].to_owned()));
    fs::remove_file(workspace.path("pki/trust/members.crt")).unwrap();
    fs::remove_file(workspace.path("pki/crl/etcd.pem")).unwrap();
    fs::remove_file(workspace.path(VAULT_FILES[0])).unwrap();
    fs::remove_file(workspace.path("roles/common/vars/certificates.yml")).unwrap();
    step("files that were lost");
    edit(
        "# ansible:",
        "ansible: { vault_files: host, vault_id: prod }\n# ansible:",
    );
    step("vault files of hosts, and a vault id");
    workspace.succeeds(&["revoke", "etcd-1"]);
    step("a revocation");

    let dry = Workspace::new();
    let text = dry.succeeds(&["init", "--dry-run"]);
    assert!(text.contains("Would write\n  etcdpki.yml"), "{text}");
    assert!(
        text.contains("roles/common/vars/certificates.vault.yml"),
        "{text}"
    );
}

#[test]
fn a_gitignore_that_is_not_text_is_added_to() {
    let workspace = Workspace::new();
    workspace.write(".gitignore", b"caf\xe9\n");
    workspace.succeeds(&["init", "--generate-secrets"]);
    assert!(
        workspace
            .read(".gitignore")
            .starts_with(b"caf\xe9\n/vault-password.txt\n")
    );
}

/// The lock of a command that was killed is gone a moment later.
#[test]
fn a_lock_is_waited_for_and_then_told_of() {
    let workspace = Workspace::initialised();
    let lock = fs::File::open(workspace.path("pki")).unwrap();
    lock.lock().unwrap();
    let mut command = workspace.command(&["init"]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut told, &mut line).unwrap();
    assert!(line.contains("waiting for another etcdpki"), "{line}");
    drop(lock);
    assert!(child.wait().unwrap().success());

    let lock = fs::File::open(workspace.path("pki")).unwrap();
    lock.lock().unwrap();
    let error = workspace.fails(1, &["init"]);
    assert!(
        error.contains("another etcdpki is at work here: wait until it ends"),
        "{error}"
    );
    workspace.succeeds(&["verify"]);
}

#[test]
fn a_passphrase_that_is_not_there_is_told_with_the_ways_to_it() {
    let workspace = Workspace::initialised();
    workspace.write_with_mode("empty", "", 0o600);
    for file in ["empty", "missing", "pki"] {
        let error = workspace.fails(1, &["verify", "--passphrase-file", file]);
        assert!(
            error.contains(file) && error.contains("--passphrase-command COMMAND"),
            "{error}"
        );
    }
    workspace.write_with_mode("wrong", "a passphrase of another PKI\n", 0o600);
    for (file, reason) in [
        (
            "empty",
            "the passphrase file empty is empty (ETCDPKI_PASSPHRASE_FILE names it)",
        ),
        (
            "missing",
            "was not found (ETCDPKI_PASSPHRASE_FILE names it)",
        ),
        (
            "wrong",
            "it came from wrong, which ETCDPKI_PASSPHRASE_FILE names",
        ),
    ] {
        let mut command = workspace.command(&["verify"]);
        let output = command
            .env("ETCDPKI_PASSPHRASE_FILE", file)
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(reason), "{error}");
    }
    let error = workspace.fails(1, &["init", "--passphrase-file", "wrong"]);
    assert!(
        error.contains("it came from --passphrase-file wrong"),
        "{error}"
    );
    for (command, part) in [
        ("no-such-program", "`no-such-program` was not found"),
        ("sh -c 'echo hidden; exit 3'", "`sh` failed: exit status: 3"),
        ("true", "`true` printed nothing"),
    ] {
        let error = workspace.fails(1, &["verify", "--passphrase-command", command]);
        assert!(error.contains(part) && !error.contains("hidden"), "{error}");
    }
}

#[test]
fn a_directory_within_a_pki_is_told_apart_from_one_without() {
    let workspace = Workspace::new();
    let alone = workspace.fails(1, &["status"]);
    assert!(
        alone.contains("etcdpki.yml: no description here"),
        "{alone}"
    );
    workspace.succeeds(&["init", "--generate-secrets"]);
    fs::create_dir(workspace.path("roles/deep")).unwrap();
    let before = workspace.files();
    let top = workspace.path("").canonicalize().unwrap();
    let (top, deep) = (top.display(), top.join("roles/deep"));
    for within in ["roles/deep", "pki"] {
        let here = workspace.path(within).canonicalize().unwrap();
        for command in ["status", "verify", "provision", "rotate"] {
            let arguments = match command {
                "provision" => vec!["-C", within, command, "ansible"],
                _ => vec!["-C", within, command],
            };
            let told = workspace.fails(1, &arguments);
            let expected = format!(
                "no etcdpki.yml in {}; there is one in {top}: use -C {top}",
                here.display()
            );
            assert!(told.contains(&expected), "{told}");
        }
        let told = workspace.fails(1, &["-C", within, "init", "--generate-secrets"]);
        let expected = format!(
            "a second PKI would be made in {}, inside of that of {top}",
            here.display()
        );
        assert!(told.contains(&expected), "{told}");
        assert!(told.contains(&format!("use -C {top}")), "{told}");
    }
    assert_eq!(workspace.files(), before);
    // One that is described is meant.
    let deep = deep.to_str().unwrap();
    let described = [
        "-C",
        deep,
        "init",
        "--generate-secrets",
        "--domain",
        "other.example",
    ];
    workspace.succeeds(&described);
    workspace.succeeds(&["-C", deep, "verify"]);
    workspace.succeeds(&["-C", deep, "init"]);
}

#[test]
fn what_nobody_named_is_told_in_its_number() {
    for (option, told) in [
        (
            "--domain=a.example",
            "The nodes are examples, since none were given.",
        ),
        (
            "--node=etcd-0=10.0.0.10",
            "The domain is an example, since none was given.",
        ),
    ] {
        let said = Workspace::new().succeeds(&["init", "--dry-run", option]);
        assert!(said.contains(told), "{said}");
    }
}

#[test]
fn a_command_for_a_secret_inherits_no_descriptor_and_no_core_is_dumped() {
    let workspace = Workspace::initialised();
    workspace.write(
        "secret.sh",
        "{ ls /proc/self/fd | tr '\\n' ' '; ulimit -Hc; } > seen; cat etcdpki-passphrase.txt\n",
    );
    let command = workspace.command(&["verify", "--passphrase-command", "sh secret.sh"]);
    let output = Command::new("sh")
        .args(["-c", "exec \"$0\" \"$@\" 7< etcdpki.yml"])
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(workspace.path(""))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    // Input, output, messages, and the directory that ls reads.
    let seen = String::from_utf8(workspace.read("seen")).unwrap();
    assert_eq!(seen, "0 1 2 3 0\n");
}
