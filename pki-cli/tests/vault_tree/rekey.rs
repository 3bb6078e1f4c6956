//! `vault rekey -r`: whole trees, or nothing.

use std::fs;

use super::vault_support::{Sandbox, run, stderr};
use super::{tree, view};

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
