//! What is wrong with an input that is no vault, or a damaged one, and what to do about it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod vault_support;

use vault_support::{Sandbox, feed, run, stderr};

/// A vault in lines, and the directory that it is from.
fn vault() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.write("f", "some: secret\n");
    run(&mut sandbox.vault(&["encrypt", "--vault-id", "p", "f"]), 0);
    let vault = String::from_utf8(sandbox.read("f")).unwrap();
    (sandbox, vault)
}

/// Both the file verbs and the pipe say this.
#[track_caller]
fn assert_said(sandbox: &Sandbox, content: &[u8], phrase: &str, hint: &str) {
    sandbox.write("bad", content);
    let rekey = ["rekey", "--vault-id", "p", "--new-vault-id", "q", "bad"];
    let said = [
        run(&mut sandbox.vault(&["view", "--vault-id", "p", "bad"]), 1),
        run(
            &mut sandbox.vault(&["decrypt", "--vault-id", "p", "bad"]),
            1,
        ),
        run(&mut sandbox.vault(&rekey), 1),
        feed(
            &mut sandbox.vault(&["decrypt", "--vault-id", "p"]),
            content,
            1,
        ),
    ];
    for output in said {
        let said = stderr(&output);
        assert!(said.contains(phrase), "'{phrase}' is missing: {said}");
        assert!(said.contains(hint), "'{hint}' is missing: {said}");
        assert_eq!(said.contains("\nhint: "), !hint.is_empty(), "{said}");
        assert_eq!(output.stdout, b"");
    }
    assert_eq!(sandbox.read("bad"), content);
}

#[test]
fn what_is_no_vault_is_recognised() {
    let (sandbox, vault) = vault();
    let no_vault = "Input is not vault encrypted data.";
    let utf16: Vec<_> = vault.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let inline = "password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n";
    for (content, hint) in [
        (
            [b"\xef\xbb\xbf", vault.as_bytes()].concat(),
            "byte order mark",
        ),
        ([b"\xff\xfe", &utf16[..]].concat(), "UTF-16"),
        (utf16, "UTF-16"),
        (b"\x1f\x8b\x08\x00".to_vec(), "gzip"),
        (
            format!("<<<<<<< HEAD\n{vault}").into_bytes(),
            "resolve the conflict",
        ),
        (
            format!("\n{vault}").into_bytes(),
            "blank lines before the header",
        ),
        (inline.into(), "use the inline commands"),
        (
            format!("# a comment\n{vault}").into_bytes(),
            "other text before the header",
        ),
        (format!("{vault}ü\n").into_bytes(), "not ASCII"),
        (
            vault.replace("_VAULT", "_VAULX").into_bytes(),
            "header is damaged",
        ),
        (
            vault.split_once('\n').unwrap().1.into(),
            "header is missing",
        ),
        (Vec::new(), "it is empty"),
        (b"port: 80\n".to_vec(), "read it as it is"),
    ] {
        assert_said(&sandbox, &content, no_vault, hint);
    }
}

#[test]
fn what_is_damaged_is_shown_by_line_and_column() {
    let (sandbox, vault) = vault();
    let lines: Vec<_> = vault.lines().collect();
    let with = |number: usize, line: String| {
        let mut lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
        lines[number] = line;
        format!("{}\n", lines.join("\n"))
    };
    let digit = "Vault format unhexlify error: Non-hexadecimal digit found";
    let odd = "Vault format unhexlify error: Odd-length string";
    let indented: String = lines
        .iter()
        .skip(1)
        .map(|line| format!("          {line}\n"))
        .collect();
    let indented = format!("{}\n{indented}", lines[0]);
    for (content, phrase, hint) in [
        (
            with(3, format!("{}z{}", &lines[3][..40], &lines[3][41..])),
            format!("{digit} (line 4, column 41)"),
            "restore it from a copy",
        ),
        (
            with(2, format!("{} ", lines[2])),
            format!("{digit} (line 3, column 81)"),
            "at the end of a line most likely",
        ),
        (
            indented,
            format!("{digit} (line 2, column 1)"),
            "cut out of a YAML file",
        ),
        (
            with(2, format!("<<<<<<< HEAD\n{}\n=======", lines[2])),
            format!("{digit} (line 3, column 1)"),
            "resolve the conflict first",
        ),
        (
            format!("{vault}{vault}"),
            format!("{digit} (line {}, column 1)", lines.len() + 1),
            "a file holds only one",
        ),
        (
            vault[..vault.len() - 2].to_owned(),
            odd.to_owned(),
            "the end is missing",
        ),
        (
            format!("{}\n6162\n", lines[0]),
            "not enough values to unpack (expected 3".to_owned(),
            "the end is missing",
        ),
    ] {
        assert_said(&sandbox, content.as_bytes(), &phrase, hint);
    }
}

/// A value in a YAML file is named, too.
#[test]
fn a_damaged_value_is_named() {
    let (sandbox, _) = vault();
    sandbox.write(
        "v.yml",
        "a: 1\nb: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  61x2\n",
    );
    let said = stderr(&run(
        &mut sandbox.vault(&["inline", "view", "--vault-id", "p", "v.yml"]),
        1,
    ));
    assert!(said.contains("v.yml:2 (b)"), "{said}");
    assert!(
        said.contains("Non-hexadecimal digit found (line 4, column 5)"),
        "{said}"
    );
}

#[test]
fn a_method_of_a_newer_ansible_is_named() {
    let (sandbox, _) = vault();
    let content = b"$ANSIBLE_VAULT;1.1;V2\neyJrZXkiOiAiIn0=\n";
    assert_said(
        &sandbox,
        content,
        "Cipher 'V2' could not be found.",
        "the program that wrote it",
    );
}

#[test]
fn a_header_that_does_not_end_its_line_is_told_from_another_method() {
    let (sandbox, vault) = vault();
    for joined in ["", " "] {
        let content = vault.replacen('\n', joined, 1);
        let hint = "the digits begin on the next one";
        assert_said(&sandbox, content.as_bytes(), "Cipher 'AES256", hint);
    }
}

#[test]
fn colours_are_as_ansible_is_told() {
    let sandbox = Sandbox::new();
    for (variables, coloured) in [
        (&["CLICOLOR_FORCE"][..], true),
        (&["CLICOLOR_FORCE", "ANSIBLE_NOCOLOR"], false),
        (&["ANSIBLE_FORCE_COLOR"], true),
        (&["ANSIBLE_FORCE_COLOR", "ANSIBLE_NOCOLOR"], true),
        (&[], false),
    ] {
        let mut view = sandbox.vault(&["view", "--vault-id", "p", "missing"]);
        let said = run(view.envs(variables.iter().map(|name| (name, "1"))), 1);
        assert_eq!(said.stderr.contains(&b'\x1b'), coloured, "{variables:?}");
    }
}

/// It is no clear text that should be encrypted.
#[test]
fn a_vault_with_a_damaged_header_is_found_as_one() {
    let (sandbox, vault) = vault();
    let damaged = vault.replace("_VAULT", "_VAULX");
    sandbox.write("site.vault.yml", &damaged);
    for verb in ["check", "status"] {
        let output = run(&mut sandbox.vault(&[verb, "site.vault.yml"]), 3);
        let listed = String::from_utf8(output.stdout).unwrap();
        assert!(
            listed.contains("header is damaged: its first line must be `$ANSIBLE_VAULT;1.1;"),
            "{listed}"
        );
        assert!(!listed.contains("not encrypted"), "{listed}");
    }
    let mut filter = sandbox.vault(&["git", "--vault-id", "p", "clean"]);
    let said = stderr(&feed(&mut filter, damaged.as_bytes(), 1));
    assert!(said.contains("header is damaged"), "{said}");
    // As ansible-vault does, but not in silence.
    let encrypt = ["encrypt", "--vault-id", "p", "site.vault.yml"];
    let said = stderr(&run(&mut sandbox.vault(&encrypt), 0));
    assert!(said.contains("it is a damaged vault"), "{said}");
    // A password that was damaged so is no password.
    sandbox.write("q", &damaged);
    let view = ["view", "--vault-id", "q", "f"];
    let said = stderr(&run(&mut sandbox.vault(&view), 1));
    assert!(said.contains("damaged vault"), "{said}");
}

/// Whatever else goes wrong, what to do is said.
#[test]
fn other_errors_say_what_to_do() {
    let (sandbox, _) = vault();
    sandbox.write("q", "another");
    sandbox.write("clear.yml", "a: 1\n");
    sandbox.write("empty", "");
    std::fs::create_dir(sandbox.path("directory")).unwrap();
    let encrypt = |source| ["encrypt", "--vault-id", source, "clear.yml"];
    let cases: &[(i32, &[&str], &str, &str)] = &[
        (
            1,
            &["view", "--vault-id", "q", "f"],
            "Decryption failed",
            "--vault-password-file FILE",
        ),
        (
            1,
            &["encrypt", "--vault-id", "p", "f"],
            "already encrypted",
            "vault rekey",
        ),
        (
            1,
            &["view", "--vault-id", "p", "nowhere/f"],
            "nowhere/f",
            "ls -A ",
        ),
        (
            1,
            &encrypt("empty"),
            "it is empty",
            "write the password into it",
        ),
        (1, &encrypt("nowhere"), "nowhere was not found", "ls -A "),
        (1, &encrypt("directory"), "can not be a directory", "ls "),
        (1, &encrypt("fd:99"), "descriptor 99 is not open", "99<FILE"),
        (
            1,
            &encrypt("env:NO_SUCH_NAME"),
            "NO_SUCH_NAME is not set",
            "export it",
        ),
        (
            1,
            &["inline", "view", "--vault-id", "p", "clear.yml", "a"],
            "clear.yml:1 (a) is not encrypted",
            "`vault inline encrypt`",
        ),
        (5, &encrypt("fd:x"), "'x' is no number", "fd:3"),
        (1, &["genpass", "--output", "p"], "p exists", "another name"),
        (
            1,
            &[
                "encrypt",
                "--vault-id",
                "a@p",
                "--encrypt-vault-id",
                "b",
                "clear.yml",
            ],
            "Did not find a match",
            "--vault-id b@SOURCE",
        ),
        (
            1,
            &["rekey", "--vault-id", "p", "--new-vault-id", "p", "f"],
            "nothing would change",
            "--new-vault-password-file",
        ),
        (
            5,
            &["create", "--vault-id", "p", "new"],
            "not a tty",
            "vault encrypt",
        ),
        (
            5,
            &["create", "--vault-id", "p", "new", "newer"],
            "only one",
            "name one file",
        ),
        (
            5,
            &["rekey", "--vault-id", "p", "--new-vault-id", "q", "-"],
            "not on standard input",
            "--recursive",
        ),
    ];
    for (code, arguments, wrong, next) in cases {
        let said = stderr(&run(&mut sandbox.vault(arguments), *code));
        assert!(said.contains(wrong), "{arguments:?}: {wrong}: {said}");
        assert!(said.contains(next), "{arguments:?}: {next}: {said}");
    }
    let mut edit = sandbox.vault(&["edit", "--vault-id", "p", "f"]);
    let said = stderr(&run(edit.env("EDITOR", "false"), 1));
    assert!(
        said.contains("'false' failed") && said.contains("by itself"),
        "{said}"
    );
    let mut edit = sandbox.vault(&["edit", "--vault-id", "p", "f"]);
    let said = stderr(&run(edit.env("EDITOR", "no-such-editor"), 1));
    assert!(
        said.contains("no-such-editor") && said.contains("EDITOR=vi"),
        "{said}"
    );
}
