//! git with our drivers.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod vault_support;

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use vault_support::{Sandbox, feed, run};

struct Repository(Sandbox);

impl Repository {
    fn new() -> Self {
        let this = Self(Sandbox::new());
        this.git(&["init", "-q", "-b", "main"]);
        for (key, value) in [("user.name", "n"), ("user.email", "e@example.org")] {
            this.git(&["config", key, value]);
        }
        run(
            &mut this.with_path(this.0.vault(&["git", "--vault-id", "x@p", "setup"])),
            0,
        );
        this
    }

    /// The drivers are called by name.
    fn with_path(&self, mut command: Command) -> Command {
        let directory = Path::new(env!("CARGO_BIN_EXE_vault"))
            .parent()
            .unwrap()
            .to_owned();
        let path = env::var_os("PATH").unwrap();
        let path = env::join_paths([directory].into_iter().chain(env::split_paths(&path))).unwrap();
        command.env("PATH", path).env("HOME", self.0.path(".home"));
        command
    }

    #[track_caller]
    fn git(&self, arguments: &[&str]) -> Output {
        self.git_with_code(arguments, 0)
    }

    #[track_caller]
    fn git_with_code(&self, arguments: &[&str], code: i32) -> Output {
        let mut command = self.with_path(Command::new("git"));
        run(command.args(arguments).current_dir(self.0.path("")), code)
    }

    fn commit(&self, name: &str, content: &str) {
        self.0.write(name, content);
        self.git(&["add", "--", name, ".gitattributes"]);
        self.git(&["commit", "-q", "-m", "change"]);
    }

    fn view(&self, name: &str) -> String {
        let output = run(
            &mut self.0.vault(&["view", "--vault-id", "p", "--", name]),
            0,
        );
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Names, of which one looks like an option.
const NAMES: [&str; 2] = ["s.yml", "-h.yml"];

#[test]
fn a_file_in_clear_is_encrypted_in_the_repository_and_stable() {
    NAMES.into_iter().for_each(assert_filtered);
}

#[track_caller]
fn assert_filtered(name: &str) {
    let repository = Repository::new();
    repository.0.write(
        ".gitattributes",
        "*.yml filter=vault diff=vault merge=vault\n",
    );
    repository.commit(name, "a: 1\n");
    let stored = repository
        .git(&["show", "--no-textconv", &format!("HEAD:{name}")])
        .stdout;
    assert!(stored.starts_with(b"$ANSIBLE_VAULT;1.2;AES256;x\n"));
    // Touched and staged again: the same bytes.
    repository.0.write(name, "a: 1\n");
    repository.git(&["add", "--", name]);
    repository.git(&["diff", "--cached", "--quiet"]);
    repository.0.write("stored", &stored);
    let theirs = run(
        &mut repository.0.ansible(&["view", "--vault-id", "p", "stored"]),
        0,
    );
    assert_eq!(theirs.stdout, b"a: 1\n");
    fs::remove_file(repository.0.path(name)).unwrap();
    repository.git(&["checkout", "--", name]);
    assert_eq!(repository.0.read(name), b"a: 1\n");
    // Another plaintext has another salt.
    repository.commit(name, "a: 2\n");
    let changed = repository
        .git(&["show", "--no-textconv", &format!("HEAD:{name}")])
        .stdout;
    assert_ne!(changed[28..100], stored[28..100]);
}

#[test]
fn vaults_are_compared_and_merged_by_what_they_hold() {
    NAMES.into_iter().for_each(assert_compared);
}

#[track_caller]
fn assert_compared(name: &str) {
    let repository = Repository::new();
    repository
        .0
        .write(".gitattributes", "*.yml diff=vault merge=vault\n");
    let encrypted = |text: &str| {
        let output = feed(
            &mut repository.0.vault(&["encrypt", "--vault-id", "x@p"]),
            text.as_bytes(),
            0,
        );
        String::from_utf8(output.stdout).unwrap()
    };
    repository.commit(name, &encrypted("a: 1\nb: 1\nc: 1\nd: 1\n"));
    repository.git(&["checkout", "-q", "-b", "other"]);
    repository.commit(name, &encrypted("a: 2\nb: 1\nc: 1\nd: 1\n"));
    let difference = repository.git(&["diff", "main", "other"]).stdout;
    let difference = String::from_utf8(difference).unwrap();
    assert!(difference.contains("-a: 1\n+a: 2\n"), "{difference}");
    repository.git(&["checkout", "-q", "main"]);
    repository.commit(name, &encrypted("a: 1\nb: 1\nc: 1\nd: 3\n"));
    repository.git(&["merge", "-q", "other"]);
    assert_eq!(repository.view(name), "a: 2\nb: 1\nc: 1\nd: 3\n");
    repository.git(&["checkout", "-q", "other"]);
    repository.commit(name, &encrypted("a: 2\nb: 1\nc: 1\nd: 4\n"));
    repository.git_with_code(&["merge", "-q", "main"], 1);
    let conflict = repository.view(name);
    assert!(
        conflict.contains("<<<<<<< ours\nd: 4\n=======\nd: 3\n>>>>>>> theirs\n"),
        "{conflict}"
    );
}

#[test]
fn what_is_merged_is_for_its_owner_alone() {
    let sandbox = Sandbox::new();
    for name in ["base", "ours", "theirs"] {
        sandbox.write(name, "a: 1\n");
        run(&mut sandbox.vault(&["encrypt", "--vault-id", "p", name]), 0);
    }
    fs::create_dir(sandbox.path("bin")).unwrap();
    sandbox.script(
        "bin/git",
        "while [ $# -gt 3 ]; do shift; done; stat -c %a \"$@\" >&2; cat $1",
    );
    let places = env::var_os("PATH").unwrap();
    let places = [sandbox.path("bin")]
        .into_iter()
        .chain(env::split_paths(&places));
    let mut merge = sandbox.vault(&["git", "--vault-id", "p", "merge", "base", "ours", "theirs"]);
    let output = run(merge.env("PATH", env::join_paths(places).unwrap()), 0);
    let said = vault_support::stderr(&output);
    assert!(said.contains("600\n600\n600\n"), "{said}");
}

#[test]
fn the_filters_pass_by_what_is_already_as_it_should_be() {
    let sandbox = Sandbox::new();
    let filter = |verb: &str, input: &[u8]| {
        feed(
            &mut sandbox.vault(&["git", "--vault-id", "p", verb]),
            input,
            0,
        )
        .stdout
    };
    let vault = filter("clean", b"a: 1\n");
    assert_eq!(filter("clean", b"a: 1\n"), vault);
    assert_eq!(filter("clean", &vault), vault);
    assert_eq!(filter("smudge", &vault), b"a: 1\n");
    assert_eq!(filter("smudge", b"a: 1\n"), b"a: 1\n");
}

#[test]
fn what_git_gives_is_never_taken_for_a_password() {
    let sandbox = Sandbox::new();
    let vault = sandbox.vault(&["encrypt", "--vault-id", "p"]);
    let vault = feed(&mut { vault }, b"a: 1\n", 0).stdout;
    for (verb, content) in [
        ("clean", b"first line\na: 1\n".as_slice()),
        ("smudge", &vault),
    ] {
        for source in [
            &["-J"][..],
            &["--vault-id", "x@prompt"],
            &["--vault-id", "fd:0"],
            &["--vault-id", "/dev/stdin"],
            &[],
        ] {
            let arguments = [&["git"], source, &[verb]].concat();
            let output = feed(&mut sandbox.vault(&arguments), content, 1);
            assert_eq!(output.stdout, b"", "{arguments:?}");
        }
    }
    let said = feed(&mut sandbox.vault(&["git", "clean"]), b"a: 1\n", 1);
    let said = vault_support::stderr(&said);
    assert!(said.contains("no terminal to ask"), "{said}");
    assert!(
        said.contains("vault git --vault-id LABEL@SOURCE setup"),
        "{said}"
    );
}

#[test]
fn secrets_that_are_not_there_again_are_not_set_up() {
    let repository = Repository::new();
    let configuration = repository.0.read(".git/config");
    let setup = |options: &[&str], code| {
        let arguments = [&["git"], options, &["setup"]].concat();
        let mut command = repository.with_path(repository.0.vault(&arguments));
        vault_support::stderr(&feed(&mut command, b"line\nline\n", code))
    };
    for (options, expected) in [
        (&[][..], "is to be typed in"),
        (&["-J", "--vault-id", "p"], "is to be typed in"),
        (
            &["--vault-id", "x@prompt"],
            "vault id 'x' is to be typed in",
        ),
        (&["--vault-id", "fd:0"], "file descriptor 0"),
        (&["--vault-id", "/dev/stdin"], "no regular file"),
        (
            &["--vault-id", "a@p", "--vault-id", "b@q"],
            "--encrypt-vault-id",
        ),
    ] {
        let said = setup(options, 5);
        assert!(said.contains(expected), "{options:?}: {said}");
    }
    for (options, expected) in [
        (&["--vault-id", "missing"][..], "was not found"),
        (&["--vault-id", "env:NOT_SET"], "NOT_SET is not set"),
        (
            &["--vault-id", "p", "--vault-id", "missing"],
            "was not found",
        ),
        (
            &["--vault-id", "a@p", "--encrypt-vault-id", "b"],
            "Did not find a match",
        ),
    ] {
        let said = setup(options, 1);
        assert!(said.contains(expected), "{options:?}: {said}");
    }
    assert_eq!(repository.0.read(".git/config"), configuration);
}

#[test]
fn drivers_find_their_secrets_wherever_they_were_set_up() {
    let repository = Repository::new();
    let sub = repository.0.path("sub");
    fs::create_dir(&sub).unwrap();
    fs::rename(repository.0.path("p"), sub.join("p")).unwrap();
    let mut setup =
        repository.with_path(repository.0.vault(&["git", "--vault-id", "x@p", "setup"]));
    run(setup.current_dir(&sub), 0);
    repository.0.write(".gitattributes", "*.yml filter=vault\n");
    repository.commit("s.yml", "a: 1\n");
    // Of an ansible.cfg, too, if it is where git runs them.
    repository
        .0
        .write("ansible.cfg", "[defaults]\nvault_password_file = sub/p\n");
    let mut setup = repository.with_path(repository.0.vault(&["git", "setup"]));
    run(setup.current_dir(&sub), 0);
    repository.commit("s.yml", "a: 2\n");
    let stored = repository
        .git(&["show", "--no-textconv", "HEAD:s.yml"])
        .stdout;
    assert!(stored.starts_with(b"$ANSIBLE_VAULT;1.1;AES256\n"));
}

#[test]
fn a_program_that_is_not_in_the_path_is_named_by_its_path() {
    let repository = Repository::new();
    run(
        &mut repository.0.vault(&["git", "--vault-id", "p", "setup"]),
        0,
    );
    let configured = repository.git(&["config", "filter.vault.clean"]).stdout;
    let configured = String::from_utf8(configured).unwrap();
    assert!(
        configured.starts_with(env!("CARGO_BIN_EXE_vault")),
        "{configured}"
    );
}

/// HashiCorp's, say, and first in the path.
#[test]
fn another_program_of_the_same_name_is_not_called() {
    let repository = Repository::new();
    for directory in ["other", "ours"] {
        fs::create_dir(repository.0.path(directory)).unwrap();
    }
    repository.0.script("other/vault", "exit 1");
    let link = repository.0.path("ours/ansible-vault");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_vault"), &link).unwrap();
    let path = ["other", "ours"].map(|directory| repository.0.path(directory));
    let known = env::var_os("PATH").unwrap();
    let path = env::join_paths(path.into_iter().chain(env::split_paths(&known))).unwrap();
    let mut setup = repository.0.vault(&["git", "setup", "--vault-id", "x@p"]);
    run(setup.env("PATH", &path), 0);
    let configured = repository.git(&["config", "filter.vault.clean"]).stdout;
    let configured = String::from_utf8(configured).unwrap();
    assert!(
        configured.starts_with(link.to_str().unwrap()),
        "{configured}"
    );
    repository.0.write(".gitattributes", "*.yml filter=vault\n");
    repository.0.write("s.yml", "a: 1\n");
    let mut add = Command::new("git");
    add.args(["add", "s.yml"])
        .current_dir(repository.0.path(""));
    run(add.env("PATH", &path), 0);
    let stored = repository.git(&["show", ":s.yml"]).stdout;
    assert!(stored.starts_with(b"$ANSIBLE_VAULT;"));
}

#[test]
fn setup_takes_options_before_and_behind_and_says_what_is_chosen() {
    let repository = Repository::new();
    let setup = |arguments: &[&str]| {
        let mut command = repository.with_path(repository.0.vault(arguments));
        vault_support::stderr(&run(&mut command, 0))
    };
    let said = setup(&["git", "setup", "--vault-id", "x@p"]);
    assert!(
        said.contains("Now choose files") && said.contains("*vault.yml diff=vault"),
        "{said}"
    );
    let attributes = "# *.txt diff=vault\n*vault.yml diff=vault merge=vault\n*.c diff=cpp\n";
    repository.0.write(".gitattributes", attributes);
    let both = [
        "git",
        "--vault-id",
        "y@q",
        "setup",
        "--vault-id",
        "x@p",
        "--encrypt-vault-id",
        "x",
    ];
    let said = setup(&both);
    assert_eq!(
        said,
        "git calls them for what .gitattributes chooses:\n\n    *vault.yml diff=vault merge=vault\n"
    );
    let configured = repository.git(&["config", "diff.vault.textconv"]).stdout;
    let configured = String::from_utf8(configured).unwrap();
    for id in ["y@", "x@", "--encrypt-vault-id x diff"] {
        assert!(configured.contains(id), "{configured}");
    }
}

#[test]
fn empty_files_and_files_in_clear_are_stashed_and_merged() {
    let repository = Repository::new();
    repository.0.write(
        ".gitattributes",
        "*.yml filter=vault diff=vault merge=vault\n",
    );
    repository.commit("empty.yml", "");
    repository.commit("s.yml", "a: 1\nb: 1\nc: 1\nd: 1\n");
    assert_eq!(
        repository.git(&["status", "--porcelain", "-uno"]).stdout,
        b""
    );
    repository.git(&["checkout", "-q", "-b", "other"]);
    repository.commit("s.yml", "a: 2\nb: 1\nc: 1\nd: 1\n");
    repository.commit("both.yml", "x: 1\n");
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("s.yml", "a: 1\nb: 1\nc: 1\nd: 2\n");
    repository.0.write("empty.yml", "no: 1\n");
    repository.git(&["stash", "-q"]);
    assert_eq!(repository.0.read("empty.yml"), b"");
    repository.git(&["merge", "-q", "other"]);
    assert_eq!(repository.0.read("s.yml"), b"a: 2\nb: 1\nc: 1\nd: 2\n");
    repository.git(&["stash", "pop", "-q"]);
    assert_eq!(repository.0.read("empty.yml"), b"no: 1\n");
    // Both add a file, and differ.
    repository.commit("both.yml", "x: 1\ny: 1\n");
    repository.git(&["checkout", "-q", "-f", "other"]);
    repository.commit("new.yml", "x: 1\n");
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("new.yml", "x: 2\n");
    let output = repository.git_with_code(&["merge", "-q", "other"], 1);
    let said = vault_support::stderr(&output);
    assert!(said.contains("between the conflict markers"), "{said}");
    let conflict = String::from_utf8(repository.0.read("new.yml")).unwrap();
    assert_eq!(
        conflict,
        "<<<<<<< ours\nx: 2\n=======\nx: 1\n>>>>>>> theirs\n"
    );
}

#[test]
fn what_only_starts_like_a_vault_is_not_stored() {
    let sandbox = Sandbox::new();
    for content in [
        "$ANSIBLE_VAULT;1.1;AES256\npassword: x\n",
        "$ANSIBLE_VAULT\npassword: x\n",
        "$ANSIBLE_VAULT;1.1;AES256\n6161\n",
    ] {
        let mut clean = sandbox.vault(&["git", "--vault-id", "p", "clean"]);
        assert_eq!(
            feed(&mut clean, content.as_bytes(), 1).stdout,
            b"",
            "{content}"
        );
    }
}

#[test]
fn what_was_encrypted_with_another_secret_is_not_replaced() {
    let repository = Repository::new();
    repository.0.write(".gitattributes", "*.yml filter=vault\n");
    repository.commit("s.yml", "a: 1\n");
    let right = repository.0.read("p");
    repository.0.write("p", "W7uQ2nTx-another-password\n");
    repository.0.write("s.yml", "a: 2\n");
    let add = |code| vault_support::stderr(&repository.git_with_code(&["add", "s.yml"], code));
    let said = add(128);
    assert!(
        said.contains("Decryption failed") && said.contains("for :0:s.yml"),
        "{said}"
    );
    assert!(said.contains("hint: what git has of the file"), "{said}");
    // It is not in the index any more, but still in the last commit.
    repository.git(&["update-index", "--force-remove", "s.yml"]);
    let said = add(128);
    assert!(said.contains("for HEAD:s.yml"), "{said}");
    repository.git(&["read-tree", "HEAD"]);
    // One that git has nothing of is encrypted, and so are all with the right one, or with both.
    repository.0.write("new.yml", "b: 1\n");
    repository.git(&["add", "new.yml"]);
    repository.0.write("old", right);
    let ids = [
        "git",
        "--vault-id",
        "x@p",
        "--vault-id",
        "x@old",
        "--encrypt-vault-id",
        "x",
        "setup",
    ];
    run(&mut repository.with_path(repository.0.vault(&ids)), 0);
    repository.git(&["add", "--renormalize", "."]);
    repository.commit("s.yml", "a: 2\n");
    let stored = repository.git(&["show", "HEAD:s.yml"]).stdout;
    repository.0.write("stored", stored);
    let view = ["view", "--vault-id", "p", "stored"];
    assert_eq!(run(&mut repository.0.vault(&view), 0).stdout, b"a: 2\n");
}

#[test]
fn what_can_not_be_opened_is_not_merged_to_ours() {
    let repository = Repository::new();
    repository
        .0
        .write(".gitattributes", "*.yml diff=vault merge=vault\n");
    let encrypted = |id: &str, text: &str| {
        let mut encrypt = repository.0.vault(&["encrypt", "--vault-id", id]);
        String::from_utf8(feed(&mut encrypt, text.as_bytes(), 0).stdout).unwrap()
    };
    repository.commit("v.yml", &encrypted("x@p", "a: 1\n"));
    repository.git(&["checkout", "-q", "-b", "other"]);
    repository.commit("v.yml", &encrypted("x@q", "a: 2\n"));
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("v.yml", &encrypted("x@p", "a: 3\n"));
    let mut merge = repository.with_path(Command::new("git"));
    let merge = merge
        .args(["merge", "other"])
        .current_dir(repository.0.path(""));
    let output = merge.output().unwrap();
    let said = vault_support::stderr(&output);
    assert!(!output.status.success(), "{said}");
    assert!(
        said.contains("v.yml is not merged: Decryption failed"),
        "{said}"
    );
    assert!(said.contains("for theirs"), "{said}");
    assert!(
        said.contains("give the drivers the secrets of both sides"),
        "{said}"
    );
    assert!(
        !repository
            .git(&["status", "--porcelain"])
            .stdout
            .starts_with(b"M ")
    );
}

/// The hook in VAULT.md, word for word.
#[test]
fn the_documented_hook_looks_at_what_is_staged() {
    let text = include_str!("../VAULT.md");
    let at = text.find("#!/bin/sh\nstaged=").unwrap();
    let hook = &text[at..][..text[at..].find("```").unwrap()];
    let repository = Repository::new();
    fs::create_dir_all(repository.0.path(".git/hooks")).unwrap();
    repository.0.script(".git/hooks/pre-commit", hook);
    let commit = |code| {
        let output = repository.git_with_code(&["commit", "-q", "-m", "x"], code);
        String::from_utf8_lossy(&output.stdout).into_owned() + &vault_support::stderr(&output)
    };
    // Encrypted in the working tree, after it was staged in clear.
    repository.0.write("vault.yml", "password: x\n");
    repository.git(&["add", "vault.yml"]);
    run(
        &mut repository
            .0
            .vault(&["encrypt", "--vault-id", "x@p", "vault.yml"]),
        0,
    );
    let said = commit(1);
    assert!(
        said.contains("./vault.yml: is not encrypted")
            && said.contains(": vault encrypt ./vault.yml"),
        "{said}"
    );
    repository.git(&["add", "vault.yml"]);
    commit(0);
    // Renamed.
    repository.0.write("plain.yml", "a: 1\nb: 1\nc: 1\n");
    repository.git(&["add", "plain.yml"]);
    commit(0);
    repository.git(&["mv", "plain.yml", "b.vault.yml"]);
    let said = commit(1);
    assert!(said.contains("b.vault.yml: is not encrypted"), "{said}");
    repository.git(&["reset", "-q", "--hard"]);
    // In clear in the working tree alone.
    repository
        .0
        .write(".gitattributes", "c.vault.yml filter=vault\n");
    repository.0.write("c.vault.yml", "a: 1\n");
    repository.git(&["add", "c.vault.yml", ".gitattributes"]);
    commit(0);
}

#[test]
fn a_fixed_salt_is_warned_about() {
    let sandbox = Sandbox::new();
    let mut encrypt = sandbox.vault(&["encrypt", "--vault-id", "p"]);
    let said = feed(
        encrypt.env("ANSIBLE_VAULT_ENCRYPT_SALT", "salt"),
        b"a: 1\n",
        0,
    );
    assert!(vault_support::stderr(&said).contains("give away both plaintexts"));
}
