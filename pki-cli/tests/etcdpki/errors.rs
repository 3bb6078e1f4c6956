//! An error names what is wrong, and what to do next.

use std::fs::File;
use std::os::unix::fs::symlink;

use crate::workspace::Workspace;

/// Each command fails with this code, and says both.
#[track_caller]
fn assert_said(workspace: &Workspace, cases: &[(i32, &[&str], &str, &str)]) {
    for (code, arguments, wrong, next) in cases {
        let said = workspace.fails(*code, arguments);
        assert!(said.contains(wrong), "{arguments:?}: {wrong}: {said}");
        assert!(said.contains(next), "{arguments:?}: {next}: {said}");
    }
}

#[test]
fn what_the_operating_system_refuses_is_told_with_a_next_step() {
    let workspace = Workspace::new();
    workspace.write("file", "x");
    symlink("loop", workspace.path("loop")).unwrap();
    assert_said(
        &workspace,
        &[
            (
                1,
                &["-C", "a b/c", "status"],
                "a b/c: No such file",
                "ls -A .\n",
            ),
            (
                1,
                &["inspect", "file/x"],
                "file/x: Not a directory",
                "ls -ld file\n",
            ),
            (
                1,
                &["inspect", "loop"],
                "loop: Too many levels",
                "ls -l loop\n",
            ),
            (
                1,
                &["inspect", "no/such.crt"],
                "no/such.crt: No such file",
                "ls -A .\n",
            ),
            (
                1,
                &["verify", "file", "--trust", "."],
                ".: Is a directory",
                "name a file in it, or move it away where a file belongs: ls .\n",
            ),
        ],
    );
}

/// Whoever came upon it.
#[test]
fn what_the_store_is_refused_names_the_file_and_a_next_step() {
    let workspace = Workspace::initialised();
    let link = "pki/authorities/root/1/ca.crt";
    std::fs::remove_file(workspace.path(link)).unwrap();
    symlink("ca.crt", workspace.path(link)).unwrap();
    let next = format!("in a circle: ls -l {link}\n");
    let wrong = format!("{link}: Too many levels");
    assert_said(
        &workspace,
        &[
            (1, &["init"], &wrong, &next),
            (1, &["ca", "list"], &wrong, &next),
            (1, &["rotate", "ca", "etcd", "--plan"], &wrong, &next),
        ],
    );
}

#[test]
fn output_that_is_cut_is_told() {
    let workspace = Workspace::new();
    for arguments in [&["explain"][..], &["verify", "--rules", "--json"]] {
        let mut command = workspace.command(arguments);
        command.stdout(File::create("/dev/full").unwrap());
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("error: standard output: "), "{said}");
        assert!(said.contains("No space left"), "{said}");
        assert!(said.contains("make room where it goes"), "{said}");
    }
}

#[test]
fn secrets_that_cannot_be_had_are_told_with_a_next_step() {
    let workspace = Workspace::initialised();
    workspace.write_with_mode("empty", "", 0o600);
    workspace.write_with_mode("long", vec![b'x'; 2 << 20], 0o600);
    workspace.write_with_mode("other", "other\n", 0o600);
    workspace.write_with_mode("script", "#!/bin/sh\nexit 7\n", 0o700);
    let file = |name| ["verify", "--passphrase-file", name];
    assert_said(
        &workspace,
        &[
            (1, &file("empty"), "empty", "--passphrase-command COMMAND"),
            (1, &file("long"), "long has more than", "and nothing else"),
            (
                1,
                &file("missing"),
                "missing was not found",
                "--passphrase-file FILE",
            ),
            (
                1,
                &file("other"),
                "does not open the keyring",
                "`etcdpki ca slot list`",
            ),
            (1, &file("script"), "script failed", "run it by itself"),
            (
                1,
                &["verify", "--age-identity", "missing"],
                "missing was not found",
                "ls -A .",
            ),
        ],
    );
}

#[test]
fn files_that_hold_something_else_are_told_with_a_next_step() {
    let workspace = Workspace::initialised();
    workspace.write("x.txt", "x");
    let inspect = "see what is in it: etcdpki inspect x.txt\n";
    assert_said(
        &workspace,
        &[
            (
                1,
                &["ca", "accept", "x.txt"],
                "x.txt: no `-----BEGIN",
                inspect,
            ),
            (
                1,
                &["issue", "a", "--csr", "x.txt"],
                "x.txt: no `-----BEGIN",
                inspect,
            ),
            (
                1,
                &[
                    "verify",
                    "--trust",
                    "pki/trust/members.crt",
                    "--crl",
                    "x.txt",
                    "x.txt",
                ],
                "x.txt: not a CRL",
                inspect,
            ),
            (
                1,
                &["revoke", "--cert", "etcdpki.yml"],
                "etcdpki.yml`: no certificate",
                "--serial",
            ),
        ],
    );
}

#[test]
fn what_there_is_nothing_of_is_told_with_a_next_step() {
    let workspace = Workspace::initialised();
    assert_said(
        &workspace,
        &[(
            1,
            &["rotate", "ca", "etcd", "--abort"],
            "no rotation of an authority is under way",
            "`etcdpki rotate ca AUTHORITY` begins one",
        )],
    );
    #[cfg(feature = "etcd")]
    assert_said(
        &workspace,
        &[(
            2,
            &["store", "copy", "pki", "pki"],
            "pki is named twice",
            "name the place to copy to",
        )],
    );
}
