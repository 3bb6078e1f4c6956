//! `etcdpki shell`: manual pages and completions.

use std::fs;
use std::process::Command;

use fixtures::{groff, run};

use crate::workspace::Workspace;

#[test]
fn pages_and_completions_are_installed_and_the_same_each_time() {
    let workspace = Workspace::new();
    let told = workspace.succeeds(&["shell", "install", "--prefix", "usr"]);
    let first = workspace.files();
    for name in [
        "usr/share/man/man1/etcdpki.1",
        "usr/share/man/man1/etcdpki-rotate-ca.1",
        "usr/share/man/man1/vault.1",
        "usr/share/man/man1/vault-encrypt_string.1",
        "usr/share/bash-completion/completions/etcdpki",
        "usr/share/bash-completion/completions/vault",
        "usr/share/fish/vendor_completions.d/etcdpki.fish",
        "usr/share/zsh/site-functions/_vault",
    ] {
        assert!(first.iter().any(|(found, _)| found == name), "{name}");
        assert!(told.contains(&format!("wrote {name}\n")), "{told}");
    }
    workspace.succeeds(&["shell", "install", "--prefix", "usr"]);
    assert_eq!(workspace.files(), first);
}

#[test]
fn one_page_or_script_is_printed_as_it_is_installed() {
    let workspace = Workspace::new();
    workspace.succeeds(&["shell", "install", "--prefix", "usr"]);
    let page = workspace.succeeds(&["shell", "man", "vault-rekey"]);
    let installed = workspace.read("usr/share/man/man1/vault-rekey.1");
    assert_eq!(page.as_bytes(), installed);
    let script = ["shell", "completions", "zsh", "--program", "vault"];
    let installed = workspace.read("usr/share/zsh/site-functions/_vault");
    assert_eq!(workspace.succeeds(&script).as_bytes(), installed);
    let said = workspace.fails(1, &["shell", "man", "etcdpki-rotat"]);
    assert!(
        said.contains("`etcdpki-rotat`") && said.contains("etcdpki-rotate-ca"),
        "{said}"
    );
}

#[test]
fn it_goes_home_where_no_prefix_says_otherwise() {
    let workspace = Workspace::new();
    let install = |variables: &[(&str, &str)]| {
        let mut command = workspace.command(&["shell", "install"]);
        command.env_remove("XDG_DATA_HOME").env_remove("HOME");
        run(command.envs(variables.iter().copied()))
    };
    let home = workspace.path("home").display().to_string();
    let data = workspace.path("data").display().to_string();
    install(&[("HOME", &home)]).expect_success();
    assert!(
        workspace
            .path("home/.local/share/man/man1/vault.1")
            .exists()
    );
    install(&[("HOME", &home), ("XDG_DATA_HOME", &data)]).expect_success();
    assert!(workspace.path("data/man/man1/vault.1").exists());
    let nowhere = install(&[("XDG_DATA_HOME", "not/absolute")]);
    assert!(
        !nowhere.status.success() && nowhere.output().contains("--prefix"),
        "{nowhere}"
    );
    // A directory where a file is to be.
    fs::create_dir_all(workspace.path("usr/share/man")).unwrap();
    workspace.write("usr/share/man/man1", "");
    let before = workspace.files();
    let said = workspace.fails(1, &["shell", "install", "--prefix", "usr"]);
    assert!(said.contains("usr/share/man/man1"), "{said}");
    assert_eq!(workspace.files(), before);
}

#[test]
fn bash_completes_commands() {
    let workspace = Workspace::new();
    workspace.succeeds(&["shell", "install", "--prefix", "usr"]);
    let script = "source usr/share/bash-completion/completions/etcdpki
        COMP_WORDS=(etcdpki rotate c); COMP_CWORD=2
        _etcdpki etcdpki c rotate; echo \"${COMPREPLY[@]}\"";
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", script]);
    let completed = run(bash.current_dir(workspace.path(""))).expect_success();
    assert_eq!(completed.stdout, "ca\n", "{completed}");
}

#[test]
fn groff_has_no_remark_on_the_pages() {
    let workspace = Workspace::new();
    workspace.succeeds(&["shell", "install", "--prefix", "usr"]);
    for entry in fs::read_dir(workspace.path("usr/share/man/man1")).unwrap() {
        let mut groff = groff();
        groff.args(["-man", "-Tutf8", "-ww", "-z"]);
        let read = run(groff.arg(entry.unwrap().path())).expect_success();
        assert_eq!(read.output(), "", "{read}");
    }
}

#[test]
fn what_was_mistyped_gets_a_tip_that_leads_on() {
    let workspace = Workspace::new();
    for (typed, tip) in [
        (
            &["rotate", "--ca", "etcd"][..],
            "'ca' is a command, without dashes: 'etcdpki rotate ca'",
        ),
        (&["-C", ".", "--init"], "'etcdpki init'"),
        (
            &["issue", "etcd-0", "--renw"],
            "a similar argument exists: '--renew'",
        ),
    ] {
        let told = workspace.fails(2, typed);
        assert!(told.contains(tip), "{told}");
    }
    let told = workspace.fails(2, &["rotate", "ca", "etcd", "--force"]);
    assert!(
        !told.contains("--store") && !told.contains("similar"),
        "{told}"
    );
}
