//! `vault inline`: values inside YAML.

use super::vault_support::{Sandbox, run, stderr};
use super::{tree, view};

#[test]
fn one_value_is_edited_and_all_around_it_stays() {
    let sandbox = tree();
    let before = String::from_utf8(sandbox.read("t/sub/inline.yml")).unwrap();
    let edit = |editor: &str, code: i32, key: &str| {
        let mut command =
            sandbox.vault(&["inline", "edit", "--vault-id", "p", "t/sub/inline.yml", key]);
        run(command.env("EDITOR", editor), code)
    };
    edit("true", 0, "one");
    assert_eq!(sandbox.read("t/sub/inline.yml"), before.as_bytes());
    edit("sed -i s/1/changed/", 0, "one");
    assert_eq!(
        (view(&sandbox, "p", "one"), view(&sandbox, "p", "two")),
        ("changed".into(), "2\n3".into())
    );
    let after = String::from_utf8(sandbox.read("t/sub/inline.yml")).unwrap();
    assert_eq!(
        after[after.find("two").unwrap()..],
        before[before.find("two").unwrap()..]
    );
    let said = stderr(&edit("true", 1, "three"));
    assert!(said.contains("it has: one, two"), "{said}");
}

#[test]
fn several_values_are_shown_as_yaml() {
    let sandbox = tree();
    let view = sandbox.vault(&["inline", "view", "--vault-id", "p", "t/sub/inline.yml"]);
    let shown = String::from_utf8(run(&mut { view }, 0).stdout).unwrap();
    assert_eq!(shown, "one: \"1\"\ntwo: \"2\\n3\"\n");
}

#[test]
fn chosen_keys_are_encrypted_and_decrypted_where_they_stand() {
    let sandbox = Sandbox::new();
    let text = "# top\nuser: admin # who\ndb:\n  password: 'it''s: secret' # keep\n  port: 1\n\
                key: |\n  line 1\n    line 2\n\nlast: x\n";
    sandbox.write("v.yml", text);
    sandbox.mode("v.yml", 0o640);
    let inline = |verb: &str, keys: &[&str], code| {
        run(
            &mut sandbox.vault(&[&["inline", verb, "--vault-id", "p", "v.yml"], keys].concat()),
            code,
        )
    };
    let said = stderr(&inline("encrypt", &["no.such"], 1));
    assert!(
        said.contains("user, db.password, db.port, key, last"),
        "{said}"
    );
    inline("encrypt", &[], 5);
    inline("encrypt", &["db.password", "key"], 0);
    let encrypted = String::from_utf8(sandbox.read("v.yml")).unwrap();
    assert!(encrypted.starts_with("# top\nuser: admin # who\ndb:\n  password: !vault | # keep\n"));
    assert!(
        encrypted.contains("\n  port: 1\nkey: !vault |\n") && encrypted.ends_with("\n\nlast: x\n")
    );
    assert!(!encrypted.contains("secret") && !encrypted.contains("line 1"));
    sandbox.write(
        "play.yml",
        r#"
- hosts: localhost
  gather_facts: false
  vars_files: [v.yml]
  tasks:
  - assert:
      that:
      - "db.password == \"it's: secret\""
      - 'key == "line 1\n  line 2\n"'
      - last == 'x'
"#,
    );
    run(&mut sandbox.playbook(&["--vault-id", "p", "play.yml"]), 0);
    inline("decrypt", &[], 0);
    let clear = String::from_utf8(sandbox.read("v.yml")).unwrap();
    let expected = text
        .replace("'it''s: secret'", "\"it's: secret\"")
        .replace("|\n  line 1\n    line 2\n", "\"line 1\\n  line 2\\n\"\n");
    assert_eq!(clear, expected);
    run(&mut sandbox.playbook(&["play.yml"]), 0);
}

#[test]
fn what_becomes_a_text_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "v.yml",
        "number: 5432\ntls: yes\nnothing: ~\nquoted: \"5432\"\nplain: text\n",
    );
    let keys = ["number", "tls", "nothing", "quoted", "plain"];
    let encrypt = [
        &["inline", "encrypt", "--vault-id", "p", "v.yml"][..],
        &keys,
    ]
    .concat();
    let said = stderr(&run(&mut sandbox.vault(&encrypt), 0));
    for note in [
        "v.yml:1 (number) is a number now, and a text once it is encrypted",
        "v.yml:2 (tls) is a boolean now",
        "v.yml:3 (nothing) is null now",
    ] {
        assert!(said.contains(note), "{said}");
    }
    assert_eq!(said.lines().count(), 3, "{said}");
    let play = "- hosts: localhost\n  gather_facts: false\n  vars_files: [v.yml]\n  tasks:\n  - assert:\n      \
                that: \"number == '5432' and tls == 'yes' and nothing == '~'\"\n";
    sandbox.write("play.yml", play);
    run(&mut sandbox.playbook(&["--vault-id", "p", "play.yml"]), 0);
}

#[test]
fn keys_that_cannot_be_chosen_are_refused_with_the_reason() {
    let sandbox = Sandbox::new();
    let text = "twice: one\nflow: [1, 2]\nfolded: >\n  a\nlong: over\n  lines\nref: *x\nmap:\n  a: 1\n  \
                b: 2\ntwice: two\nlist:\n- one\n- two\nboth: 1\nboth:\n  c: 1\nfree: text\n";
    sandbox.write("v.yml", text);
    let inline = |verb: &str, keys: &[&str], code| {
        let arguments = [&["inline", verb, "--vault-id", "p", "v.yml"], keys].concat();
        stderr(&run(&mut sandbox.vault(&arguments), code))
    };
    for (key, reason) in [
        ("twice", "more than once (lines 1, 11): which one is meant"),
        ("both", "more than once (lines 15, 17)"),
        (
            "flow",
            "v.yml:2 (flow) is a collection in brackets; write each entry on a line",
        ),
        (
            "folded",
            "(folded) is a folded scalar ('>'); write it as a literal one",
        ),
        ("long", "(long) goes on over several lines; quote it"),
        ("ref", "(ref) has an anchor, a tag or an alias"),
        (
            "map",
            "'map' is a collection; name values in it: map.a, map.b",
        ),
        (
            "list",
            "'list' is a collection; name values in it: list.[0], list.[1]",
        ),
        ("no", "no such value 'no'; it has: twice, flow"),
    ] {
        let said = inline("encrypt", &["free", key], 1);
        assert!(said.contains(reason), "{key}: {said}");
        assert_eq!(sandbox.read("v.yml"), text.as_bytes(), "{key}");
    }
    let said = inline("view", &["free"], 1);
    assert!(said.contains("v.yml:18 (free) is not encrypted"), "{said}");
    let said = inline("decrypt", &["no"], 1);
    assert!(said.contains("no such value 'no', and no other"), "{said}");
    inline("encrypt", &["free", "list.[1]"], 0);
    let said = inline("encrypt", &["free"], 1);
    assert!(said.contains("(free) is encrypted already"), "{said}");
    inline("decrypt", &["free", "list.[1]"], 0);
    let text = text
        .replace("- two", "- \"two\"")
        .replace(": text", ": \"text\"");
    assert_eq!(String::from_utf8(sandbox.read("v.yml")).unwrap(), text);
}
