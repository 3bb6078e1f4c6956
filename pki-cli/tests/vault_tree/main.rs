//! Whole trees, and values inside YAML, command by command.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod check;
mod genpass;
mod inline;
mod rekey;
mod status;
#[path = "../vault_support/mod.rs"]
mod vault_support;

use std::fs;

use vault_support::{Sandbox, run};

/// A tree with two vaults, a file with two values, and others.
fn tree() -> Sandbox {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("t/.git")).unwrap();
    fs::create_dir_all(sandbox.path("t/sub")).unwrap();
    for name in ["t/a.yml", "t/sub/b", "t/.git/c"] {
        sandbox.write(name, "a: 1\n");
        run(
            &mut sandbox.vault(&["encrypt", "--vault-id", "x@p", name]),
            0,
        );
    }
    sandbox.write("t/plain.yml", "a: 1 # !vault\n");
    let value = |name: &str, text: &str| {
        let output = run(
            &mut sandbox.vault(&["encrypt_string", "--vault-id", "p", "-n", name, text]),
            0,
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let text = format!(
        "# first\nport: 80   # kept\n{}\n{}# last\n",
        value("one", "1"),
        value("two", "2\n3")
    );
    sandbox.write("t/sub/inline.yml", text);
    sandbox
}

fn view(sandbox: &Sandbox, id: &str, key: &str) -> String {
    let arguments = ["inline", "view", "--vault-id", id, "t/sub/inline.yml", key];
    String::from_utf8(run(&mut sandbox.vault(&arguments), 0).stdout).unwrap()
}
