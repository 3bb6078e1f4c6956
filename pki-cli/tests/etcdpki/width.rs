//! Lines on a terminal of 80 columns.

use std::process::Command;

use crate::terminal::Terminal;
use crate::workspace::Workspace;

/// What is shown on the terminal, without its colours.
fn shown(workspace: &Workspace, columns: u16, arguments: &[&str], code: i32) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etcdpki"));
    command
        .args(arguments)
        .env("PATH", std::env::var_os("PATH").unwrap())
        .current_dir(workspace.path(""));
    let shown = Terminal::start_with_columns(&command, columns).end(code);
    let plain = anstream::adapter::strip_str(&shown).to_string();
    plain.replace('\r', "")
}

/// What is told where there is no terminal.
fn told(workspace: &Workspace, arguments: &[&str], code: i32) -> String {
    let output = workspace.run(arguments);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let both = [output.stdout, output.stderr].concat();
    String::from_utf8(both).unwrap()
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

fn widest(text: &str) -> usize {
    let lines = text.lines().map(|line| line.chars().count());
    lines.max().unwrap_or_default()
}

#[test]
fn long_lines_are_folded_between_words_and_whole_where_there_is_no_terminal() {
    let workspace = Workspace::initialised();
    workspace.write("pki/trust/members.crt", "rubbish");
    workspace.write(
        "etcd-0.conf",
        "client-transport-security: {client-cert-auth: false}\n",
    );
    let settings = ["doctor", "--offline", "--settings", "etcd-0=etcd-0.conf"];
    let chain = "pki/certificates/etcd-0/server/1/tls.crt";
    for (code, arguments) in [
        (0, &["explain"][..]),
        (0, &["verify", "--rules"]),
        (3, &["verify"]),
        (3, &settings),
        (0, &["inspect", chain]),
        (1, &["rotate", "ca", "etcd", "--plan"]),
        (1, &["issue", "etcd-9"]),
        (2, &["init", "--node", "foo"]),
        (1, &["init", "--domain", "other.example"]),
    ] {
        let (shown, told) = (
            shown(&workspace, 80, arguments, code),
            told(&workspace, arguments, code),
        );
        assert_eq!(words(&shown), words(&told), "{arguments:?}");
        assert!(widest(&shown) <= 80, "{arguments:?}: {shown}");
        assert!(widest(&told) > 80, "{arguments:?} shows nothing: {told}");
    }
}

#[test]
fn what_members_lack_is_folded_below_each() {
    let workspace = Workspace::initialised();
    let endpoints: Vec<_> = (0..3)
        .map(|node| format!("--endpoint=etcd-{node}=127.0.0.1:1,127.0.0.1:2"))
        .collect();
    let mut arguments = vec!["rotate", "ca", "etcd"];
    arguments.extend(endpoints.iter().map(String::as_str));
    let shown = shown(&workspace, 80, &arguments, 1);
    assert!(widest(&shown) <= 80, "{shown}");
    for line in [
        "\n  etcd-0 (127.0.0.1:1): it is not reached",
        "\n    (start it; have its firewall",
        "\n  etcd-0 (127.0.0.1:2): ",
        "\nhint: where members cannot be reached",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[test]
fn what_programs_read_is_the_same_on_a_terminal() {
    let workspace = Workspace::initialised();
    for arguments in [
        &["shell", "completions", "bash"][..],
        &["shell", "man", "etcdpki"],
        &["status", "--json"],
        &["status", "--prometheus"],
        &["verify", "--rules", "--json"],
    ] {
        let shown = shown(&workspace, 80, arguments, 0);
        assert_eq!(shown, told(&workspace, arguments, 0), "{arguments:?}");
    }
}

/// As a serial line is, which does not know its size.
#[test]
fn nothing_is_folded_where_the_width_is_not_known() {
    let workspace = Workspace::new();
    for arguments in [&["explain"][..], &["explain", "crl-missing"]] {
        let shown = shown(&workspace, 0, arguments, 0);
        assert_eq!(shown, told(&workspace, arguments, 0));
    }
}
