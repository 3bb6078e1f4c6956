//! The same files and options for `vault` and ansible-vault.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod vault_support;

use vault_support::{Sandbox, feed, run, stderr};

const SIZES: [usize; 8] = [0, 1, 15, 16, 17, 4095, 100_000, (1 << 20) + 1];

fn contents() -> Vec<(String, Vec<u8>)> {
    let sized = SIZES.map(|n| (format!("size{n}"), (0..=255).cycle().take(n).collect()));
    let texts = [
        ("crlf", &b"a: 1\r\nb: 2\r\n"[..]),
        ("utf8", "größe: ☃\n".as_bytes()),
        ("open", b"no newline"),
        ("blank", b" \n"),
    ];
    let texts = texts.map(|(name, text)| (name.to_owned(), text.to_vec()));
    sized.into_iter().chain(texts).collect()
}

#[test]
fn each_decrypts_what_the_other_encrypts() {
    let sandbox = Sandbox::new();
    let contents = contents();
    let names: Vec<_> = contents.iter().map(|(name, _)| name.as_str()).collect();
    let with =
        |verb: &'static str, id: &'static str| [&[verb, "--vault-id", id], &names[..]].concat();
    let reset = || {
        for (name, content) in &contents {
            sandbox.write(name, content);
        }
    };
    for id in ["p", "prod@p"] {
        reset();
        run(&mut sandbox.ansible(&with("encrypt", id)), 0);
        run(&mut sandbox.vault(&with("decrypt", "p")), 0);
        contents
            .iter()
            .for_each(|(name, content)| assert!(sandbox.read(name) == *content));
        run(&mut sandbox.vault(&with("encrypt", id)), 0);
        run(&mut sandbox.ansible(&with("decrypt", "p")), 0);
        contents
            .iter()
            .for_each(|(name, content)| assert!(sandbox.read(name) == *content));
    }
}

#[test]
fn each_rekeys_what_the_other_encrypts() {
    let sandbox = Sandbox::new();
    for name in ["a", "b"] {
        sandbox.write(name, "secret: 1\n");
    }
    run(
        &mut sandbox.ansible(&["encrypt", "--vault-id", "x@p", "a", "b"]),
        0,
    );
    let rekey = ["rekey", "--vault-id", "p", "--new-vault-id", "y@q", "a"];
    assert_eq!(
        stderr(&run(&mut sandbox.vault(&rekey), 0)),
        "Rekey successful\n"
    );
    assert!(
        sandbox
            .read("a")
            .starts_with(b"$ANSIBLE_VAULT;1.2;AES256;y\n")
    );
    let viewed = run(&mut sandbox.ansible(&["view", "--vault-id", "q", "a"]), 0);
    assert_eq!(viewed.stdout, b"secret: 1\n");
    run(
        &mut sandbox.ansible(&["rekey", "--vault-id", "p", "--new-vault-id", "y@q", "b"]),
        0,
    );
    let viewed = run(&mut sandbox.vault(&["view", "--vault-id", "q", "b"]), 0);
    assert_eq!(viewed.stdout, b"secret: 1\n");
}

#[test]
fn with_a_given_salt_the_output_is_byte_identical() {
    let sandbox = Sandbox::new();
    sandbox.write("f", "some: secret\n");
    for arguments in [
        &["encrypt", "--vault-id", "dev@p", "--output", "-", "f"][..],
        &[
            "encrypt_string",
            "--vault-id",
            "dev@p",
            "-n",
            "a",
            "-n",
            "b",
            "one",
            "two",
        ],
        &[
            "encrypt_string",
            "--vault-password-file",
            "p",
            "--name=a: b #c",
            "one",
        ],
    ] {
        let salted = |mut command: std::process::Command| {
            run(command.env("ANSIBLE_VAULT_ENCRYPT_SALT", "fixed"), 0)
        };
        let theirs = salted(sandbox.ansible(arguments));
        let ours = salted(sandbox.vault(arguments));
        assert_eq!(
            String::from_utf8_lossy(&ours.stdout),
            String::from_utf8_lossy(&theirs.stdout)
        );
        let said = stderr(&ours)
            .lines()
            .filter(|l| l.starts_with('#'))
            .collect::<Vec<_>>()
            .join("\n");
        assert_eq!(said, stderr(&theirs).trim_end());
    }
}

#[test]
fn values_encrypted_here_are_read_by_a_playbook() {
    let sandbox = Sandbox::new();
    let value = run(
        &mut sandbox.vault(&["encrypt_string", "--vault-id", "p", "-n", "v", "läuft"]),
        0,
    );
    let value = String::from_utf8(value.stdout).unwrap();
    sandbox.write("vars.yml", value);
    sandbox.write(
        "play.yml",
        "- hosts: localhost\n  gather_facts: false\n  vars_files: [vars.yml]\n  tasks:\n  \
         - assert: {that: \"v == 'läuft'\"}\n",
    );
    run(&mut sandbox.playbook(&["--vault-id", "p", "play.yml"]), 0);
}

/// Both have to end with the same exit code and say this.
#[test]
fn failures_have_the_same_exit_codes_and_phrases() {
    let sandbox = Sandbox::new();
    sandbox.write("plain", "a: 1\n");
    run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "p", "--output", "vault", "plain"]),
        0,
    );
    sandbox.write("odd", b"$ANSIBLE_VAULT;1.1;AES256\n616\n");
    sandbox.write("digit", b"$ANSIBLE_VAULT;1.1;AES256\nxx\n");
    sandbox.write("short", b"$ANSIBLE_VAULT;1.1;AES256\n6161\n");
    sandbox.write("bare", b"$ANSIBLE_VAULT\n");
    sandbox.write("v2", b"$ANSIBLE_VAULT;1.1;V2\nabcd\n");
    sandbox.write("empty", "");
    sandbox.script("fails", "echo no >&2; exit 3");
    sandbox.script("x-client", "exit 2");
    let two = ["--vault-id", "a@p", "--vault-id", "b@q"];
    for (code, phrase, arguments) in [
        (
            1,
            "Decryption failed (no vault secrets were found that could decrypt)",
            &["view", "--vault-id", "q", "vault"][..],
        ),
        (
            1,
            "Input is not vault encrypted data",
            &["decrypt", "--vault-id", "p", "plain"],
        ),
        (
            1,
            "input is already encrypted",
            &["encrypt", "--vault-id", "p", "vault"],
        ),
        (1, "Odd-length string", &["view", "--vault-id", "p", "odd"]),
        (
            1,
            "Non-hexadecimal digit found",
            &["view", "--vault-id", "p", "digit"],
        ),
        (
            1,
            "not enough values to unpack (expected 3",
            &["view", "--vault-id", "p", "short"],
        ),
        (
            1,
            "list index out of range",
            &["view", "--vault-id", "p", "bare"],
        ),
        (
            1,
            "Cipher 'V2' could not be found",
            &["view", "--vault-id", "p", "v2"],
        ),
        (
            1,
            "Unable to read source file (",
            &["decrypt", "--vault-id", "p", "missing"],
        ),
        (
            1,
            "was not found",
            &["view", "--vault-id", "missing", "vault"],
        ),
        (
            1,
            "Invalid vault password was provided from file",
            &["view", "--vault-id", "empty", "vault"],
        ),
        (
            1,
            "did not find a secret for vault-id=b",
            &["view", "--vault-id", "b@x-client", "vault"],
        ),
        (
            1,
            "can not be a directory",
            &["view", "--vault-id", ".", "vault"],
        ),
        (1, "fails", &["view", "--vault-id", "fails", "vault"]),
        (
            5,
            "are available to encrypt. Specify the vault-id to encrypt with --encrypt-vault-id",
            &[&["encrypt"], &two[..], &["plain"]].concat(),
        ),
        (
            1,
            "Did not find a match for --encrypt-vault-id=c in the known vault-ids ['a', 'b']",
            &[
                &["encrypt", "--encrypt-vault-id", "c"],
                &two[..],
                &["plain"],
            ]
            .concat(),
        ),
        (
            5,
            "is not a valid vault id",
            &["encrypt", "--vault-id", "a;b@p", "plain"],
        ),
        (
            5,
            "At most one input file may be used with the --output option",
            &[
                "encrypt",
                "--vault-id",
                "p",
                "--output",
                "o",
                "plain",
                "vault",
            ],
        ),
        (
            5,
            "was empty, not encrypting",
            &["encrypt_string", "--vault-id", "p", ""],
        ),
        (
            5,
            "stdin was empty, not encrypting",
            &["encrypt_string", "--vault-id", "p"],
        ),
        (
            5,
            "not supported if also reading input from stdin",
            &["encrypt_string", "--vault-id", "p", "-p", "-"],
        ),
        (
            5,
            "not a tty, editor cannot be opened",
            &["create", "--vault-id", "p", "new"],
        ),
        (
            5,
            "can take only one filename",
            &["create", "--vault-id", "p", "a", "b"],
        ),
        (
            1,
            "exists, please use 'edit' instead",
            &["create", "--skip-tty-check", "--vault-id", "p", "vault"],
        ),
        (2, "", &["frobnicate"]),
        (2, "", &["--vault-id", "p", "view", "vault"]),
        (
            2,
            "",
            &["view", "-J", "--vault-password-file", "p", "vault"],
        ),
        (2, "", &["view", "--no-such-option", "vault"]),
        (0, "", &["view", "--vault-id", "p"]),
        (0, "", &["edit", "--vault-id", "p"]),
    ] {
        for mut command in [sandbox.vault(arguments), sandbox.ansible(arguments)] {
            let said = stderr(&run(&mut command, code));
            // ansible-core breaks long lines.
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains(phrase), "{command:?}: {said}");
        }
    }
}

#[test]
fn passwords_come_from_standard_input_when_there_is_no_terminal() {
    let sandbox = Sandbox::new();
    sandbox.write("f", "a: 1\n");
    for one in [Sandbox::vault, Sandbox::ansible] {
        for other in [Sandbox::vault, Sandbox::ansible] {
            let encrypt = ["encrypt", "-J", "--output", "o", "f"];
            feed(&mut one(&sandbox, &encrypt), b"secret\nsecret\n", 0);
            let said = feed(
                &mut other(&sandbox, &["view", "--ask-vault-pass", "o"]),
                b"secret\n",
                0,
            );
            assert_eq!(said.stdout, b"a: 1\n");
            assert!(stderr(&said).contains("Vault password: "));
        }
    }
}
