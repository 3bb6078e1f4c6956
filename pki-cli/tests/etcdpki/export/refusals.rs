//! What is not exported, and that nothing is left of it.

use std::fs;
use std::os::unix::fs::symlink;

use fixtures::{openssl, run};

use super::{Workspace, export, workspace};
use crate::terminal::Terminal;

#[test]
fn files_that_are_there_are_all_named_and_left_alone() {
    let workspace = workspace();
    fs::create_dir_all(workspace.path("out/etcdctl")).unwrap();
    workspace.write("out/ca.crt", "mine");
    symlink("nowhere", workspace.path("out/etcdctl/client.key")).unwrap();
    let before = workspace.read("pki/journal.jsonl");
    let error = workspace.fails(1, &["export", "-f", "pem", "-o", "out"]);
    assert!(
        error.contains("out/etcdctl/client.key, out/ca.crt: there already")
            && error.contains("--force"),
        "{error}"
    );
    assert_eq!(workspace.read("out/ca.crt"), b"mine");
    assert!(!workspace.path("out/etcd-0").exists());
    assert_eq!(workspace.read("pki/journal.jsonl"), before);

    fs::remove_file(workspace.path("out/etcdctl/client.key")).unwrap();
    export(&workspace, &["pem", "--force"], "out");
    assert!(workspace.read("out/ca.crt").starts_with(b"-----BEGIN"));
    // What --force cannot overwrite is found before anything is written.
    fs::remove_file(workspace.path("out/members-ca.crt")).unwrap();
    fs::create_dir(workspace.path("out/members-ca.crt")).unwrap();
    let before = workspace.files();
    let error = workspace.fails(1, &["export", "-f", "pem", "-o", "out", "--force"]);
    assert!(error.contains("out/members-ca.crt: there"), "{error}");
    assert_eq!(workspace.files(), before);
    // So is a file where a directory would be.
    let error = workspace.fails(1, &["export", "-f", "pem", "-o", "out/ca.crt"]);
    assert!(error.contains("out/ca.crt"), "{error}");
    let mut after = workspace.files();
    after.retain(|(path, _)| path != "pki/journal.jsonl");
    assert!(after.iter().all(|file| before.contains(file)));
}

#[test]
fn options_that_a_format_does_not_have_are_wrong_usage() {
    let workspace = workspace();
    let before = workspace.files();
    for (arguments, part) in [
        (&["truststore", "etcdctl"][..], "name no owner"),
        (&["external-etcd", "etcdctl"], "--apiserver-client"),
        (&["kubeadm"], "--for-host"),
        (&["kubernetes-tls", "--without-keys"], "without its key"),
        (&["pkcs12", "--without-keys"], "--without-keys"),
        (&["pem", "--namespace", "x"], "--namespace"),
        (&["der", "--pkcs12-password-file", "p12.txt"], "password"),
        (&["pem", "--apiserver-client", "etcdctl"], "--apiserver"),
        (&["pem", "--healthcheck-client", "etcdctl"], "--healthcheck"),
        (&["jks"], "possible values"),
        (&["pem", "etcd-0", "--for-host", "etcd-0"], "--for-host"),
        (&["kubernetes-tls", "--namespace", "a b"], "--namespace"),
    ] {
        let start = ["export", "-o", "out", "-f"];
        let error = workspace.fails(2, &[&start[..], arguments].concat());
        assert!(error.contains(part), "{arguments:?}: {error}");
    }
    workspace.fails(2, &["export", "-f", "pem"]);
    assert_eq!(workspace.files(), before);
}

#[test]
fn whom_nobody_knows_is_told() {
    let workspace = workspace();
    let before = workspace.files();
    for (arguments, part) in [
        (&["pem", "nobody"][..], "nobody: no certificate"),
        (&["pem", "etcdctl/server"], "etcdctl/server: no certificate"),
        (&["pem", "etcd-0/servant"], "etcd-0/servant: no certificate"),
        (&["pem", "../etcdctl"], "../etcdctl: no certificate"),
        (&["pem", "--for-host", "etcd-7"], "they are etcd-0"),
        (
            &["external-etcd", "--apiserver-client", "backup"],
            "backup: no such client is described",
        ),
        (&["pem", "-o", "a", "-o", "b"], "cannot be used multiple"),
    ] {
        let start = ["export", "-o", "out", "-f"];
        let output = workspace.run(&[&start[..], arguments].concat());
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(error.contains(part), "{arguments:?}: {error}");
    }
    // More files than the place takes.
    for out in ["-", "all.p12", "all.yaml"] {
        let error = workspace.fails(1, &["export", "-f", "pem", "-o", out]);
        assert!(error.contains("name a directory"), "{error}");
    }
    assert_eq!(workspace.files(), before);
    let empty = Workspace::new();
    assert!(
        empty
            .fails(1, &["export", "-f", "pem", "-o", "x"])
            .contains("no description")
    );
    empty.write("etcdpki.yml", workspace.read("etcdpki.yml"));
    assert!(
        empty
            .fails(1, &["export", "-f", "pem", "-o", "x"])
            .contains("no PKI")
    );
    assert_eq!(empty.files().len(), 1);
}

#[test]
fn a_secret_that_is_wrong_opens_nothing() {
    let workspace = workspace();
    workspace.write_with_mode("wrong.txt", "something else\n", 0o600);
    workspace.write_with_mode("short.txt", "short\n", 0o600);
    let before = workspace.files();
    let start = [
        "export",
        "-o",
        "out",
        "--passphrase-file",
        "wrong.txt",
        "-f",
    ];
    let error = workspace.fails(1, &[&start[..], &["pem"]].concat());
    assert!(error.contains("passphrase"), "{error}");
    let start = ["export", "-o", "out", "-f", "pkcs12", "etcdctl"];
    let error = workspace.fails(1, &start);
    assert!(
        error.contains("no PKCS#12 password: give --pkcs12-password-file"),
        "{error}"
    );
    let option = ["--pkcs12-password-file", "short.txt"];
    let error = workspace.fails(1, &[&start[..], &option].concat());
    assert!(error.contains("6 characters"), "{error}");
    assert_eq!(workspace.files(), before);
    let command = ["--pkcs12-password-command", "echo 'one that is long'"];
    workspace.succeeds(&[&start[..], &command].concat());
    let mut command = workspace.command(&start);
    command
        .arg("--force")
        .env("ETCDPKI_PKCS12_PASSWORD_FILE", "p12.txt");
    run(&mut command).expect_success();
}

#[test]
fn a_key_that_is_not_here_is_not_exported() {
    let workspace = workspace();
    let request = "req -new -nodes -newkey rsa:2048 -subj /CN=web -keyout web.key -out web.csr";
    run(openssl()
        .args(request.split(' '))
        .current_dir(workspace.path("")))
    .expect_success();
    workspace.succeeds(&["issue", "--csr", "web.csr", "--role", "client"]);
    let error = workspace.fails(1, &["export", "-f", "pem", "web", "-o", "out"]);
    assert!(
        error.contains("certificates/web/client: its key is not here")
            && error.contains("--without-keys"),
        "{error}"
    );
    assert!(!workspace.path("out").exists());
    export(&workspace, &["pem", "web", "--without-keys"], "out");
    assert!(workspace.path("out/web/client.crt").is_file());
    // kubeadm loads no such key.
    workspace.succeeds(&["issue", "kube-apiserver", "--rekey", "--key", "ed25519"]);
    let error = workspace.fails(1, &["export", "-f", "external-etcd", "-o", "pki"]);
    assert!(
        error.contains("kube-apiserver/client") && error.contains("--rekey --key p256"),
        "{error}"
    );
}

#[test]
fn a_private_key_is_not_printed_to_a_terminal() {
    let workspace = workspace();
    let command = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_etcdpki"));
        command.arg("export").args(arguments);
        command.current_dir(workspace.path(""));
        command
    };
    let tls = ["-o", "-", "-f", "kubernetes-tls", "etcdctl"];
    let shown = Terminal::start(&command(&tls)).end(1);
    assert!(shown.contains("not printed to a terminal"), "{shown}");
    assert!(!shown.contains("tls.key"), "{shown}");
    let forced = [&tls[..], &["--force"]].concat();
    assert!(
        Terminal::start(&command(&forced))
            .end(0)
            .contains("tls.key")
    );
    let public = [
        "-o",
        "-",
        "-f",
        "kubernetes-opaque",
        "etcdctl",
        "--without-keys",
    ];
    assert!(
        Terminal::start(&command(&public))
            .end(0)
            .contains("tls.crt")
    );
    let mut terminal = Terminal::start(&command(&["-f", "pkcs12", "etcdctl", "-o", "a.p12"]));
    for _ in 0..2 {
        terminal.expect("PKCS#12 password");
        terminal.enter("typed by hand");
    }
    let shown = terminal.end(0);
    assert!(
        shown.contains("a.p12") && !shown.contains("typed"),
        "{shown}"
    );
}
