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
    without(workspace, "vault-password.txt")
}

fn without(workspace: &Workspace, file: &str) -> String {
    let secret = String::from_utf8(workspace.read(file)).unwrap();
    std::fs::remove_file(workspace.path(file)).unwrap();
    secret.trim().to_owned()
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

/// What is typed for `what`, one after the other.
fn type_all(terminal: &mut Terminal, what: &str, secrets: &[&str]) {
    for secret in secrets {
        terminal.expect(&format!("Enter {what}"));
        terminal.enter(secret);
    }
}

#[test]
fn a_passphrase_that_was_mistyped_may_be_typed_twice_more() {
    let workspace = Workspace::initialised();
    let passphrase = without(&workspace, "etcdpki-passphrase.txt");
    let mut terminal = start(&workspace, &["verify"]);
    type_all(
        &mut terminal,
        "passphrase",
        &["wrong", "worse", &passphrase],
    );
    let shown = terminal.end(0);
    let again = "this passphrase does not open it: try again";
    assert_eq!(shown.matches(again).count(), 2, "{shown}");
    assert!(shown.contains("11 keys opened"), "{shown}");

    let mut terminal = start(&workspace, &["verify"]);
    type_all(&mut terminal, "passphrase", &["wrong", "worse", "worst"]);
    let shown = terminal.end(1);
    assert_eq!(shown.matches("Enter passphrase").count(), 3, "{shown}");
    assert!(
        shown.contains("error: ") && shown.contains("hint: "),
        "{shown}"
    );
    // What a file has stays wrong.
    workspace.write_with_mode("wrong", "wrong", 0o600);
    let shown = start(&workspace, &["verify", "--passphrase-file", "wrong"]).end(1);
    assert!(!shown.contains("try again"), "{shown}");
}

#[test]
fn a_vault_password_that_was_mistyped_may_be_typed_twice_more() {
    let workspace = Workspace::initialised();
    let password = without_password_file(&workspace);
    for (arguments, wanted) in [
        (&["init"][..], "Nothing changed"),
        (&["verify"], "6 files of roles compared"),
        (&["inspect", VAULT], "CN=etcd-0.your-internal.domain"),
    ] {
        let mut terminal = start(&workspace, arguments);
        type_all(
            &mut terminal,
            "vault password",
            &["wrong", "worse", &password],
        );
        let shown = terminal.end(0);
        assert!(shown.contains(wanted), "{shown}");
        assert_eq!(shown.matches("try again").count(), 2, "{shown}");
    }
    let before = workspace.files();
    let mut terminal = start(&workspace, &["init"]);
    type_all(
        &mut terminal,
        "vault password",
        &["wrong", "worse", "worst"],
    );
    let shown = terminal.end(1);
    assert!(shown.contains("certificates.vault.yml"), "{shown}");
    assert_eq!(workspace.files(), before);
}

#[test]
fn who_interrupts_a_prompt_is_told_so_and_nothing_is_left() {
    let workspace = Workspace::initialised();
    without(&workspace, "etcdpki-passphrase.txt");
    let empty = Workspace::new();
    for (workspace, arguments, asked) in [
        (&workspace, &["verify"][..], "Enter passphrase"),
        (&empty, &["-C", "new/one", "init"], "New passphrase"),
    ] {
        let mut terminal = start(workspace, arguments);
        terminal.expect(asked);
        terminal.control(b'c');
        let shown = terminal.end(130);
        assert!(shown.trim_end().ends_with("interrupted"), "{shown}");
        assert!(
            !shown.contains("error") && !shown.contains("hint"),
            "{shown}"
        );
    }
    assert_eq!(empty.files(), []);
    assert!(!empty.path("new").exists());
}

/// However it ends, what is typed next is shown again.
#[test]
fn the_terminal_is_restored_where_a_signal_ends_a_prompt() {
    let workspace = Workspace::new();
    let program = env!("CARGO_BIN_EXE_etcdpki");
    for signal in ["TERM", "HUP"] {
        let mut shell = Command::new("sh");
        let script = format!(
            "stty -a > before; timeout --foreground -s {signal} 2 {program} init; \
             stty -a > after; echo the end"
        );
        shell
            .args(["-c", &script])
            .env("PATH", std::env::var_os("PATH").unwrap())
            .current_dir(workspace.path(""));
        let mut terminal = Terminal::start(&shell);
        terminal.expect("New passphrase");
        terminal.expect("the end");
        terminal.end(0);
        assert_eq!(
            workspace.read("before"),
            workspace.read("after"),
            "{signal}"
        );
        assert!(!workspace.path("pki").exists(), "{signal}");
    }
}
