//! Where the passphrase and the vault password come from, and who can read what they guard.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use super::VAULT_FILES;
use crate::workspace::Workspace;

#[test]
fn secrets_are_for_their_owner_and_git_ignores_them() {
    let workspace = Workspace::new();
    workspace.write(".gitignore", "/mine\n/vault-password.txt");
    workspace.succeeds(&["init", "--generate-secrets"]);
    assert_eq!(
        workspace.read(".gitignore"),
        b"/mine\n/vault-password.txt\n/etcdpki-passphrase.txt\n/vault-passwords/\n/**/.*.etcdpki-*\n"
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

#[test]
fn a_new_secret_that_can_be_guessed_is_warned_of_wherever_it_comes_from() {
    let workspace = Workspace::new();
    let init = [
        "init",
        "--passphrase-command",
        "echo Sommer2026",
        "--vault-password-command",
        "echo password",
    ];
    let said = |arguments: &[&str]| {
        let output = workspace.run(arguments);
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let first = said(&init);
    for warning in [
        "warning: the passphrase can be guessed: it is worth about ",
        "warning: the vault password can be guessed: it is worth about ",
        "bits, and 60 are needed; make one by: vault genpass\n",
        "bits, and 70 are needed; make one by: vault genpass\n",
    ] {
        assert!(first.contains(warning), "{warning}: {first}");
    }
    // Nobody chooses them now, and generated ones are strong.
    assert_eq!(said(&init), "");
    let other = Workspace::new();
    let output = other.run(&["init", "--generate-secrets"]);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
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
fn git_takes_no_secret_though_gitignore_takes_lines_back() {
    let workspace = Workspace::new();
    let ours =
        "/vault-password.txt\n/etcdpki-passphrase.txt\n/vault-passwords/\n/**/.*.etcdpki-*\n";
    workspace.write(".gitignore", format!("{ours}!*.txt\n"));
    workspace.succeeds(&["init", "--generate-secrets"]);
    for arguments in [&["init", "-q"][..], &["add", "-A"]] {
        let git = Command::new("git")
            .args(arguments)
            .current_dir(workspace.path(""))
            .status();
        assert!(git.unwrap().success());
    }
    let listed = Command::new("git")
        .arg("ls-files")
        .current_dir(workspace.path(""))
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("pki/keyring.yml"), "{listed}");
    assert!(!listed.contains(".txt"), "{listed}");

    // Nor one that a person has put where it is looked for.
    let workspace = Workspace::new();
    for secret in ["etcdpki-passphrase.txt", "vault-password.txt"] {
        workspace.write_with_mode(secret, format!("of a person {secret}\n"), 0o600);
    }
    let dry = workspace.succeeds(&["init", "--dry-run"]);
    assert!(dry.contains("  .gitignore"), "{dry}");
    workspace.succeeds(&["init"]);
    assert_eq!(workspace.read(".gitignore"), ours.as_bytes());

    // git follows no link of this name.
    let workspace = Workspace::new();
    workspace.write("ignored", "*.o\n");
    std::os::unix::fs::symlink("ignored", workspace.path(".gitignore")).unwrap();
    let error = workspace.fails(1, &["init", "--generate-secrets"]);
    assert!(
        error.contains(".gitignore: this is a symbolic link"),
        "{error}"
    );
    assert!(!workspace.path("vault-password.txt").exists());
    assert_eq!(workspace.read("ignored"), b"*.o\n");
}

#[test]
fn one_secret_for_both_is_warned_of() {
    let workspace = Workspace::new();
    workspace.write_with_mode("one", "rPc8kQ2ZtC_6iXoVn0bB5H-uKx7dMwJ3\n", 0o600);
    let init = [
        "init",
        "--passphrase-file",
        "one",
        "--vault-password-file",
        "one",
    ];
    let output = workspace.run(&init);
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("the passphrase is the vault password, too"),
        "{said}"
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
