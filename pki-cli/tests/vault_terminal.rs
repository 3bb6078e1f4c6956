//! What a person at a terminal sees: prompts, the pager, the editor, Ctrl-C.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod vault_support;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use vault_support::terminal::Terminal;
use vault_support::{Sandbox, run};

const TEXT: &str = "some: secret\n";

/// `f` is a vault under the password of `p`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("f", TEXT);
    run(&mut sandbox.vault(&["encrypt", "--vault-id", "p", "f"]), 0);
    sandbox
}

fn password(sandbox: &Sandbox, name: &str) -> String {
    String::from_utf8(sandbox.read(name))
        .unwrap()
        .trim()
        .to_owned()
}

/// Our program without the wrapper that takes the terminal away.
fn vault(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vault"));
    command
        .args(arguments)
        .current_dir(sandbox.path(""))
        .env("HOME", sandbox.path(".home"))
        .env("LC_ALL", "C.UTF-8")
        .env("TERM", "dumb")
        .env("PATH", std::env::var_os("PATH").unwrap());
    command
}

/// ansible-core's program, likewise.
fn ansible(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let theirs = sandbox.ansible(arguments);
    // After `setsid --wait`.
    let program: PathBuf = theirs.get_args().nth(1).unwrap().into();
    let mut command = vault(sandbox, arguments);
    let mut other = Command::new(program);
    other.args(command.get_args()).current_dir(sandbox.path(""));
    for (name, value) in command.get_envs() {
        other.env(name, value.unwrap());
    }
    command = other;
    command
}

#[test]
fn prompts_are_those_of_ansible_vault_and_show_nothing() {
    let programs: [fn(&Sandbox, &[&str]) -> Command; 2] = [vault, ansible];
    for make in programs {
        let sandbox = sandbox();
        let p = password(&sandbox, "p");
        let mut terminal =
            Terminal::start(make(&sandbox, &["view", "-J", "f"]).env("PAGER", "cat"));
        terminal.expect("Vault password: ");
        terminal.enter(&p);
        terminal.expect("some: secret");
        assert!(!terminal.end(0).contains(&p));

        let arguments = ["view", "--vault-id", "dev@prompt", "f"];
        let mut terminal = Terminal::start(make(&sandbox, &arguments).env("PAGER", "cat"));
        terminal.expect("Vault password (dev): ");
        terminal.enter(&format!("  {p}  "));
        terminal.expect("some: secret");
        terminal.end(0);

        let arguments = [
            "encrypt",
            "--vault-id",
            "dev@prompt",
            "--output",
            "new",
            "p",
        ];
        let mut terminal = Terminal::start(&make(&sandbox, &arguments));
        terminal.expect("New vault password (dev): ");
        terminal.enter(&p);
        terminal.expect("Confirm new vault password (dev): ");
        terminal.enter(&p);
        terminal.expect("Encryption successful");
        terminal.end(0);
        let expected = b"$ANSIBLE_VAULT;1.2;AES256;dev\n";
        assert!(sandbox.read("new").starts_with(expected));

        let rekey = ["rekey", "-J", "f"];
        let mut terminal = Terminal::start(&make(&sandbox, &rekey));
        for (prompt, answer) in [
            ("Vault password: ", &*p),
            ("New Vault password: ", "new-one-X7qT2mL9wR4z"),
            ("Confirm New Vault password: ", "new-one-X7qT2mL9wR4z"),
        ] {
            terminal.expect(prompt);
            terminal.enter(answer);
        }
        terminal.expect("Rekey successful");
        terminal.end(0);
    }
}

#[test]
fn new_passwords_that_differ_or_are_empty_change_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("f", TEXT);
    for (answers, said) in [
        (&["one", "other"][..], "asswords do not match"),
        (&[""], "nvalid vault password was provided"),
    ] {
        let mut terminal = Terminal::start(&vault(&sandbox, &["encrypt", "-J", "f"]));
        for (prompt, answer) in ["New Vault password: ", "Confirm New Vault"]
            .iter()
            .zip(answers)
        {
            terminal.expect(prompt);
            terminal.enter(answer);
        }
        terminal.expect(said);
        terminal.end(1);
        assert_eq!(sandbox.read("f"), TEXT.as_bytes());
    }
}

#[test]
fn values_are_asked_for_hidden_or_shown() {
    let sandbox = Sandbox::new();
    for (options, prompt, is_shown) in [
        (&["-p"][..], "String to encrypt (hidden): ", false),
        (&["-p", "--show-input"], "String to encrypt:", true),
    ] {
        let arguments = [&["encrypt_string", "--vault-id", "p"], options].concat();
        let mut terminal = Terminal::start(&vault(&sandbox, &arguments));
        terminal.expect("Variable name (enter for no name): ");
        terminal.enter("token");
        terminal.expect(prompt);
        terminal.enter("  kept-as-typed  ");
        terminal.expect("token: !vault |");
        terminal.expect("Encryption successful");
        let shown = terminal.end(0);
        assert_eq!(shown.contains("kept-as-typed"), is_shown, "{shown}");
        let start = shown.find("token: !vault").unwrap();
        let lines = shown[start..]
            .lines()
            .filter(|line| line.starts_with("token") || line.starts_with(' '));
        sandbox.write(
            "v.yml",
            lines.map(|line| format!("{line}\n")).collect::<String>(),
        );
        let inline = ["inline", "view", "--vault-id", "p", "v.yml", "token"];
        assert_eq!(
            run(&mut sandbox.vault(&inline), 0).stdout,
            b"  kept-as-typed  "
        );
    }
}

/// PAGER, then ANSIBLE_PAGER, then the file; an empty one means none, where ansible-vault fails.
#[test]
fn the_pager_is_the_one_that_is_chosen() {
    let sandbox = sandbox();
    sandbox.script("a", "sed s/^/a:/");
    sandbox.script("b", "sed s/^/b:/");
    sandbox.script("c", "sed s/^/c:/");
    let view = ["view", "--vault-id", "p", "f"];
    let shows = |variables: &[(&str, &str)], text: &str| {
        let mut command = vault(&sandbox, &view);
        let mut terminal = Terminal::start(command.envs(variables.iter().copied()));
        terminal.expect(text);
        terminal.end(0);
    };
    shows(
        &[("PAGER", "./a"), ("ANSIBLE_PAGER", "./b")],
        "a:some: secret",
    );
    shows(&[("ANSIBLE_PAGER", "./b | ./c")], "c:b:some: secret");
    shows(&[("PAGER", "")], "some: secret");
    sandbox.write("ansible.cfg", "[defaults]\npager = ./c\n");
    shows(&[], "c:some: secret");
    // A missing one is what the shell says it is, and no failure there either.
    shows(&[("PAGER", "no-such-pager")], "not found");
}

#[test]
fn ctrl_c_ends_a_prompt_and_leaves_the_file() {
    let sandbox = sandbox();
    let before = sandbox.read("f");
    let mut terminal = Terminal::start(&vault(&sandbox, &["decrypt", "-J", "f"]));
    terminal.expect("Vault password: ");
    terminal.control(b'c');
    terminal.end(99);
    assert_eq!(sandbox.read("f"), before);
}

/// However a prompt ends, what is typed next is shown again.
#[test]
fn the_terminal_is_restored_after_a_prompt() {
    let sandbox = sandbox();
    let program = env!("CARGO_BIN_EXE_vault");
    for ending in ["", "& sleep 0.3; kill -TERM $!; wait $!"] {
        let mut shell = Command::new("sh");
        let script = format!(
            "stty -a > before; {program} view -J f {ending}; stty -a > after; echo the end"
        );
        shell.args(["-c", &script]).current_dir(sandbox.path(""));
        shell.env("PATH", std::env::var_os("PATH").unwrap());
        let mut terminal = Terminal::start(&shell);
        terminal.expect("Vault password: ");
        if ending.is_empty() {
            terminal.control(b'c');
        }
        terminal.expect("the end");
        terminal.end(0);
        assert_eq!(sandbox.read("before"), sandbox.read("after"), "{ending}");
    }
}

/// Ctrl-C in an editor is the editor's: here it is how one leaves it.
#[test]
fn ctrl_c_in_the_editor_belongs_to_the_editor() {
    let sandbox = sandbox();
    sandbox.script(
        "editor",
        "trap 'echo edited: 1 > \"$1\"; exit 0' INT; echo ready; while :; do sleep 0.01; done",
    );
    let mut edit = vault(&sandbox, &["edit", "--vault-id", "p", "f"]);
    let mut terminal = Terminal::start(edit.env("EDITOR", "./editor"));
    terminal.expect("ready");
    terminal.control(b'c');
    terminal.end(0);
    let viewed = run(&mut sandbox.vault(&["view", "--vault-id", "p", "f"]), 0);
    assert_eq!(viewed.stdout, b"edited: 1\n");
}

#[test]
fn ctrl_c_that_ends_the_editor_is_an_interruption() {
    let sandbox = sandbox();
    let before = sandbox.read("f");
    for ending in ["trap - INT", "trap 'exit 130' INT"] {
        sandbox.script(
            "editor",
            &format!("{ending}; echo ready; while :; do sleep 0.01; done"),
        );
        let mut edit = vault(&sandbox, &["edit", "--vault-id", "p", "f"]);
        let mut terminal = Terminal::start(edit.env("EDITOR", "./editor"));
        terminal.expect("ready");
        terminal.control(b'c');
        let shown = terminal.end(99);
        assert!(shown.contains("nothing was changed"), "{shown}");
        assert_eq!(sandbox.read("f"), before);
    }
}

#[test]
fn an_editor_that_does_not_wait_is_told_of() {
    let sandbox = sandbox();
    let before = sandbox.read("f");
    let edit = |editor: &str| {
        let mut edit = vault(&sandbox, &["edit", "--vault-id", "p", "f"]);
        Terminal::start(edit.env("EDITOR", editor)).end(0)
    };
    let shown = edit("true");
    assert!(shown.contains("'true' ended at once"), "{shown}");
    assert!(shown.contains("EDITOR='code --wait'"), "{shown}");
    // A person who only had a look, and one who saved.
    sandbox.script("look", "sleep 0.6");
    assert!(!edit("./look").contains("ended at once"));
    assert_eq!(sandbox.read("f"), before);
    sandbox.script("save", "echo edited: 1 > \"$1\"");
    assert!(!edit("./save").contains("ended at once"));
}

#[test]
fn create_opens_an_editor_on_a_terminal() {
    let sandbox = Sandbox::new();
    sandbox.script("editor", "echo made: 1 > \"$1\"");
    let mut create = vault(&sandbox, &["create", "--vault-id", "p", "d/new.yml"]);
    let mut terminal = Terminal::start(create.env("EDITOR", "./editor"));
    terminal.expect("does not exist, creating...");
    terminal.end(0);
    let viewed = run(
        &mut sandbox.vault(&["view", "--vault-id", "p", "d/new.yml"]),
        0,
    );
    assert_eq!(viewed.stdout, b"made: 1\n");
}

#[test]
fn one_who_types_a_file_is_told_how_to_end_it() {
    let sandbox = Sandbox::new();
    let arguments = ["encrypt", "--vault-id", "p", "--output", "o"];
    let mut terminal = Terminal::start(&vault(&sandbox, &arguments));
    terminal.expect("Reading plaintext input from stdin. (ctrl-d to end input");
    terminal.enter("typed: 1");
    terminal.control(b'd');
    terminal.end(0);
    let viewed = run(&mut sandbox.vault(&["view", "--vault-id", "p", "o"]), 0);
    assert_eq!(viewed.stdout, b"typed: 1\n");
}

#[test]
fn what_is_said_starts_a_line_though_the_last_one_typed_has_no_end() {
    let sandbox = Sandbox::new();
    for (verb, said) in [("encrypt", "$ANSIBLE_VAULT"), ("encrypt_string", "!vault")] {
        let mut terminal = Terminal::start(&vault(&sandbox, &[verb, "--vault-id", "p"]));
        terminal.expect("(ctrl-d to end input)\r\n");
        terminal.type_in("typed-value-without-end");
        // The first one only ends the line.
        terminal.control(b'd');
        terminal.control(b'd');
        terminal.expect(&format!("end\r\n{said}"));
        terminal.end(0);
    }
}

#[test]
fn a_value_on_the_command_line_is_warned_about_only_on_a_terminal() {
    let sandbox = Sandbox::new();
    let arguments = ["encrypt_string", "--vault-id", "p", "value"];
    let mut terminal = Terminal::start(&vault(&sandbox, &arguments));
    terminal.expect("[WARNING]: ");
    terminal.expect("!vault |");
    terminal.end(0);
    let output = run(&mut sandbox.vault(&arguments), 0);
    assert_eq!(output.stderr, b"");
    assert!(fs::read_dir(sandbox.path("")).unwrap().count() > 0);
}
