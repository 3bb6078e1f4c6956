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
