//! Many files: all or none, or all that can be.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod vault_support;

use std::os::unix::fs::symlink;

use vault_support::{Sandbox, run, stderr};

const TEXT: &[u8] = b"some: secret\n";

/// `a` and `c` are plain, `b` is a vault under `p`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["a", "b", "c"] {
        sandbox.write(name, TEXT);
    }
    run(&mut sandbox.vault(&["encrypt", "--vault-id", "p", "b"]), 0);
    sandbox
}

fn opened_by(sandbox: &Sandbox, name: &str, secret: &str) -> bool {
    let mut view = sandbox.vault(&["view", "--vault-id", secret, name]);
    view.output().unwrap().stdout == TEXT
}

#[test]
fn what_is_encrypted_already_can_be_passed_by() {
    let sandbox = sandbox();
    let before = sandbox.read("b");
    let encrypt = [
        "encrypt",
        "--vault-id",
        "q",
        "--skip-encrypted",
        "a",
        "b",
        "c",
    ];
    let said = stderr(&run(&mut sandbox.vault(&encrypt), 0));
    assert_eq!(said, "b: encrypted already, passed by\n");
    assert!(opened_by(&sandbox, "a", "q") && opened_by(&sandbox, "c", "q"));
    assert_eq!(sandbox.read("b"), before);
    // And again.
    run(&mut sandbox.vault(&encrypt), 0);
}

#[test]
fn what_is_decrypted_already_can_be_passed_by() {
    let sandbox = sandbox();
    let decrypt = [
        "decrypt",
        "--vault-id",
        "p",
        "--skip-decrypted",
        "a",
        "b",
        "c",
    ];
    let said = stderr(&run(&mut sandbox.vault(&decrypt), 0));
    let mut lines: Vec<_> = said.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        ["a: not encrypted, passed by", "c: not encrypted, passed by"]
    );
    assert_eq!(sandbox.read("b"), TEXT);
}

/// Half of the files have the new secret, as after a run that was broken off.
#[test]
fn a_rekey_that_was_broken_off_can_be_finished() {
    let sandbox = sandbox();
    run(&mut sandbox.vault(&["encrypt", "--vault-id", "q", "a"]), 0);
    let inline = |id: &str, name: &str| {
        let encrypt = ["encrypt_string", "--vault-id", id, "-n", name, "v"];
        String::from_utf8(run(&mut sandbox.vault(&encrypt), 0).stdout).unwrap()
    };
    sandbox.write("c", format!("{}{}", inline("p", "one"), inline("q", "two")));
    let rekey = [
        "rekey",
        "-r",
        "--vault-id",
        "p",
        "--new-vault-id",
        "q",
        "a",
        "b",
        "c",
    ];
    let said = stderr(&run(&mut sandbox.vault(&rekey), 1));
    assert!(said.contains("Decryption failed"), "{said}");
    assert!(
        said.contains("\nhint: ") && said.contains("--skip-encrypted"),
        "{said}"
    );
    let named = [&["rekey"], &rekey[2..]].concat();
    let said = stderr(&run(&mut sandbox.vault(&named), 1));
    assert!(said.contains("--skip-encrypted"), "{said}");
    let finish = [&rekey[..], &["--skip-encrypted"]].concat();
    let said = stderr(&run(&mut sandbox.vault(&finish), 0));
    assert!(
        said.starts_with("a: under the new secret already, passed by\n"),
        "{said}"
    );
    assert!(opened_by(&sandbox, "a", "q") && opened_by(&sandbox, "b", "q"));
    let view = ["inline", "view", "--vault-id", "q", "c"];
    let viewed = run(&mut sandbox.vault(&view), 0);
    assert_eq!(viewed.stdout, b"one: \"v\"\ntwo: \"v\"\n");
    let said = stderr(&run(&mut sandbox.vault(&finish), 0));
    assert!(said.ends_with("Rekey successful\n"), "{said}");
}

#[test]
fn what_is_done_already_is_told_how_to_pass_by() {
    let sandbox = sandbox();
    for (verb, option) in [
        ("encrypt", "--skip-encrypted"),
        ("decrypt", "--skip-decrypted"),
    ] {
        let many = [verb, "--vault-id", "p", "b", "a"];
        let said = stderr(&run(&mut sandbox.vault(&many), 1));
        assert!(said.contains("\nhint: ") && said.contains(option), "{said}");
    }
    let said = stderr(&run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "p", "b"]),
        1,
    ));
    assert!(!said.contains("--skip-encrypted"), "{said}");
}

#[test]
fn errors_can_be_passed_over() {
    let sandbox = sandbox();
    let encrypt = [
        "encrypt",
        "--vault-id",
        "q",
        "--keep-going",
        "b",
        "a",
        "missing",
        "c",
    ];
    let said = stderr(&run(&mut sandbox.vault(&encrypt), 1));
    assert!(
        said.contains("[ERROR]: input is already encrypted"),
        "{said}"
    );
    assert!(said.contains("hint: it is b; to pass by"), "{said}");
    assert!(said.contains("missing): No such file"), "{said}");
    assert!(
        said.ends_with("[ERROR]: 2 of 4 files failed; the others are done\n"),
        "{said}"
    );
    let decrypt = ["decrypt", "--vault-id", "q", "--keep-going", "a", "b", "c"];
    run(&mut sandbox.vault(&decrypt), 1);
    assert_eq!(
        (sandbox.read("a"), sandbox.read("c")),
        (TEXT.into(), TEXT.into())
    );
    assert!(opened_by(&sandbox, "b", "p"));
    let rekey = [
        "rekey",
        "--vault-id",
        "p",
        "--new-vault-id",
        "q",
        "--keep-going",
        "a",
        "b",
    ];
    let said = stderr(&run(&mut sandbox.vault(&rekey), 1));
    assert!(said.contains("Input is not vault encrypted data"), "{said}");
    assert!(opened_by(&sandbox, "b", "q"));
    let dry = [
        "rekey",
        "--dry-run",
        "--vault-id",
        "q",
        "--new-vault-id",
        "p",
        "--keep-going",
        "a",
        "b",
    ];
    run(&mut sandbox.vault(&dry), 1);
    assert!(opened_by(&sandbox, "b", "q"));
}

#[test]
fn a_file_that_is_named_twice_is_done_once() {
    let sandbox = sandbox();
    symlink("a", sandbox.path("link")).unwrap();
    run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "p", "a", "./a", "link"]),
        0,
    );
    assert!(opened_by(&sandbox, "a", "p"));
    run(
        &mut sandbox.vault(&["decrypt", "--vault-id", "p", "link", "a"]),
        0,
    );
    assert_eq!(sandbox.read("a"), TEXT);
}

/// More files than may be open at first: the limit is raised as far as it goes.
#[test]
fn more_files_than_may_be_open_are_no_problem_or_an_error_that_says_so() {
    let sandbox = Sandbox::new();
    for number in 0..80 {
        sandbox.write(&format!("f{number}"), TEXT);
    }
    let encrypt = |limit: &str, code| {
        let mut shell = std::process::Command::new("sh");
        let script = format!(
            "ulimit -{limit}; exec {} encrypt --vault-id p f*",
            env!("CARGO_BIN_EXE_vault")
        );
        stderr(&run(
            shell.args(["-c", &script]).current_dir(sandbox.path("")),
            code,
        ))
    };
    let said = encrypt("n 60", 1);
    assert!(
        said.contains("hint: allow more open files (ulimit -n)"),
        "{said}"
    );
    assert_eq!(sandbox.names().len(), 82);
    assert_eq!(sandbox.read("f0"), TEXT);
    encrypt("S -n 60", 0);
    assert!(opened_by(&sandbox, "f79", "p"));
}
