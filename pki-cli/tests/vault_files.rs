//! No file is ever lost, half written or left open to others.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod vault_support;

use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use vault_support::{Sandbox, feed, run, stderr};

const TEXT: &[u8] = b"some: secret\n";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("f", TEXT);
    sandbox
}

fn is_vault(content: &[u8]) -> bool {
    content.starts_with(b"$ANSIBLE_VAULT;1.1;AES256\n")
}

#[test]
fn mode_and_links_are_kept() {
    let sandbox = sandbox();
    sandbox.mode("f", 0o640);
    symlink("f", sandbox.path("link")).unwrap();
    for verb in ["encrypt", "rekey", "decrypt"] {
        let new = if verb == "rekey" {
            &["--new-vault-id", "q"][..]
        } else {
            &[]
        };
        let old = if verb == "decrypt" { "q" } else { "p" };
        run(
            &mut sandbox.vault(&[&[verb, "--vault-id", old, "link"], new].concat()),
            0,
        );
        let metadata = fs::metadata(sandbox.path("f")).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o7777, 0o640, "{verb}");
        assert!(sandbox.path("link").is_symlink(), "{verb}");
    }
    assert_eq!(sandbox.read("f"), TEXT);
}

#[test]
fn new_files_are_for_their_owner_alone() {
    let sandbox = sandbox();
    run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "p", "--output", "o", "f"]),
        0,
    );
    run(
        &mut sandbox.vault(&["decrypt", "--vault-id", "p", "--output", "o2", "o"]),
        0,
    );
    for name in ["o", "o2"] {
        let metadata = fs::metadata(sandbox.path(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o7777, 0o600);
    }
    assert_eq!(sandbox.read("o2"), TEXT);
}

#[test]
fn another_name_of_the_file_keeps_its_content() {
    let sandbox = sandbox();
    fs::hard_link(sandbox.path("f"), sandbox.path("other")).unwrap();
    let said = stderr(&run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "p", "f"]),
        0,
    ));
    assert!(said.contains("1 other name"), "{said}");
    assert_eq!(sandbox.read("other"), TEXT);
    assert!(is_vault(&sandbox.read("f")));
}

#[test]
fn of_many_files_all_are_changed_or_none() {
    let sandbox = sandbox();
    sandbox.write("g", TEXT);
    run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "q", "--output", "v", "g"]),
        0,
    );
    run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "p", "f", "v", "g"]),
        1,
    );
    assert_eq!(
        (sandbox.read("f"), sandbox.read("g")),
        (TEXT.to_vec(), TEXT.to_vec())
    );
    run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "p", "f", "g"]),
        0,
    );
    run(
        &mut sandbox.vault(&["decrypt", "--vault-id", "p", "f", "g", "v"]),
        1,
    );
    assert!(is_vault(&sandbox.read("f")) && is_vault(&sandbox.read("g")));
    let rekey = [
        "rekey",
        "--vault-id",
        "p",
        "--new-vault-id",
        "q",
        "f",
        "v",
        "g",
    ];
    let before = sandbox.read("f");
    run(&mut sandbox.vault(&rekey), 1);
    assert_eq!(sandbox.read("f"), before);
    assert_eq!(sandbox.names(), ["f", "g", "p", "q", "v"]);
}

/// A limit on the size of files stands for a full disk: writing fails in the middle.
#[test]
fn a_write_that_fails_leaves_the_old_file() {
    let sandbox = Sandbox::new();
    let large = vec![b'x'; 300_000];
    sandbox.write("f", &large);
    run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "p", "--output", "v", "f"]),
        0,
    );
    let vault = sandbox.read("v");
    let program = env!("CARGO_BIN_EXE_vault");
    for (arguments, blocks) in [
        ("encrypt --vault-id p f", 200),
        ("decrypt --vault-id p v", 200),
        ("rekey --vault-id p --new-vault-id q v", 200),
        ("encrypt --vault-id p --output v f", 200),
        ("decrypt --vault-id p --output f v", 200),
        ("encrypt --vault-id p f", 0),
    ] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec {program} {arguments}");
        let mut command = Command::new("sh");
        let command = command.args(["-c", &script]).current_dir(sandbox.path(""));
        let said = stderr(&run(command, 1));
        assert!(said.contains("File too large"), "{said}");
        assert!(
            sandbox.read("f") == large && sandbox.read("v") == vault,
            "{arguments}"
        );
        assert_eq!(sandbox.names(), ["f", "p", "q", "v"], "{arguments}");
    }
}

#[test]
fn a_kill_at_any_time_leaves_the_old_file_or_the_new_one() {
    let sandbox = Sandbox::new();
    let large: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    let mut killed = 0;
    for step in 0..40 {
        sandbox.write("f", &large);
        let program = env!("CARGO_BIN_EXE_vault");
        let mut child = Command::new(program)
            .args(["encrypt", "--vault-id", "p", "f"])
            .current_dir(sandbox.path(""))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_micros(1000 * step));
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        let now = sandbox.read("f");
        if now != large {
            run(&mut sandbox.vault(&["decrypt", "--vault-id", "p", "f"]), 0);
            assert!(sandbox.read("f") == large, "killed after {step} ms");
        }
    }
    assert!(killed > 0, "every run was over before it was killed");
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    let mut child = sandbox.vault(&["encrypt", "--vault-id", "p", "--output", "o"]);
    let mut child = child
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let input = child.stdin.take().unwrap();
    // More than a pipe takes: now the first of it is being encrypted.
    std::io::Write::write_all(&mut &input, &[b'x'; 500_000]).unwrap();
    run(
        Command::new("kill").args(["-INT", &child.id().to_string()]),
        0,
    );
    assert_eq!(child.wait().unwrap().code(), Some(99));
    assert_eq!(sandbox.names(), ["p", "q"]);
    drop(input);
}

#[test]
fn what_is_no_regular_file_is_left_alone() {
    let sandbox = sandbox();
    fs::create_dir(sandbox.path("d")).unwrap();
    symlink("missing", sandbox.path("dangling")).unwrap();
    run(&mut sandbox.vault(&["encrypt", "--vault-id", "p", "d"]), 1);
    run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "p", "dangling"]),
        1,
    );
    run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "p", "--output", "d", "f"]),
        1,
    );
    run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "p", "--output", "/dev/null", "f"]),
        1,
    );
    run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "p", "--output", "no/such", "f"]),
        1,
    );
    run(
        &mut sandbox.vault(&["create", "--vault-id", "p", "--skip-tty-check", "dangling"]),
        1,
    );
    assert!(sandbox.path("dangling").is_symlink());
    run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "p", "--output", "dangling", "f"]),
        0,
    );
    assert!(sandbox.path("dangling").is_symlink() && is_vault(&sandbox.read("missing")));
}

/// Neither waits for the other end of a pipe.
#[test]
fn a_pipe_that_has_a_name_is_never_waited_for() {
    let sandbox = sandbox();
    run(Command::new("mkfifo").arg(sandbox.path("pipe")), 0);
    for command in [
        &["encrypt", "--vault-id", "p", "--output", "pipe", "f"][..],
        &["decrypt", "--vault-id", "p", "--output", "pipe", "-"],
        &["create", "--vault-id", "p", "--skip-tty-check", "pipe"],
        &[
            "rekey",
            "-r",
            "--vault-id",
            "p",
            "--new-vault-id",
            "q",
            "pipe",
        ],
    ] {
        let said = stderr(&run(&mut sandbox.vault(command), 1));
        assert!(
            said.contains("regular file") || said.contains("exists"),
            "{said}"
        );
    }
    run(&mut sandbox.vault(&["status", "pipe"]), 3);
}

/// As the shell makes them for `<(command)`, and as people name standard output.
#[test]
fn pipes_are_read_and_never_replaced() {
    let sandbox = sandbox();
    run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "p", "--output", "v", "f"]),
        0,
    );
    let vault = sandbox.read("v");
    for arguments in [
        &["view", "--vault-id", "p", "/dev/stdin"][..],
        &["decrypt", "--vault-id", "p", "--output", "-", "/dev/stdin"],
        &[
            "decrypt",
            "--vault-id",
            "p",
            "--output",
            "/dev/stdout",
            "/dev/stdin",
        ],
    ] {
        let said = feed(&mut sandbox.vault(arguments), &vault, 0);
        assert_eq!(said.stdout, TEXT, "{arguments:?}");
    }
    let encrypt = ["encrypt", "--vault-id", "p", "--output", "o", "/dev/stdin"];
    feed(&mut sandbox.vault(&encrypt), TEXT, 0);
    assert_eq!(
        run(&mut sandbox.vault(&["view", "--vault-id", "p", "o"]), 0).stdout,
        TEXT
    );
    feed(&mut sandbox.vault(&encrypt), &vault, 1);
    run(Command::new("mkfifo").arg(sandbox.path("fifo")), 0);
    for verb in ["encrypt", "decrypt", "edit"] {
        // Without waiting for somebody to write into it.
        let said = stderr(&run(
            &mut sandbox.vault(&[verb, "--vault-id", "p", "fifo"]),
            1,
        ));
        assert!(said.contains("it is no regular file"), "{said}");
    }
    // Standard output that is a file is written to, not replaced.
    let script = format!(
        "{} decrypt --vault-id p --output /dev/stdout v > out",
        env!("CARGO_BIN_EXE_vault")
    );
    sandbox.write("out", "");
    sandbox.mode("out", 0o644);
    run(
        Command::new("sh")
            .args(["-c", &script])
            .current_dir(sandbox.path("")),
        0,
    );
    assert_eq!(sandbox.read("out"), TEXT);
    let mode = fs::metadata(sandbox.path("out"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o644);
}

#[test]
fn names_may_be_as_long_as_the_system_allows() {
    let sandbox = Sandbox::new();
    for name in ["x".repeat(255), "☃".repeat(85)] {
        sandbox.write(&name, TEXT);
        run(
            &mut sandbox.vault(&["encrypt", "--vault-id", "p", &name]),
            0,
        );
        assert!(is_vault(&sandbox.read(&name)));
    }
}

#[test]
fn an_edit_is_encrypted_again_under_the_same_secret_and_label() {
    let sandbox = sandbox();
    sandbox.mode("f", 0o640);
    run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "x@q", "f"]),
        0,
    );
    let before = sandbox.read("f");
    let edit = |editor: &str, code| {
        let mut command = sandbox.vault(&["edit", "--vault-id", "p", "--vault-id", "q", "f"]);
        run(command.env("EDITOR", editor), code)
    };
    edit("true", 0);
    assert_eq!(
        sandbox.read("f"),
        before,
        "an edit that changes nothing writes nothing"
    );
    let said = stderr(&edit("false", 1));
    assert!(said.contains("nothing was changed"), "{said}");
    edit("no-such-editor", 1);
    edit("rm", 1);
    assert_eq!(sandbox.read("f"), before);
    // Replaces the file by another one, as many editors do.
    edit("sed -i s/secret/changed/", 0);
    let viewed = run(&mut sandbox.vault(&["view", "--vault-id", "q", "f"]), 0);
    assert_eq!(viewed.stdout, b"some: changed\n");
    assert!(
        sandbox
            .read("f")
            .starts_with(b"$ANSIBLE_VAULT;1.2;AES256;x\n")
    );
    let mode = fs::metadata(sandbox.path("f"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o640);
}

#[test]
fn an_edit_that_can_not_be_saved_is_rescued() {
    let sandbox = sandbox();
    run(&mut sandbox.vault(&["encrypt", "--vault-id", "p", "f"]), 0);
    let file = sandbox.path("f");
    sandbox.script(
        "editor",
        &format!("echo mine > \"$1\"; echo theirs > {}", file.display()),
    );
    let mut edit = sandbox.vault(&["edit", "--vault-id", "p", "f"]);
    let said = stderr(&run(edit.env("EDITOR", sandbox.path("editor")), 1));
    assert!(
        said.contains("changed by another program") && said.contains("f.rescue"),
        "{said}"
    );
    assert_eq!(sandbox.read("f"), b"theirs\n");
    let rescued = run(
        &mut sandbox.vault(&["view", "--vault-id", "p", "f.rescue"]),
        0,
    );
    assert_eq!(rescued.stdout, b"mine\n");
}

#[test]
fn the_editor_sees_a_private_file_of_the_same_kind() {
    let sandbox = sandbox();
    let report = sandbox.path("report");
    sandbox.script(
        "editor",
        &format!(
            "stat -c '%a %n' \"$1\" $(dirname \"$1\") > {}; echo x > \"$1\"",
            report.display()
        ),
    );
    let mut create = sandbox.vault(&["create", "--vault-id", "p", "--skip-tty-check", "a/b.yml"]);
    run(create.env("EDITOR", sandbox.path("editor")), 0);
    let report = String::from_utf8(sandbox.read("report")).unwrap();
    let lines: Vec<_> = report.lines().collect();
    assert!(
        lines[0].starts_with("600 ") && lines[0].ends_with(".yml"),
        "{report}"
    );
    assert!(lines[1].starts_with("700 "), "{report}");
    assert!(!fs::exists(lines[0].split_once(' ').unwrap().1).unwrap());
    let viewed = run(
        &mut sandbox.vault(&["view", "--vault-id", "p", "a/b.yml"]),
        0,
    );
    assert_eq!(viewed.stdout, b"x\n");
}

/// vim would keep plaintext in a swap file and in its history of registers.
#[test]
fn vim_keeps_no_plaintext_by_whatever_name_it_is_called() {
    let sandbox = sandbox();
    run(&mut sandbox.vault(&["encrypt", "--vault-id", "p", "f"]), 0);
    sandbox.script("vim.basic", "echo \"$1 $2 $3\" > options");
    symlink("vim.basic", sandbox.path("vi")).unwrap();
    sandbox.script("other", "echo \"$#\" > options");
    let path = format!("{}:/usr/bin:/bin", sandbox.path("").display());
    for (editor, options) in [
        ("vi", "-n -i NONE\n"),
        ("./vim.basic", "-n -i NONE\n"),
        ("other", "1\n"),
    ] {
        let mut edit = sandbox.vault(&["edit", "--vault-id", "p", "f"]);
        run(edit.env("EDITOR", editor).env("PATH", &path), 0);
        assert_eq!(sandbox.read("options"), options.as_bytes(), "{editor}");
    }
}

#[test]
fn the_place_for_an_edit_can_be_chosen() {
    let sandbox = sandbox();
    run(&mut sandbox.vault(&["encrypt", "--vault-id", "p", "f"]), 0);
    sandbox.script("editor", "dirname \"$(dirname \"$1\")\" > where");
    sandbox.write(
        "ansible.cfg",
        "[defaults]\nlocal_tmp = {{CWD}}/set/in/file\n",
    );
    for (variable, expected) in [("", "set/in/file"), ("chosen", "chosen")] {
        let mut edit = sandbox.vault(&["edit", "--vault-id", "p", "f"]);
        edit.env("EDITOR", sandbox.path("editor"));
        run(edit.env("ANSIBLE_LOCAL_TEMP", variable), 0);
        let place = String::from_utf8(sandbox.read("where")).unwrap();
        assert!(place.trim().ends_with(expected), "{place}");
        let mode = fs::metadata(sandbox.path(expected))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

#[test]
fn nothing_unverified_comes_out() {
    let sandbox = Sandbox::new();
    sandbox.write("f", vec![b'x'; 20_000_000]);
    run(&mut sandbox.vault(&["encrypt", "--vault-id", "p", "f"]), 0);
    let mut vault = sandbox.read("f");
    let end = vault.len() - 2;
    vault[end] ^= 1;
    sandbox.write("f", &vault);
    for arguments in [
        &["view", "--vault-id", "p", "f"][..],
        &["decrypt", "--vault-id", "p", "--output", "-", "f"],
    ] {
        assert_eq!(run(&mut sandbox.vault(arguments), 1).stdout, b"");
    }
    assert_eq!(
        feed(
            &mut sandbox.vault(&["decrypt", "--vault-id", "p"]),
            &vault,
            1
        )
        .stdout,
        b""
    );
    run(
        &mut sandbox.vault(&["decrypt", "--vault-id", "p", "--output", "o", "f"]),
        1,
    );
    assert!(!sandbox.path("o").exists());
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let sandbox = Sandbox::new();
    sandbox.write("f", vec![b'x'; 20_000_000]);
    run(&mut sandbox.vault(&["encrypt", "--vault-id", "p", "f"]), 0);
    let mut view = sandbox.vault(&["view", "--vault-id", "p", "f"]);
    let mut child = view
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut start = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn a_file_of_a_gibibyte_needs_less_than_16_mebibytes() {
    const SIZE: u64 = 1 << 30;
    let sandbox = Sandbox::new();
    let file = fs::File::create(sandbox.path("f")).unwrap();
    file.set_len(SIZE).unwrap();
    for arguments in [
        &["encrypt", "--vault-id", "p", "f"][..],
        &["view", "--vault-id", "p", "f"],
        &["rekey", "--vault-id", "p", "--new-vault-id", "q", "f"],
        &["decrypt", "--vault-id", "q", "f"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_vault"))
            .args(arguments)
            .current_dir(sandbox.path(""))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        let code = loop {
            peak = fs::read_to_string(&status)
                .ok()
                .and_then(|text| high_water(&text))
                .unwrap_or(peak);
            match child.try_wait().unwrap() {
                Some(code) => break code,
                None => thread::sleep(Duration::from_millis(5)),
            }
        };
        assert!(code.success(), "{arguments:?}");
        assert!((1..16 * 1024).contains(&peak), "{arguments:?}: {peak} KiB");
    }
    assert_eq!(fs::metadata(sandbox.path("f")).unwrap().size(), SIZE);
}

/// The most memory that a process ever had, in KiB.
fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
