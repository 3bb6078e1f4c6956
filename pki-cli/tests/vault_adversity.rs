//! Disks that are full or read-only, and other programs at work on the same files.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod vault_support;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;

use fixtures::run as run_peer;
use vault_support::{Sandbox, feed, run, stderr};

const TEXT: &[u8] = b"some: secret\n";

fn vault() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("f", TEXT);
    run(&mut sandbox.vault(&["encrypt", "--vault-id", "p", "f"]), 0);
    sandbox
}

/// In a file system of 1 MiB, in name spaces of its own, a file of 400 kB and its vault of four
/// times the size do not fit together: ansible-vault ends with 0 there, and the file is lost.
#[test]
fn a_full_file_system_keeps_the_file() {
    let sandbox = Sandbox::new();
    sandbox.write("large", vec![b'x'; 400_000]);
    let script = format!(
        "mkdir full && mount -t tmpfs -o size=1m none full && cd full && cp ../large f && \
         {{ {} encrypt --vault-id ../p f || echo $? > ../code; }}; cp f ../after; ls -A > ../names",
        env!("CARGO_BIN_EXE_vault")
    );
    let outcome = run_peer(&mut in_name_spaces(&sandbox, &script));
    assert!(
        outcome.status.success(),
        "this test mounts a file system in a name space of its own: run it as root, or allow user \
         name spaces (sysctl kernel.unprivileged_userns_clone=1)\n{outcome}"
    );
    assert!(
        outcome.stderr.contains("/full/f): No space left on device"),
        "{outcome}"
    );
    assert_eq!(sandbox.read("code"), b"1\n");
    assert_eq!(sandbox.read("names"), b"f\n");
    assert!(sandbox.read("after") == sandbox.read("large"));
}

/// The file that is read is on another one, which has room.
#[test]
fn a_full_file_system_of_the_output_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write("large", vec![b'x'; 400_000]);
    let script = format!(
        "mkdir full && mount -t tmpfs -o size=1m none full && \
         {} encrypt --vault-id p --output full/out large || echo $? > code; ls -A full > names",
        env!("CARGO_BIN_EXE_vault")
    );
    let outcome = run_peer(&mut in_name_spaces(&sandbox, &script));
    for said in ["(full/out): No space left on device", "df -h full"] {
        assert!(outcome.stderr.contains(said), "{outcome}");
    }
    assert_eq!(sandbox.read("code"), b"1\n");
    assert_eq!(sandbox.read("names"), b"");
}

/// Neither the file nor the rescued edit has room: the plaintext stays until there is.
#[test]
fn an_edit_on_a_full_file_system_is_kept_until_there_is_room() {
    let sandbox = vault();
    sandbox.write("large", vec![b'x'; 400_000]);
    fs::create_dir(sandbox.path("tmp")).unwrap();
    let vault = env!("CARGO_BIN_EXE_vault");
    let script = format!(
        "mkdir full && mount -t tmpfs -o size=1m none full && cp f full && cd full && \
         export ANSIBLE_LOCAL_TEMP=../tmp && \
         {{ EDITOR='cp ../large' {vault} edit --vault-id ../p f 2> ../said || echo $? > ../code; }}; \
         cmp f ../f; mount -o remount,size=8m none .; \
         EDITOR=true {vault} edit --vault-id ../p f 2> ../then; cmp f ../f; cp f.rescue .."
    );
    run(&mut in_name_spaces(&sandbox, &script), 0);
    let text = |name: &str| String::from_utf8(sandbox.read(name)).unwrap();
    assert_eq!(text("code"), "1\n");
    assert!(
        text("said").contains("/vault-plaintext-"),
        "{}",
        text("said")
    );
    assert!(
        text("then").contains("is now encrypted in"),
        "{}",
        text("then")
    );
    let view = ["view", "--vault-id", "p", "f.rescue"];
    assert!(run(&mut sandbox.vault(&view), 0).stdout == sandbox.read("large"));
    assert_eq!(fs::read_dir(sandbox.path("tmp")).unwrap().count(), 0);
}

#[test]
fn a_directory_that_can_not_be_written_to_is_an_error_before_any_work() {
    let sandbox = vault();
    let before = sandbox.read("f");
    fs::create_dir(sandbox.path("d")).unwrap();
    sandbox.write("d/f", TEXT);
    sandbox.write("d/v", &before);
    // A mode would not do: root writes anywhere.
    let read_only = |arguments: &str| {
        let script = format!(
            "mount -o bind d d && mount -o remount,ro,bind d && exec {} {arguments}",
            env!("CARGO_BIN_EXE_vault")
        );
        let mut command = in_name_spaces(&sandbox, &script);
        command.env("EDITOR", "touch edited");
        run(&mut command, 1)
    };
    for arguments in [
        "encrypt --vault-id p d/f",
        "decrypt --vault-id p d/v",
        "rekey --vault-id p --new-vault-id q d/v",
        "edit --vault-id p d/v",
        "create --skip-tty-check --vault-id p d/new",
        "encrypt --vault-id p --output d/new f",
    ] {
        let said = stderr(&read_only(arguments));
        assert!(said.contains("[ERROR]: "), "{arguments}: {said}");
    }
    assert_eq!(sandbox.read("d/f"), TEXT);
    assert_eq!(sandbox.read("d/v"), before);
    assert!(
        !sandbox.path("edited").exists(),
        "an editor was opened in vain"
    );
}

#[test]
fn of_two_processes_one_wins_and_the_file_is_whole() {
    let sandbox = Sandbox::new();
    for _ in 0..5 {
        sandbox.write("f", TEXT);
        let commands = (0..8).map(|_| sandbox.vault(&["encrypt", "--vault-id", "p", "f"]));
        let outputs = at_once(commands.collect());
        let won = outputs.iter().filter(|output| output.status.success());
        assert_eq!(won.count(), 1);
        for lost in outputs.iter().filter(|output| !output.status.success()) {
            let said = stderr(lost);
            let reasons = ["changed by another program", "already encrypted"];
            assert!(reasons.iter().any(|reason| said.contains(reason)), "{said}");
        }
        let viewed = run(&mut sandbox.vault(&["view", "--vault-id", "p", "f"]), 0);
        assert_eq!(viewed.stdout, TEXT);
    }
    assert_eq!(sandbox.names(), ["f", "p", "q"]);
}

#[test]
fn of_edits_at_the_same_time_none_is_lost() {
    let sandbox = vault();
    // Each editor waits for the others, but not for ever.
    sandbox.script(
        "editor",
        "touch up.$ME; n=0; until test $(ls up.* | wc -l) = 6 || test $n = 3000; do n=$((n+1)); sleep 0.01; done; echo $ME > \"$1\"",
    );
    let edit = |me: u32| {
        let mut command = sandbox.vault(&["edit", "--vault-id", "p", "f"]);
        command
            .env("ME", me.to_string())
            .env("EDITOR", sandbox.path("editor"));
        command
    };
    let outputs = at_once((0..6).map(edit).collect());
    let won = outputs.iter().filter(|output| output.status.success());
    assert_eq!(won.count(), 1, "{outputs:?}");
    let names = sandbox.names();
    let vaults = names.iter().filter(|name| name.starts_with('f'));
    let view = |name: &String| {
        let viewed = run(&mut sandbox.vault(&["view", "--vault-id", "p", name]), 0);
        String::from_utf8(viewed.stdout).unwrap()
    };
    let mut texts: Vec<_> = vaults.map(view).collect();
    texts.sort();
    assert_eq!(texts.concat(), "0\n1\n2\n3\n4\n5\n", "{outputs:?}");
}

/// The password script runs when the file is open already.
#[test]
fn a_file_that_changes_during_the_run_is_left_alone() {
    for (verb, new) in [("decrypt", ""), ("rekey", "--new-vault-id=q")] {
        let arguments: Vec<_> = [verb, "--vault-id", "s", "f", new]
            .into_iter()
            .filter(|argument| !argument.is_empty())
            .collect();
        for change in ["echo theirs > other; mv other f", "echo theirs > f"] {
            let sandbox = vault();
            sandbox.script("s", &format!("{change}; cat p"));
            let said = stderr(&run(&mut sandbox.vault(&arguments), 1));
            assert!(said.contains("[ERROR]: "), "{said}");
            assert_eq!(sandbox.read("f"), b"theirs\n", "{verb}, {change}");
            assert_eq!(sandbox.names(), ["f", "p", "q", "s"]);
        }
    }
    let sandbox = vault();
    sandbox.script("s", "echo theirs > other; mv other f; cat p");
    let said = stderr(&run(
        &mut sandbox.vault(&["decrypt", "--vault-id", "s", "f"]),
        1,
    ));
    assert!(
        said.contains("changed by another program meanwhile"),
        "{said}"
    );
}

/// A file that appears meanwhile where there was none is not replaced either.
#[test]
fn a_new_file_never_replaces_one_that_came_first() {
    let sandbox = vault();
    sandbox.script("editor", "echo theirs > new; echo mine > \"$1\"");
    let mut create = sandbox.vault(&["create", "--skip-tty-check", "--vault-id", "p", "new"]);
    let said = stderr(&run(create.env("EDITOR", sandbox.path("editor")), 1));
    assert!(said.contains("new.rescue"), "{said}");
    assert_eq!(sandbox.read("new"), b"theirs\n");
    let rescued = run(
        &mut sandbox.vault(&["view", "--vault-id", "p", "new.rescue"]),
        0,
    );
    assert_eq!(rescued.stdout, b"mine\n");
}

/// It comes while the password is asked for.
#[test]
fn a_new_file_does_not_replace_one_that_comes_before_the_editor_either() {
    let sandbox = vault();
    sandbox.script("s", "echo theirs > new; cat p");
    let mut create = sandbox.vault(&["create", "--skip-tty-check", "--vault-id", "s", "new"]);
    let said = stderr(&run(create.env("EDITOR", "true"), 1));
    assert!(
        said.contains("new was changed by another program"),
        "{said}"
    );
    assert_eq!(sandbox.read("new"), b"theirs\n");
}

/// Whatever an editor puts in the place of the plaintext, what it leads to is left as it is.
#[test]
fn other_names_of_what_was_edited_keep_their_content() {
    for (name, script) in [
        ("mine", "ln -f mine \"$1\""),
        ("mine", "ln -sf \"$PWD/mine\" \"$1\""),
        ("copy", "echo text > \"$1\"; ln \"$1\" copy"),
        ("mine", "echo text > \"$1\"; ln mine \"${1%/*}/other\""),
        (
            "mine",
            "echo text > \"$1\"; ln -s \"$PWD/mine\" \"${1%/*}/other\"",
        ),
    ] {
        let sandbox = vault();
        sandbox.write("mine", "text\n");
        fs::create_dir(sandbox.path("tmp")).unwrap();
        sandbox.script("editor", script);
        let mut edit = sandbox.vault(&["edit", "--vault-id", "p", "f"]);
        edit.env("EDITOR", sandbox.path("editor"))
            .env("ANSIBLE_LOCAL_TEMP", sandbox.path("tmp"));
        run(&mut edit, 0);
        assert_eq!(sandbox.read(name), b"text\n", "{script}");
        let viewed = run(&mut sandbox.vault(&["view", "--vault-id", "p", "f"]), 0);
        assert_eq!(viewed.stdout, b"text\n", "{script}");
        assert_eq!(fs::read_dir(sandbox.path("tmp")).unwrap().count(), 0);
    }
}

#[test]
fn what_an_editor_leaves_that_is_no_file_is_not_waited_for() {
    for script in [
        "rm \"$1\"; mkfifo \"$1\"",
        "rm \"$1\"; mkdir \"$1\"",
        "rm \"$1\"",
    ] {
        let sandbox = vault();
        let before = sandbox.read("f");
        sandbox.script("editor", script);
        let mut edit = sandbox.vault(&["edit", "--vault-id", "p", "f"]);
        let said = stderr(&run(edit.env("EDITOR", sandbox.path("editor")), 1));
        assert!(said.contains("the editor left no file"), "{said}");
        assert_eq!(sandbox.read("f"), before);
    }
}

#[test]
fn the_file_of_a_secret_is_not_encrypted_with_it() {
    let sandbox = vault();
    let before = sandbox.read("p");
    fs::hard_link(sandbox.path("p"), sandbox.path("link")).unwrap();
    for name in ["p", "link"] {
        let encrypt = ["encrypt", "--vault-id", "p", "--vault-id", "x@q", name];
        let encrypt = [&encrypt[..], &["--encrypt-vault-id", "default"]].concat();
        let said = stderr(&run(&mut sandbox.vault(&encrypt), 1));
        assert!(said.contains("nothing would open it"), "{said}");
        assert_eq!(sandbox.read("p"), before);
    }
    // Another one opens it.
    let encrypt = ["encrypt", "--vault-id", "p", "--vault-id", "x@q", "p"];
    run(
        &mut sandbox.vault(&[&encrypt[..], &["--encrypt-vault-id", "x"]].concat()),
        0,
    );
}

#[test]
fn a_vault_that_is_cut_is_not_blamed_on_the_password_alone() {
    let sandbox = vault();
    let whole = String::from_utf8(sandbox.read("f")).unwrap();
    sandbox.write("f", &whole[..whole.len() - 5]);
    for verb in ["view", "decrypt"] {
        for ids in [
            &["--vault-id", "p"][..],
            &["--vault-id", "p", "--vault-id", "q"],
        ] {
            let said = stderr(&run(
                &mut sandbox.vault(&[&[verb], ids, &["f"]].concat()),
                1,
            ));
            assert!(said.contains("no password opens it"), "{said}");
        }
    }
    let verify = sandbox.vault(&["verify", "--vault-id", "p", "f"]);
    let found = run(&mut { verify }, 3).stdout;
    assert!(
        String::from_utf8(found)
            .unwrap()
            .contains("no password opens it")
    );
}

/// An editor that is killed has saved what it has saved.
#[test]
fn what_a_killed_editor_saved_is_rescued() {
    let sandbox = vault();
    sandbox.script("editor", "echo mine > \"$1\"; kill -KILL $$");
    let mut edit = sandbox.vault(&["edit", "--vault-id", "p", "f"]);
    let said = stderr(&run(edit.env("EDITOR", sandbox.path("editor")), 1));
    assert!(said.contains("f.rescue"), "{said}");
    let rescued = run(
        &mut sandbox.vault(&["view", "--vault-id", "p", "f.rescue"]),
        0,
    );
    assert_eq!(rescued.stdout, b"mine\n");
}

/// By its directory, however that is spelled.
#[test]
fn what_a_killed_create_left_is_rescued_by_the_next() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("d")).unwrap();
    fs::create_dir(sandbox.path("tmp")).unwrap();
    sandbox.script("editor", "echo mine > \"$1\"; kill -KILL $PPID");
    let create = |path: &str, editor: PathBuf| {
        let mut command = sandbox.vault(&["create", "--skip-tty-check", "--vault-id", "p", path]);
        command.env("EDITOR", editor);
        command.env("ANSIBLE_LOCAL_TEMP", sandbox.path("tmp"));
        command.output().unwrap()
    };
    let killed = create("d/../new", sandbox.path("editor"));
    assert!(!killed.status.success());
    // The editor lives a little longer, and has the directory.
    let left = fs::read_dir(sandbox.path("tmp")).unwrap().next().unwrap();
    fs::File::open(left.unwrap().path())
        .unwrap()
        .lock()
        .unwrap();
    let said = stderr(&create("new", "true".into()));
    assert!(said.contains("encrypted in new.rescue"), "{said}");
    let rescued = ["view", "--vault-id", "p", "new.rescue"];
    let rescued = run(&mut sandbox.vault(&rescued), 0);
    assert_eq!(rescued.stdout, b"mine\n");
}

#[test]
fn a_pipe_that_ends_early_is_not_taken_for_the_whole() {
    let sandbox = vault();
    let vault = sandbox.read("f");
    let cut = &vault[..vault.len() - 10];
    let decrypt = ["decrypt", "--vault-id", "p", "--output", "o"];
    feed(&mut sandbox.vault(&decrypt), cut, 1);
    assert!(!sandbox.path("o").exists());
}

/// A shell that may mount, in name spaces of its own.
fn in_name_spaces(sandbox: &Sandbox, script: &str) -> Command {
    let mut unshare = Command::new("unshare");
    unshare
        .args(["--user", "--map-root-user", "--mount", "sh", "-ec", script])
        .current_dir(sandbox.path(""));
    unshare
}

fn at_once(commands: Vec<Command>) -> Vec<Output> {
    let children = commands.into_iter().map(|mut command| {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    });
    let threads: Vec<_> = children
        .collect::<Vec<_>>()
        .into_iter()
        .map(|child| thread::spawn(|| child.wait_with_output().unwrap()))
        .collect();
    threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect()
}

/// Who may not give a file away gives nobody more than was given before.
#[test]
fn owner_and_group_are_kept_where_that_is_allowed() {
    use std::os::unix::fs::{MetadataExt, chown};

    assert!(
        rustix::process::geteuid().is_root(),
        "this test makes files of other users: run it as root"
    );
    let sandbox = Sandbox::new();
    chown(sandbox.path(""), Some(65534), Some(0)).unwrap();
    chown(sandbox.path("p"), Some(65534), Some(0)).unwrap();
    for (owner, group, before, after, warning) in [
        (65534, 0, 0o644, 0o644, ""),
        (65534, 12345, 0o444, 0o400, "its group can not be kept"),
        (65534, 12345, 0o660, 0o600, "its group can not be kept"),
        (0, 0, 0o664, 0o660, "its owner can not be kept"),
        (0, 12345, 0o664, 0o600, "its owner can not be kept"),
    ] {
        sandbox.write("f", "a: 1\n");
        sandbox.mode("f", 0o777 & before | 0o004);
        chown(sandbox.path("f"), Some(owner), Some(group)).unwrap();
        sandbox.mode("f", before);
        let mut command = Command::new("setpriv");
        command
            .args([
                "--reuid",
                "65534",
                "--clear-groups",
                env!("CARGO_BIN_EXE_vault"),
            ])
            .args(["encrypt", "--vault-id", "p", "f"])
            .current_dir(sandbox.path(""));
        let outcome = run_peer(&mut command);
        let case = format!("{owner}:{group} {before:o}\n{outcome}");
        assert!(outcome.status.success(), "{case}");
        let metadata = fs::metadata(sandbox.path("f")).unwrap();
        assert_eq!(metadata.mode() & 0o7777, after, "{case}");
        assert_eq!(
            outcome.stderr.contains("can not be kept"),
            !warning.is_empty(),
            "{case}"
        );
        assert!(outcome.stderr.contains(warning), "{case}");
    }
}

#[test]
fn an_output_that_is_full_is_named() {
    let sandbox = vault();
    for arguments in [
        &["view", "--vault-id", "p", "f"][..],
        &["decrypt", "--vault-id", "p", "--output", "-", "f"],
        &["encrypt_string", "--vault-id", "p", "x"],
        &["status", "f"],
    ] {
        let mut command = sandbox.vault(arguments);
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = command.stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains("standard output: No space left on device"),
            "{said}"
        );
    }
}
