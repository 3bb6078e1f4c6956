//! Whole trees, and values inside YAML.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod vault_support;

use std::fs;

use vault_support::{Sandbox, run, stderr};

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

#[test]
fn a_tree_is_rekeyed_with_its_inline_values() {
    let sandbox = tree();
    let outside = |text: Vec<u8>| {
        let text = String::from_utf8(text).unwrap();
        text.lines()
            .filter(|line| !line.starts_with("     "))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let before = sandbox.read("t/sub/inline.yml");
    let rekey = [
        "rekey",
        "-r",
        "--json",
        "--vault-id",
        "p",
        "--new-vault-id",
        "q",
        "t",
    ];
    let report = run(&mut sandbox.vault(&rekey), 0);
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    let entry = |file: &str, kind: &str, values: u32| serde_json::json!({"file": file, "kind": kind, "values": values});
    assert_eq!(
        report,
        serde_json::json!({
            "dry_run": false,
            "files": [
                entry("t/a.yml", "file", 1),
                entry("t/sub/b", "file", 1),
                entry("t/sub/inline.yml", "inline", 2)
            ],
            "failed": []
        })
    );
    assert_eq!(outside(sandbox.read("t/sub/inline.yml")), outside(before));
    assert_eq!(
        (view(&sandbox, "q", "one"), view(&sandbox, "q", "two")),
        ("1".into(), "2\n3".into())
    );
    assert_eq!(sandbox.read("t/plain.yml"), b"a: 1 # !vault\n");
    assert!(
        sandbox
            .read("t/a.yml")
            .starts_with(b"$ANSIBLE_VAULT;1.2;AES256;x\n")
    );
    let verified = run(
        &mut sandbox.vault(&["verify", "--vault-id", "new@q", "t"]),
        0,
    );
    let verified = String::from_utf8(verified.stdout).unwrap();
    assert_eq!(verified.matches("opened by new").count(), 4, "{verified}");
}

#[test]
fn check_knows_the_layouts_of_ansible() {
    let sandbox = Sandbox::new();
    for directory in ["group_vars/all/vault", "host_vars"] {
        fs::create_dir_all(sandbox.path(directory)).unwrap();
    }
    sandbox.write("group_vars/all/vault/main.yml", "a: 1\n");
    sandbox.write("host_vars/h", "vault_db:\n  password: x\nvault_l:\n- x\n");
    sandbox.write(
        "t.yml",
        "vault_a: \"{{ x }} y\"\nvault_b: \"{{ 'y' }}\"\nvault_c: \"{{ x }}\"\n",
    );
    sandbox.write("k.json", "{\"key\": \"-----BEGIN PRIVATE KEY-----\\nMC\"}");
    sandbox.write("cut.yml", "$ANSIBLE_VAULT;1.1;AES256\n6161\n");
    let found = run(
        &mut sandbox.vault(&[
            "check",
            "group_vars",
            "host_vars",
            "t.yml",
            "k.json",
            "cut.yml",
        ]),
        3,
    );
    let found = String::from_utf8(found.stdout).unwrap();
    for finding in [
        "group_vars/all/vault/main.yml: is not encrypted",
        "host_vars/h:2 vault_db.password: is not encrypted",
        "host_vars/h:4 vault_l.[0]: is not encrypted: vault inline encrypt host_vars/h 'vault_l.[0]'",
        "t.yml:1 vault_a: is not encrypted",
        "t.yml:2 vault_b: is not encrypted",
        "k.json:1: private key in clear",
        "cut.yml: Vault ",
    ] {
        assert!(found.contains(finding), "{finding}: {found}");
    }
    assert_eq!(found.lines().count(), 7, "{found}");
}

#[test]
fn two_names_of_one_file_are_both_rekeyed() {
    let sandbox = tree();
    fs::hard_link(sandbox.path("t/a.yml"), sandbox.path("t/b.yml")).unwrap();
    let rekey = ["rekey", "-r", "--vault-id", "p", "--new-vault-id", "q", "t"];
    run(&mut sandbox.vault(&rekey), 0);
    for name in ["t/a.yml", "t/b.yml"] {
        run(&mut sandbox.vault(&["view", "--vault-id", "q", name]), 0);
    }
}

#[test]
fn a_value_that_is_not_understood_stops_a_tree() {
    let sandbox = tree();
    let vault = "    $ANSIBLE_VAULT;1.1;AES256\n    6161\n";
    let before = sandbox.read("t/a.yml");
    for (odd, line) in [
        (format!("a: 1\nb: !vault >\n{vault}"), 2),
        (format!("? !vault |\n{vault}: x\n"), 1),
        (format!("a: [1,\nb: !vault |\n{vault}"), 2),
        (format!("a: b\n  c: !vault |\n{vault}"), 2),
    ] {
        sandbox.write("t/odd.yml", odd);
        let rekey = ["rekey", "-r", "--vault-id", "p", "--new-vault-id", "q", "t"];
        let said = stderr(&run(&mut sandbox.vault(&rekey), 1));
        let place = format!("t/odd.yml:{line}: an encrypted value");
        assert!(said.contains(&place), "{said}");
        assert_eq!(sandbox.read("t/a.yml"), before);
        let view = ["inline", "view", "--vault-id", "p", "t/odd.yml", "none"];
        let said = stderr(&run(&mut sandbox.vault(&view), 1));
        assert!(said.contains(&place), "{said}");
    }
}

#[test]
fn values_are_rekeyed_however_they_are_written() {
    let sandbox = Sandbox::new();
    let encrypt = ["encrypt_string", "--vault-id", "p", "secret"];
    let block = String::from_utf8(run(&mut sandbox.vault(&encrypt), 0).stdout).unwrap();
    let vault = block.strip_prefix("!vault |\n").unwrap();
    let quoted = vault.trim().replace("\n          ", "\\n\\\n  ");
    let text = format!(
        "\u{feff}a: &x # note\n  !vault | # kept\n{vault}b: # note\n\n  !vault\n  |-\n{vault}? c\n\
         : !vault |\n{vault}d: !vault # note\n  \"{quoted}\" # end\ne: *x\nf: say \"so\n"
    );
    sandbox.write("v.yml", &text);
    let play = "- hosts: localhost\n  gather_facts: false\n  vars_files: [v.yml]\n  tasks:\n  - assert:\n      \
                that: \"[a, b, c, d, e] | unique == ['secret']\"\n";
    sandbox.write("play.yml", play);
    run(&mut sandbox.playbook(&["--vault-id", "p", "play.yml"]), 0);
    let rekey = [
        "rekey",
        "-r",
        "--vault-id",
        "p",
        "--new-vault-id",
        "q",
        "v.yml",
    ];
    let said = stderr(&run(&mut sandbox.vault(&rekey), 0));
    assert!(said.contains("v.yml: 4 inline values"), "{said}");
    run(&mut sandbox.playbook(&["--vault-id", "q", "play.yml"]), 0);
    let decrypt = ["inline", "decrypt", "--vault-id", "q", "v.yml"];
    run(&mut sandbox.vault(&decrypt), 0);
    let clear = "\u{feff}a: &x # note\n  \"secret\" # kept\nb: # note\n\n  \n  \"secret\"\n? c\n\
                 : \"secret\"\nd: # note\n  \"secret\" # end\ne: *x\nf: say \"so\n";
    assert_eq!(String::from_utf8(sandbox.read("v.yml")).unwrap(), clear);
    run(&mut sandbox.playbook(&["play.yml"]), 0);
}

#[test]
fn a_template_is_not_expanded_after_it_was_encrypted() {
    let sandbox = Sandbox::new();
    sandbox.write("v.yml", "t: \"a{{ 1 + 1 }}b\"\n");
    let inline = |verb: &str, keys: &[&str]| {
        let arguments = [&["inline", verb, "--vault-id", "p", "v.yml"], keys].concat();
        stderr(&run(&mut sandbox.vault(&arguments), 0))
    };
    let said = inline("encrypt", &["t"]);
    assert!(said.contains("v.yml:1 (t) holds a template"), "{said}");
    let play = "- hosts: localhost\n  gather_facts: false\n  vars_files: [v.yml]\n  tasks:\n  - assert:\n      \
                that: t | length == 13\n";
    sandbox.write("play.yml", play);
    run(&mut sandbox.playbook(&["--vault-id", "p", "play.yml"]), 0);
    inline("decrypt", &[]);
    assert_eq!(sandbox.read("v.yml"), b"t: !unsafe \"a{{ 1 + 1 }}b\"\n");
    run(&mut sandbox.playbook(&["play.yml"]), 0);
}

#[test]
fn failures_and_dry_runs_are_reported() {
    let sandbox = tree();
    sandbox.write("t/bad", "$ANSIBLE_VAULT;1.1;AES256\nzz\n");
    let before = sandbox.read("t/a.yml");
    let rekey = [
        "rekey",
        "-r",
        "--vault-id",
        "p",
        "--new-vault-id",
        "q",
        "--keep-going",
        "t",
        "--dry-run",
    ];
    let as_json = |rekey: &[&str]| -> serde_json::Value {
        let output = run(&mut sandbox.vault(&[rekey, &["--json"]].concat()), 1);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let dry = as_json(&rekey);
    assert_eq!(dry["dry_run"], true);
    assert_eq!(dry["files"].as_array().unwrap().len(), 3, "{dry}");
    assert_eq!(dry["failed"][0]["file"], "t/bad");
    let error = dry["failed"][0]["error"].as_str().unwrap();
    assert!(error.contains("Non-hexadecimal digit found"), "{error}");
    assert_eq!(sandbox.read("t/a.yml"), before);
    let done = as_json(&rekey[..8]);
    assert_eq!(
        (&done["files"], &done["failed"]),
        (&dry["files"], &dry["failed"])
    );
    assert_ne!(sandbox.read("t/a.yml"), before);
    fs::remove_file(sandbox.path("t/bad")).unwrap();
    let back = [
        "rekey",
        "-r",
        "--vault-id",
        "q",
        "--new-vault-id",
        "p",
        "--dry-run",
        "t",
    ];
    let said = stderr(&run(&mut sandbox.vault(&back), 0));
    assert!(said.ends_with("Dry run: nothing was changed\n"), "{said}");
}

#[test]
fn a_tree_with_one_vault_that_does_not_open_stays_as_it_is() {
    let sandbox = tree();
    sandbox.write("t/z", "a: 1\n");
    run(
        &mut sandbox.vault(&["encrypt", "--vault-id", "q", "t/z"]),
        0,
    );
    let names = ["t/a.yml", "t/sub/b", "t/sub/inline.yml", "t/z"];
    let before = names.map(|name| sandbox.read(name));
    sandbox.write("new", "new password\n");
    let rekey = [
        "rekey",
        "-r",
        "--vault-id",
        "p",
        "--new-vault-id",
        "new",
        "t",
    ];
    assert!(stderr(&run(&mut sandbox.vault(&rekey), 1)).contains("t/z"));
    assert_eq!(names.map(|name| sandbox.read(name)), before);
    let all = [&["--dry-run", "--vault-id", "q"], &rekey[1..]].concat();
    let labels = ["rekey", "--label", "x", "--label", "default"];
    let said = stderr(&run(&mut sandbox.vault(&[&labels, &all[..]].concat()), 0));
    assert!(
        said.contains("inline.yml: 2 inline values") && said.contains("t/z"),
        "{said}"
    );
    assert_eq!(names.map(|name| sandbox.read(name)), before);
}

#[test]
fn the_vaults_of_another_secret_are_left_alone() {
    let sandbox = tree();
    for (id, name) in [("dev@p", "t/dev.yml"), ("prod@q", "t/prod.yml")] {
        sandbox.write(name, "a: 1\n");
        run(&mut sandbox.vault(&["encrypt", "--vault-id", id, name]), 0);
    }
    sandbox.write("new", "another password\n");
    sandbox.write(
        "ansible.cfg",
        "[defaults]\nvault_identity_list = dev@p, prod@q\n",
    );
    let names = ["t/a.yml", "t/dev.yml", "t/prod.yml", "t/sub/inline.yml"];
    let before = names.map(|name| sandbox.read(name));
    let rekey = |options: &[&str], code: i32| {
        let own = ["rekey", "-r", "--new-vault-id", "prod@new", "t"];
        run(&mut sandbox.vault(&[&own, options].concat()), code)
    };
    // Any secret that is known opens a vault, and all would get the new one.
    for options in [&[][..], &["--dry-run"], &["--keep-going"]] {
        let said = stderr(&rekey(options, 5));
        assert!(said.contains("those of dev, prod, and all"), "{said}");
        assert!(said.contains("--label LABEL"), "{said}");
    }
    assert_eq!(names.map(|name| sandbox.read(name)), before);

    assert!(!stderr(&rekey(&["--label", "prod"], 0)).contains("dev.yml"));
    let after = names.map(|name| sandbox.read(name));
    for place in [0, 1, 3] {
        assert_eq!(after[place], before[place], "{}", names[place]);
    }
    assert!(after[2].starts_with(b"$ANSIBLE_VAULT;1.2;AES256;prod\n"));

    // What is named is meant, and what label it had is told.
    let both = ["--label", "dev", "--label", "default", "--json"];
    let report: serde_json::Value = serde_json::from_slice(&rekey(&both, 0).stdout).unwrap();
    assert_eq!(
        report["files"],
        serde_json::json!([
            {"file": "t/dev.yml", "kind": "file", "values": 1, "labels_before": ["dev"]},
            {"file": "t/sub/inline.yml", "kind": "inline", "values": 2, "labels_before": ["default"]}
        ])
    );
    assert_eq!(sandbox.read("t/a.yml"), before[0]);
    let only_files = run(&mut sandbox.vault(&["rekey", "--label", "x", "t/a.yml"]), 2);
    assert!(stderr(&only_files).contains("--recursive"));
}

#[test]
fn ansible_core_reads_rekeyed_values() {
    let sandbox = tree();
    run(
        &mut sandbox.vault(&["rekey", "-r", "--vault-id", "p", "--new-vault-id", "q", "t"]),
        0,
    );
    sandbox.write(
        "play.yml",
        "- hosts: localhost\n  gather_facts: false\n  vars_files: [t/sub/inline.yml]\n  tasks:\n  \
         - assert: {that: \"one == '1' and two == '2\\n3'\"}\n",
    );
    run(&mut sandbox.playbook(&["--vault-id", "q", "play.yml"]), 0);
}

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

#[test]
fn check_finds_what_is_not_encrypted() {
    let sandbox = tree();
    assert_eq!(run(&mut sandbox.vault(&["check", "t"]), 0).stdout, b"");
    sandbox.write("t/vault.yml", "a: 1\n");
    sandbox.write(
        "t/vars.yml",
        "vault_a: x\nb:\n  vault_c: 2\nvault_d: \"{{ e }}\"\n",
    );
    sandbox.write("t/key", "-----BEGIN PRIVATE KEY-----\n");
    sandbox.write("t/bad", "$ANSIBLE_VAULT;1.1;AES256\nzz\n");
    let found = run(&mut sandbox.vault(&["check", "t"]), 3);
    let found = String::from_utf8(found.stdout).unwrap();
    for finding in [
        "t/vault.yml: is not encrypted, though its name says so: vault encrypt t/vault.yml\n",
        "t/vars.yml:1 vault_a: is not encrypted: vault inline encrypt t/vars.yml vault_a\n",
        "t/vars.yml:3 b.vault_c: is not encrypted: vault inline encrypt t/vars.yml b.vault_c\n",
        "t/key:1: private key in clear: vault encrypt t/key\n",
        "t/bad: Vault format unhexlify error: Non-hexadecimal digit found (line 2, column 1)",
    ] {
        assert!(found.contains(finding), "{found}");
    }
    assert_eq!(found.lines().count(), 5, "{found}");
    let listed = run(&mut sandbox.vault(&["check", "--json", "t/vars.yml"]), 3);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(
        listed[1],
        serde_json::json!({
            "file": "t/vars.yml",
            "key": "b.vault_c",
            "line": 3,
            "problem": "is not encrypted: vault inline encrypt t/vars.yml b.vault_c",
        })
    );
    let listed = run(&mut sandbox.vault(&["check", "--json", "t/a.yml"]), 0);
    assert_eq!(listed.stdout, b"[]\n");
    let labels = run(
        &mut sandbox.vault(&["check", "--label", "default", "t/a.yml", "t/sub"]),
        3,
    );
    let labels = String::from_utf8(labels.stdout).unwrap();
    assert_eq!(
        labels,
        "t/a.yml: label x is not allowed\nt/sub/b: label x is not allowed\n"
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

/// Not by the whole path in one line, and as they were found in another.
#[test]
fn files_are_named_as_they_are_given() {
    let sandbox = tree();
    let rekey = ["rekey", "-r", "--vault-id", "p", "--new-vault-id", "q"];
    run(&mut sandbox.vault(&[&rekey[..], &["t/a.yml"]].concat()), 0);
    let skip = ["--skip-encrypted", "t"];
    let said = stderr(&run(&mut sandbox.vault(&[&rekey[..], &skip].concat()), 0));
    assert!(
        said.starts_with("t/a.yml: under the new secret already, passed by\n"),
        "{said}"
    );
    let said = stderr(&run(&mut sandbox.vault(&[&rekey[..], &["t"]].concat()), 1));
    assert!(said.contains(" for t/a.yml\n"), "{said}");
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
fn files_can_be_passed_by() {
    let sandbox = tree();
    fs::create_dir_all(sandbox.path("t/docs/more")).unwrap();
    let sample = "```yaml\nkey: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6161\n```\n";
    for name in ["t/README.md", "t/docs/more/a.txt", "t/docs/b.yml"] {
        sandbox.write(name, sample);
    }
    let rekey = ["rekey", "-r", "--vault-id", "p", "--new-vault-id", "q", "t"];
    let said = stderr(&run(&mut sandbox.vault(&rekey), 1));
    assert!(
        said.contains("hint: to pass by what is no vault of yours, a sample say: --exclude"),
        "{said}"
    );
    let exclude = ["--exclude", "*.md", "--exclude", "t/docs/**"];
    let said = stderr(&run(
        &mut sandbox.vault(&[&rekey[..], &exclude].concat()),
        0,
    ));
    assert!(said.ends_with("Rekey successful\n"), "{said}");
    for verb in [&["status"][..], &["check"], &["verify", "--vault-id", "q"]] {
        run(
            &mut sandbox.vault(&[verb, &["--exclude", "docs", "--exclude", "README*"]].concat()),
            0,
        );
    }
    let said = stderr(&run(
        &mut sandbox.vault(&["status", "--exclude", "a**b"]),
        5,
    ));
    assert!(said.contains("--exclude 'a**b': "), "{said}");
}
