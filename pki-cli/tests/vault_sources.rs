//! Secrets from age, descriptors, variables and scripts, and what nobody else gets of them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod vault_support;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use vault_support::{Sandbox, TEXT, opens, run, stderr};

fn age(sandbox: &Sandbox, program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(sandbox.path(""))
        .output()
        .unwrap_or_else(|error| {
            panic!("the peer {program} is missing ({error}): scripts/setup-peers installs it")
        });
    assert!(output.status.success(), "{}", stderr(&output));
    output.stdout
}

/// Files that the real age writes.
#[test]
fn a_password_file_may_be_encrypted_with_age() {
    let sandbox = Sandbox::with_vault();
    age(&sandbox, "age-keygen", &["-o", "key"]);
    age(&sandbox, "age-keygen", &["-o", "other"]);
    let recipient = age(&sandbox, "age-keygen", &["-y", "key"]);
    let recipient = String::from_utf8(recipient).unwrap();
    let recipient = recipient.trim();
    age(&sandbox, "age", &["-r", recipient, "-o", "p.age", "p"]);
    age(
        &sandbox,
        "age",
        &["-a", "-r", recipient, "-o", "p.asc", "p"],
    );
    let view = |source: &str| sandbox.vault(&["view", "--vault-id", source, "f"]);
    for source in ["x@age:p.age", "x@age:p.asc"] {
        for variable in ["ANSIBLE_VAULT_AGE_IDENTITY", "SOPS_AGE_KEY_FILE"] {
            assert_eq!(opens(view(source).env(variable, "key")), "");
        }
    }
    let said = stderr(&run(&mut view("x@age:p.age"), 1));
    assert!(said.contains("There is no age identity"), "{said}");
    let said = stderr(&run(
        view("x@age:p.age").env("SOPS_AGE_KEY_FILE", "other"),
        1,
    ));
    assert!(said.contains("ould not open p.age with age"), "{said}");
    let said = stderr(&run(view("x@age:p").env("SOPS_AGE_KEY_FILE", "key"), 1));
    assert!(said.contains("here is no age header in p"), "{said}");
    let said = stderr(&run(view("x@age:none").env("SOPS_AGE_KEY_FILE", "key"), 1));
    assert!(said.contains("ould not read none: No such file"), "{said}");
    for directory in [".config/age", ".config/sops/age"] {
        let place = sandbox.path(".home").join(directory);
        fs::create_dir_all(&place).unwrap();
        fs::copy(sandbox.path("key"), place.join("keys.txt")).unwrap();
        opens(&mut view("x@age:p.asc"));
        fs::remove_file(place.join("keys.txt")).unwrap();
    }
}

#[test]
fn a_source_that_gives_nothing_is_named() {
    let sandbox = Sandbox::with_vault();
    sandbox.write("empty", "");
    for (options, said) in [
        (
            ["--vault-id", "x@env:EMPTY"],
            "The environment variable EMPTY is empty",
        ),
        (
            ["--vault-id", "x@env:NONE"],
            "The environment variable NONE is not set",
        ),
        (
            ["--vault-id", "x@fd:0"],
            "File descriptor 0 gave no password",
        ),
        (
            ["--vault-password-file", "env:SECRET"],
            "--vault-id [LABEL@]env:…",
        ),
        (
            ["--vault-password-file", "age:a/b"],
            "--vault-id [LABEL@]age:…",
        ),
    ] {
        let mut view = sandbox.vault(&[&["view"][..], &options, &["f"]].concat());
        let output = run(view.env("EMPTY", "").env("SECRET", "x"), 1);
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
}

/// Each of many files needs both secrets at the same time.
#[test]
fn a_script_runs_once_however_many_files_wait_for_it() {
    let sandbox = Sandbox::new();
    sandbox.script("a", "echo a >> log; sleep 0.1; cat p");
    sandbox.script("b", "echo b >> log; sleep 0.1; cat q");
    let names: Vec<_> = (0..16).map(|number| format!("f{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    for name in &names {
        sandbox.write(name, TEXT);
    }
    run(
        &mut sandbox.vault(&[&["encrypt", "--vault-id", "n@p"], &names[..]].concat()),
        0,
    );
    let ids = ["decrypt", "--vault-id", "x@b", "--vault-id", "y@a"];
    run(&mut sandbox.vault(&[&ids[..], &names].concat()), 0);
    let mut log = sandbox.read("log");
    log.sort_unstable();
    assert_eq!(log, b"\n\nab");
}

#[test]
fn a_script_that_hangs_is_ended_at_the_limit() {
    let sandbox = Sandbox::with_vault();
    sandbox.script("s", "exec sleep 1000");
    sandbox.script("s-client", "exec sleep 1000");
    for script in ["x@s", "x@s-client"] {
        let mut view = sandbox.vault(&["view", "--vault-id", script, "f"]);
        let said = stderr(&run(view.env("ANSIBLE_VAULT_SCRIPT_TIMEOUT", "0.2"), 1));
        assert!(said.contains("did not end within 0.2 s"), "{said}");
    }
    sandbox.write("ansible.cfg", "[defaults]\nvault_script_timeout = soon\n");
    let said = stderr(&run(
        &mut sandbox.vault(&["view", "--vault-id", "p", "f"]),
        5,
    ));
    assert!(
        said.contains("vault_script_timeout is a number of seconds"),
        "{said}"
    );
    sandbox.write("ansible.cfg", "[defaults]\nvault_script_timeout = 0\n");
    opens(&mut sandbox.vault(&["view", "--vault-id", "p", "f"]));
}

/// Neither a descriptor nor a variable with a secret goes to programs that we start.
#[test]
fn programs_that_are_started_inherit_no_secret() {
    let sandbox = Sandbox::with_vault();
    sandbox.script(
        "s",
        "ls /proc/self/fd | tr '\\n' ' ' > fds; echo ${SECRET-hidden} >> fds; cat p",
    );
    sandbox.script(
        "editor",
        "ls /proc/self/fd | tr '\\n' ' ' > fds2; echo ${SECRET-hidden} >> fds2",
    );
    let view = format!(
        "exec {} edit --vault-id y@env:SECRET --vault-id z@fd:7 --vault-id x@s f 7< q 9< q",
        env!("CARGO_BIN_EXE_vault")
    );
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &view])
        .current_dir(sandbox.path(""))
        .stdin(Stdio::null())
        .env("EDITOR", sandbox.path("editor"))
        .env("SECRET", "another secret");
    run(&mut shell, 0);
    // Input, output, messages, and the directory that ls reads.
    assert_eq!(sandbox.read("fds"), b"0 1 2 3 hidden\n");
    // And the lock of the place where the editor works.
    let fds = String::from_utf8(sandbox.read("fds2")).unwrap();
    let numbers: Vec<_> = fds.split_whitespace().collect();
    assert_eq!(
        (numbers.len(), numbers.last()),
        (6, Some(&"hidden")),
        "{fds}"
    );
}

/// Of both programs, though the limit is as in a shell: as large as may be.
#[test]
fn memory_is_dumped_nowhere() {
    let sandbox = Sandbox::with_vault();
    // A script looks at the process that runs it.
    sandbox.script(
        "s",
        "cat /proc/$PPID/limits > limits; stat -c %u /proc/$PPID/mem > owner; cat p",
    );
    for program in [env!("CARGO_BIN_EXE_vault"), env!("CARGO_BIN_EXE_etcdpki")] {
        let name = Path::new(program).file_name().unwrap();
        fs::copy(program, sandbox.path(name)).unwrap();
    }
    let init = "./etcdpki init --domain a.example --node a=10.0.0.1 --passphrase-command ./s";
    for command in [
        "./vault view --vault-id s f",
        &format!("{init} --vault-password-file p"),
    ] {
        run(&mut as_somebody(&sandbox, command), 0);
        let limits = String::from_utf8(sandbox.read("limits")).unwrap();
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        let fields: Vec<_> = core.unwrap().split_whitespace().collect();
        assert_eq!(fields[4..6], ["0", "0"], "{command}: {limits}");
        // What /proc tells of a process belongs to its user, or to root if it may not be dumped.
        assert_eq!(sandbox.read("owner"), b"0\n", "{command}");
    }
}

/// As nohup has it, of both programs; otherwise it ends them.
#[test]
fn a_signal_that_was_ignored_stays_so() {
    let sandbox = Sandbox::with_vault();
    // While a script runs for a password.
    sandbox.script("s", "kill -HUP $PPID; sleep 0.3; cat p");
    let vault = format!("{} view --vault-id s f", env!("CARGO_BIN_EXE_vault"));
    let etcdpki = env!("CARGO_BIN_EXE_etcdpki");
    let init = format!("{etcdpki} init --generate-secrets --passphrase-command ./s");
    for (command, ended) in [(&vault, Some(99)), (&init, None)] {
        let status = |signals: &str| {
            let mut env = Command::new("env");
            env.arg(format!("--{signals}-signal=HUP"));
            env.args(command.split(' ')).current_dir(sandbox.path(""));
            env.stdin(Stdio::null()).output().unwrap().status
        };
        assert_eq!(status("default").code(), ended, "{command}");
        assert_eq!(status("ignore").code(), Some(0), "{command}");
    }
}

/// A command of a user who is not root, where core dumps may be as large as they like.
fn as_somebody(sandbox: &Sandbox, command: &str) -> Command {
    let script = format!("ulimit -c unlimited; exec {command}");
    let mut shell = Command::new("sh");
    if rustix::process::geteuid().is_root() {
        let owner = ["-R", "65534", "."];
        run(
            Command::new("chown")
                .args(owner)
                .current_dir(sandbox.path("")),
            0,
        );
        shell = Command::new("setpriv");
        shell.args(["--reuid", "65534", "--clear-groups", "sh"]);
    }
    shell.args(["-c", &script]).current_dir(sandbox.path(""));
    shell
}

#[test]
fn a_weak_password_is_warned_about_when_it_encrypts_and_only_then() {
    let sandbox = Sandbox::new();
    sandbox.write("weak", "ansible123\n");
    sandbox.write("f", TEXT);
    sandbox.write("g", TEXT);
    let warned = |arguments: &[&str]| {
        let output = run(&mut sandbox.vault(arguments), 0);
        stderr(&output).matches("can be guessed").count()
    };
    assert_eq!(warned(&["encrypt", "--vault-id", "w@weak", "f", "g"]), 1);
    assert_eq!(warned(&["view", "--vault-id", "w@weak", "f"]), 0);
    assert_eq!(
        warned(&["rekey", "--vault-id", "weak", "--new-vault-id", "p", "f"]),
        0
    );
    assert_eq!(
        warned(&["rekey", "--vault-id", "p", "--new-vault-id", "weak", "f"]),
        1
    );
    assert_eq!(warned(&["decrypt", "--vault-id", "weak", "f"]), 0);
    let encrypt = ["encrypt_string", "--vault-id", "weak", "x"];
    let output = run(&mut sandbox.vault(&encrypt), 0);
    assert!(output.stdout.starts_with(b"!vault |\n"));
    assert!(stderr(&output).contains("make one by: vault genpass"));
    let mut silent = sandbox.vault(&encrypt);
    silent.env("ANSIBLE_VAULT_WEAK_PASSWORD_WARNING", "false");
    assert_eq!(stderr(&run(&mut silent, 0)), "");
    sandbox.write(
        "ansible.cfg",
        "[defaults]\nvault_weak_password_warning = no\n",
    );
    assert_eq!(stderr(&run(&mut sandbox.vault(&encrypt), 0)), "");
}

/// A descriptor is read when it is needed, so its writer may be late.
#[test]
fn a_pipe_is_a_source() {
    let sandbox = Sandbox::with_vault();
    let said = stderr(&run(
        &mut sandbox.vault(&["view", "--vault-id", "fd:9", "f"]),
        1,
    ));
    assert!(said.contains("ile descriptor 9 is not open"), "{said}");
    let mut view = sandbox.vault(&["view", "--vault-id", "x@fd:0", "f"]);
    let mut child = view
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(50));
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&sandbox.read("p")).unwrap();
    drop(stdin);
    assert_eq!(child.wait_with_output().unwrap().stdout, TEXT);
}
