//! Where secrets come from, in which order, and how they are named on the command line.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod vault_support;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use vault_support::{Sandbox, TEXT, feed, opens, run, stderr};

#[test]
fn options_may_be_abbreviated_and_stand_anywhere() {
    let sandbox = Sandbox::with_vault();
    for arguments in [
        &["view", "--vault-password-file", "p", "f"][..],
        &["view", "--vault-pass-file", "p", "f"],
        &["view", "--vault-password", "p", "f"],
        &["view", "--vault-password-f=p", "f"],
        &["view", "f", "--vault-i", "p"],
        &["view", "-vvv", "--vault-id=p", "--", "f"],
        &["decrypt", "--outp", "-", "--vault-id", "p", "f"],
    ] {
        opens(&mut sandbox.vault(arguments));
    }
}

#[test]
fn called_as_ansible_vault_it_is_the_same() {
    let sandbox = Sandbox::with_vault();
    symlink(env!("CARGO_BIN_EXE_vault"), sandbox.path("ansible-vault")).unwrap();
    let mut command = Command::new(sandbox.path("ansible-vault"));
    opens(
        command
            .args(["view", "--vault-id", "p", "f"])
            .current_dir(sandbox.path("")),
    );
}

#[test]
fn secrets_come_from_variables_and_descriptors() {
    let sandbox = Sandbox::with_vault();
    let mut view = sandbox.vault(&["view", "--vault-id", "x@env:SECRET", "f"]);
    opens(view.env("SECRET", "rPc8kQ2Z-correct-horse"));
    let said = stderr(&run(
        &mut sandbox.vault(&["view", "--vault-id", "x@env:SECRET", "f"]),
        1,
    ));
    assert!(said.contains("variable SECRET is not set"), "{said}");
    let program = env!("CARGO_BIN_EXE_vault");
    for script in [
        "view --vault-id x@fd:7 f 7< p",
        "view --vault-id /dev/fd/7 f 7< p",
    ] {
        let mut shell = Command::new("sh");
        let shell = shell.args(["-c", &format!("exec {program} {script}")]);
        opens(shell.current_dir(sandbox.path("")));
    }
    let said = feed(
        &mut sandbox.vault(&["view", "--vault-id", "/dev/stdin", "f"]),
        b"rPc8kQ2Z-correct-horse",
        0,
    );
    assert_eq!(said.stdout, TEXT);
    run(
        &mut sandbox.vault(&["view", "--vault-id", "x@fd:seven", "f"]),
        5,
    );
}

#[test]
fn a_script_runs_only_when_it_is_needed_and_once() {
    let sandbox = Sandbox::with_vault();
    sandbox.script("right", "echo right >> log; cat p");
    sandbox.script("other", "echo other >> log; cat q");
    let ids = ["--vault-id", "y@other", "--vault-id", "x@right"];
    opens(&mut sandbox.vault(&[&["view"], &ids[..], &["f"]].concat()));
    assert_eq!(
        sandbox.read("log"),
        b"right\n",
        "the label names the right one"
    );
    fs::remove_file(sandbox.path("log")).unwrap();
    run(
        &mut sandbox.vault(&[&["view"], &ids[..], &["f", "f", "f"]].concat()),
        0,
    );
    assert_eq!(sandbox.read("log"), b"right\n");
}

#[test]
fn several_scripts_run_side_by_side() {
    let sandbox = Sandbox::with_vault();
    // Each waits for the other, and gives up in the end.
    for (me, other) in [("a", "b"), ("b", "a")] {
        let wait = format!(
            "touch {me}.up; n=0; until test -e {other}.up; do n=$((n+1)); test $n -lt 2000 || exit 1; sleep 0.01; done; cat p"
        );
        sandbox.script(me, &wait);
    }
    opens(&mut sandbox.vault(&["view", "--vault-id", "n@a", "--vault-id", "m@b", "f"]));
}

#[test]
fn client_scripts_are_asked_by_label() {
    let sandbox = Sandbox::with_vault();
    let script = "test \"$1 $2\" = '--vault-id x' || exit 2; cat p";
    sandbox.script("keys-client.sh", script);
    opens(&mut sandbox.vault(&["view", "--vault-id", "x@keys-client.sh", "f"]));
    let said = run(
        &mut sandbox.vault(&["view", "--vault-id", "y@keys-client.sh", "f"]),
        1,
    );
    assert!(stderr(&said).contains("did not find a secret for vault-id=y"));
    symlink("keys-client.sh", sandbox.path("plain")).unwrap();
    // It is the name that it was called by which counts.
    run(
        &mut sandbox.vault(&["view", "--vault-id", "x@plain", "f"]),
        1,
    );
}

#[test]
fn a_password_file_may_be_a_vault() {
    let sandbox = Sandbox::with_vault();
    run(&mut sandbox.vault(&["encrypt", "--vault-id", "q", "p"]), 0);
    opens(&mut sandbox.vault(&["view", "--vault-id", "a@q", "--vault-id", "x@p", "f"]));
    opens(&mut sandbox.ansible(&["view", "--vault-id", "a@q", "--vault-id", "x@p", "f"]));
    run(
        &mut sandbox.vault(&["view", "--vault-id", "x@p", "--vault-id", "a@q", "f"]),
        1,
    );
}

#[test]
fn a_source_that_fails_is_only_a_warning_if_another_one_opens() {
    let sandbox = Sandbox::with_vault();
    let said = opens(&mut sandbox.vault(&["view", "--vault-id", "x@no", "--vault-id", "y@p", "f"]));
    assert!(
        said.starts_with("[WARNING]: Error in vault password file loading (x):"),
        "{said}"
    );
    sandbox.mode("p", 0o644);
    let said = opens(&mut sandbox.vault(&["view", "--vault-id", "p", "f"]));
    assert!(said.contains("chmod 600"), "{said}");
}

#[test]
fn settings_come_from_the_environment_and_from_ansible_cfg() {
    let sandbox = Sandbox::with_vault();
    opens(
        sandbox
            .vault(&["view", "f"])
            .env("ANSIBLE_VAULT_PASSWORD_FILE", "p"),
    );
    opens(
        sandbox
            .vault(&["view", "f"])
            .env("ANSIBLE_VAULT_IDENTITY_LIST", "a@q, b@p"),
    );
    let mut strict = sandbox.vault(&["view", "--vault-id", "y@p", "f"]);
    run(strict.env("ANSIBLE_VAULT_ID_MATCH", "true"), 1);
    let mut lax = sandbox.vault(&["view", "--vault-id", "y@p", "f"]);
    opens(lax.env("ANSIBLE_VAULT_ID_MATCH", "False"));
    fs::create_dir(sandbox.path("sub")).unwrap();
    sandbox.write(
        "sub/ansible.cfg",
        "[defaults]\nvault_password_file = ../p ; here\n",
    );
    for command in [
        sandbox.vault(&["view", "f"]),
        sandbox.ansible(&["view", "f"]),
    ] {
        opens({ command }.env("ANSIBLE_CONFIG", sandbox.path("sub/ansible.cfg")));
    }
    sandbox.write(
        "ansible.cfg",
        "[defaults]\nvault_identity_list = a@q, x@p\nvault_encrypt_identity = a\n",
    );
    opens(&mut sandbox.vault(&["view", "f"]));
    sandbox.write("g", TEXT);
    run(&mut sandbox.vault(&["encrypt", "g"]), 0);
    assert!(
        sandbox
            .read("g")
            .starts_with(b"$ANSIBLE_VAULT;1.2;AES256;a\n")
    );
    let mut empty = sandbox.vault(&["view", "f"]);
    let said = stderr(&run(empty.env("ANSIBLE_VAULT_PASSWORD_FILE", ""), 0));
    assert_eq!(said, "", "the list of the file still holds");
}

#[test]
fn a_rekey_names_its_new_secret_or_asks_for_it() {
    let sandbox = Sandbox::with_vault();
    let rekey = ["rekey", "f"];
    let asked = |mut command: Command| {
        let command = command.env("ANSIBLE_VAULT_PASSWORD_FILE", "p");
        feed(command, b"new secret\nnew secret\n", 0)
    };
    // ansible-vault takes the old password for the new one here, and reports success.
    assert!(stderr(&asked(sandbox.vault(&rekey))).contains("New Vault password: "));
    let viewed = feed(&mut sandbox.vault(&["view", "-J", "f"]), b"new secret\n", 0);
    assert_eq!(viewed.stdout, TEXT);
    assert!(
        sandbox
            .read("f")
            .starts_with(b"$ANSIBLE_VAULT;1.2;AES256;x\n"),
        "the label stays"
    );
    let different = ["rekey", "--vault-id", "p", "f"];
    let said = feed(&mut sandbox.vault(&different), b"one\nother\n", 1);
    assert!(stderr(&said).contains("do not match"));
    let bad = ["rekey", "--vault-id", "p", "--new-vault-id", "a;b@q", "f"];
    run(&mut sandbox.vault(&bad), 5);
    run(
        &mut sandbox.vault(&["rekey", "--vault-id", "p", "--new-vault-id", "q", "-"]),
        5,
    );
    run(
        &mut sandbox.vault(&["rekey", "--vault-id", "p", "--new-vault-id", "q", "missing"]),
        1,
    );
}

#[test]
fn a_directory_in_place_of_the_settings_is_an_error() {
    let sandbox = Sandbox::with_vault();
    fs::create_dir(sandbox.path("ansible.cfg")).unwrap();
    let said = stderr(&run(
        &mut sandbox.vault(&["view", "--vault-id", "p", "f"]),
        5,
    ));
    assert!(said.contains("ansible.cfg): it is a directory"), "{said}");
}
