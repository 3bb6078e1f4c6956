//! `vault genpass`.

use std::process::Stdio;

use super::vault_support::{Sandbox, run, stderr};

#[test]
fn generated_passwords_are_strong_and_never_overwritten() {
    let sandbox = Sandbox::new();
    run(&mut sandbox.vault(&["genpass", "--output", "new"]), 0);
    let password = sandbox.read("new");
    assert_eq!(password.len(), 44);
    assert_ne!(run(&mut sandbox.vault(&["genpass"]), 0).stdout, password);
    run(&mut sandbox.vault(&["genpass", "--output", "new"]), 1);
    assert_eq!(sandbox.read("new"), password);
    sandbox.write("f", "a: 1\n");
    let said = run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "new", "f"]),
        0,
    );
    assert_eq!(stderr(&said), "", "the file is for its owner alone");
}

#[test]
fn of_several_at_the_same_time_one_has_the_name() {
    let sandbox = Sandbox::new();
    let start = || {
        let mut command = sandbox.vault(&["genpass", "--output", "new"]);
        command.stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = (0..12).map(|_| start()).collect();
    let ended = children.into_iter().map(|child| child.wait_with_output());
    let (made, refused): (Vec<_>, Vec<_>) = ended
        .map(Result::unwrap)
        .partition(|output| output.status.success());
    assert_eq!(made.len(), 1);
    for output in refused {
        let said = stderr(&output);
        assert!(said.contains("new exists"), "{said}");
        assert!(said.contains("choose another name"), "{said}");
    }
    assert_eq!(sandbox.read("new").len(), 44);
    let left = sandbox.names();
    assert!(
        !left.iter().any(|name| name.starts_with(".new")),
        "{left:?}"
    );
}
