//! git with our drivers.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod vault_support;

use std::env;
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
        self.git(&["add", name, ".gitattributes"]);
        self.git(&["commit", "-q", "-m", "change"]);
    }

    fn view(&self, name: &str) -> String {
        let output = run(&mut self.0.vault(&["view", "--vault-id", "p", name]), 0);
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_file_in_clear_is_encrypted_in_the_repository_and_stable() {
    let repository = Repository::new();
    repository.0.write(
        ".gitattributes",
        "*.yml filter=vault diff=vault merge=vault\n",
    );
    repository.commit("s.yml", "a: 1\n");
    let stored = repository
        .git(&["show", "--no-textconv", "HEAD:s.yml"])
        .stdout;
    assert!(stored.starts_with(b"$ANSIBLE_VAULT;1.2;AES256;x\n"));
    // Touched and staged again: the same bytes.
    repository.0.write("s.yml", "a: 1\n");
    repository.git(&["add", "s.yml"]);
    repository.git(&["diff", "--cached", "--quiet"]);
    repository.0.write("stored", &stored);
    let theirs = run(
        &mut repository.0.ansible(&["view", "--vault-id", "p", "stored"]),
        0,
    );
    assert_eq!(theirs.stdout, b"a: 1\n");
    std::fs::remove_file(repository.0.path("s.yml")).unwrap();
    repository.git(&["checkout", "s.yml"]);
    assert_eq!(repository.0.read("s.yml"), b"a: 1\n");
    // Another plaintext has another salt.
    repository.commit("s.yml", "a: 2\n");
    let changed = repository
        .git(&["show", "--no-textconv", "HEAD:s.yml"])
        .stdout;
    assert_ne!(changed[28..100], stored[28..100]);
}

#[test]
fn vaults_are_compared_and_merged_by_what_they_hold() {
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
    repository.commit("v.yml", &encrypted("a: 1\nb: 1\nc: 1\nd: 1\n"));
    repository.git(&["checkout", "-q", "-b", "other"]);
    repository.commit("v.yml", &encrypted("a: 2\nb: 1\nc: 1\nd: 1\n"));
    let difference = repository.git(&["diff", "main", "other"]).stdout;
    let difference = String::from_utf8(difference).unwrap();
    assert!(difference.contains("-a: 1\n+a: 2\n"), "{difference}");
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("v.yml", &encrypted("a: 1\nb: 1\nc: 1\nd: 3\n"));
    repository.git(&["merge", "-q", "other"]);
    assert_eq!(repository.view("v.yml"), "a: 2\nb: 1\nc: 1\nd: 3\n");
    repository.git(&["checkout", "-q", "other"]);
    repository.commit("v.yml", &encrypted("a: 2\nb: 1\nc: 1\nd: 4\n"));
    repository.git_with_code(&["merge", "-q", "main"], 1);
    let conflict = repository.view("v.yml");
    assert!(
        conflict.contains("<<<<<<< ours\nd: 4\n=======\nd: 3\n>>>>>>> theirs\n"),
        "{conflict}"
    );
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
