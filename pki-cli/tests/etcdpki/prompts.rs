//! What is asked for on a terminal.

use std::process::Command;

use crate::terminal::Terminal;
use crate::workspace::Workspace;

const VAULT: &str = "roles/etcd-server/vars/certificates.vault.yml";

/// The command as a shell starts it, with nothing but `PATH` in its environment.
fn start(workspace: &Workspace, arguments: &[&str]) -> Terminal {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etcdpki"));
    command
        .args(arguments)
        .env("PATH", std::env::var_os("PATH").unwrap())
        .current_dir(workspace.path(""));
    Terminal::start(&command)
}

/// Takes the vault password out of the way, and returns it.
fn without_password_file(workspace: &Workspace) -> String {
    let password = String::from_utf8(workspace.read("vault-password.txt")).unwrap();
    std::fs::remove_file(workspace.path("vault-password.txt")).unwrap();
    password.trim().to_owned()
}

#[test]
fn verify_asks_for_the_vault_password() {
    let workspace = Workspace::initialised();
    let password = without_password_file(&workspace);
    let mut terminal = start(&workspace, &["verify"]);
    terminal.expect("Enter vault password");
    terminal.enter(&password);
    let shown = terminal.end(0);
    assert!(shown.contains("6 files of roles compared"), "{shown}");
    assert!(!shown.contains(&password));

    let mut terminal = start(&workspace, &["verify"]);
    terminal.expect("Enter vault password");
    terminal.enter("");
    let shown = terminal.end(0);
    assert!(shown.contains("were not compared"), "{shown}");
    // Nobody is there to be asked.
    assert!(
        workspace
            .succeeds(&["verify"])
            .contains("were not compared")
    );
}

#[test]
fn nothing_is_asked_for_that_would_open_nothing() {
    let workspace = Workspace::initialised();
    without_password_file(&workspace);
    start(&workspace, &["verify", "--without-keys"]).end(0);
    start(&workspace, &["inspect", "pki/trust/members.crt"]).end(0);
    std::fs::remove_dir_all(workspace.path("roles")).unwrap();
    let shown = start(&workspace, &["verify"]).end(0);
    assert!(shown.contains("were not compared"), "{shown}");
}

#[test]
fn inspect_asks_once_for_the_vault_password() {
    let workspace = Workspace::initialised();
    let password = without_password_file(&workspace);
    let other = "roles/common/vars/certificates.vault.yml";
    let mut terminal = start(&workspace, &["inspect", VAULT, other]);
    terminal.expect("Enter vault password");
    terminal.enter(&password);
    let shown = terminal.end(0);
    assert!(shown.contains("CN=etcd-0.your-internal.domain"), "{shown}");
    assert_eq!(shown.matches("Enter vault password").count(), 1, "{shown}");

    let mut terminal = start(&workspace, &["inspect", VAULT]);
    terminal.expect("Enter vault password");
    terminal.enter("");
    let shown = terminal.end(0);
    assert!(shown.contains("not opened"), "{shown}");
}
