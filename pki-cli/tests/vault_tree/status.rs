//! `vault status` and `vault verify`.

use std::fs;

use super::tree;
use super::vault_support::{Sandbox, run, stderr};

#[test]
fn status_needs_no_password_and_points_at_damage() {
    let sandbox = tree();
    let shown = run(&mut sandbox.vault(&["status", "t"]), 0);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert_eq!(
        shown,
        "t/a.yml: label x\nt/sub/b: label x\nt/sub/inline.yml:3 one: no label\n\
         t/sub/inline.yml:11 two: no label\n"
    );
    sandbox.write("t/bad", "$ANSIBLE_VAULT;1.1;AES256\n6x\n");
    let damaged = run(&mut sandbox.vault(&["status", "t"]), 3);
    let shown = String::from_utf8(damaged.stdout).unwrap();
    assert!(
        shown.contains("t/bad: Vault format unhexlify error") && shown.contains("line 2, column 2")
    );
    // The start alone is no vault.
    sandbox.write("t/bad", "$ANSIBLE_VAULT;1.1;AES256\n6162\n");
    let cut = run(&mut sandbox.vault(&["status", "t/bad"]), 3);
    assert!(
        cut.stdout.starts_with(b"t/bad: "),
        "{:?}",
        String::from_utf8(cut.stdout)
    );
    // Nor is one that ends within a byte.
    let whole = String::from_utf8(sandbox.read("t/a.yml")).unwrap();
    sandbox.write("t/bad", &whole[..whole.len() - 3]);
    run(&mut sandbox.vault(&["status", "t/bad"]), 3);
    // Of a value, in the lines of its file.
    let value = "x: 1\ny: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  61zz\n";
    sandbox.write("t/bad", value);
    for verb in [&["status"][..], &["check"], &["verify", "--vault-id", "q"]] {
        let damaged = run(&mut sandbox.vault(&[verb, &["t/bad"]].concat()), 3);
        let shown = String::from_utf8(damaged.stdout).unwrap();
        assert!(shown.contains("t/bad:2 y: "), "{shown}");
        assert!(shown.contains("line 4, column 5"), "{shown}");
    }
    let report = run(
        &mut sandbox.vault(&["verify", "--json", "--vault-id", "q", "t/a.yml"]),
        3,
    );
    assert!(
        String::from_utf8(report.stdout)
            .unwrap()
            .contains("Decryption failed")
    );
}

#[test]
fn what_no_secret_opens_is_named_once_with_its_label() {
    let sandbox = tree();
    let verify = [
        "verify",
        "--vault-id",
        "dev@q",
        "t/a.yml",
        "t/sub/inline.yml",
    ];
    let found = run(&mut sandbox.vault(&verify), 3).stdout;
    let failed = "Decryption failed (no vault secrets were found that could decrypt).";
    assert_eq!(
        String::from_utf8(found).unwrap(),
        format!(
            "t/a.yml: {failed} it has the label x, and the vault ids are: dev\n\
             t/sub/inline.yml:3 one: {failed} it has no label, and the vault ids are: dev\n\
             t/sub/inline.yml:11 two: {failed} it has no label, and the vault ids are: dev\n"
        )
    );
}

/// As root nothing is unreadable but what is not there.
#[test]
fn what_can_not_be_read_is_reported_and_the_others_are_done() {
    let sandbox = tree();
    fs::create_dir(sandbox.path("t/closed")).unwrap();
    sandbox.mode("t/closed", 0o000);
    let closed = match fs::read_dir(sandbox.path("t/closed")) {
        Ok(_) => "missing",
        Err(_) => "t/closed",
    };
    let shown = |output: std::process::Output| String::from_utf8(output.stdout).unwrap();
    let status = ["status", "missing", "t"];
    let found = shown(run(&mut sandbox.vault(&status), 3));
    assert!(
        found.contains(&format!("{closed}: Unable to read: ")),
        "{found}"
    );
    assert!(found.contains("t/sub/b: label x\n"), "{found}");
    let verify = ["verify", "--vault-id", "p", "--json", "missing", "t"];
    let found: serde_json::Value =
        serde_json::from_slice(&run(&mut sandbox.vault(&verify), 3).stdout).unwrap();
    let entries = found.as_array().unwrap();
    let entry = |file: &str| entries.iter().find(|entry| entry["file"] == file).unwrap();
    assert!(
        entry(closed)["problem"]
            .as_str()
            .unwrap()
            .contains("Unable to read")
    );
    assert_eq!(entry("t/a.yml")["label"], "default");
    let found = shown(run(&mut sandbox.vault(&["check", "missing", "t"]), 3));
    assert!(
        found.contains(&format!("{closed}: Unable to read: ")),
        "{found}"
    );
    let rekey = [
        "rekey",
        "-r",
        "--vault-id",
        "p",
        "--new-vault-id",
        "q",
        "missing",
        "t",
    ];
    let before = sandbox.read("t/a.yml");
    let said = stderr(&run(&mut sandbox.vault(&rekey), 1));
    assert!(said.contains("Unable to read (missing)"), "{said}");
    assert_eq!(sandbox.read("t/a.yml"), before);
    let said = stderr(&run(
        &mut sandbox.vault(&[&rekey[..], &["--keep-going"]].concat()),
        1,
    ));
    assert!(
        said.contains(&format!("Unable to read ({closed})")),
        "{said}"
    );
    assert!(
        said.contains("files failed; the others are done") || said.contains("1 of"),
        "{said}"
    );
    run(
        &mut sandbox.vault(&["view", "--vault-id", "q", "t/a.yml"]),
        0,
    );
    // What is not understood in one file does not hide the others.
    sandbox.write("t/odd.yml", "a: !vault >\n  x\n");
    let found = shown(run(&mut sandbox.vault(&["status", "t"]), 3));
    assert!(
        found.contains("\nt/odd.yml:1: an encrypted value"),
        "{found}"
    );
    assert!(found.contains("t/sub/b: "), "{found}");
}

#[test]
fn a_name_is_shown_on_one_line_and_steers_no_terminal() {
    let sandbox = Sandbox::new();
    sandbox.write("a\nb\u{1b}[2J", "$ANSIBLE_VAULT;1.1;AES256\n6162\n");
    let shown = |arguments: &[&str]| {
        let listed = run(&mut sandbox.vault(arguments), 3);
        String::from_utf8(listed.stdout).unwrap()
    };
    let listed = shown(&["status", "."]);
    assert!(listed.starts_with(r"./a\nb\u{1b}[2J: Vault"), "{listed}");
    assert_eq!(listed.lines().count(), 1, "{listed}");
    // Programs get it as it is.
    let listed = shown(&["status", "--json", "."]);
    assert!(listed.contains(r#""./a\nb\u001b[2J""#), "{listed}");
}
