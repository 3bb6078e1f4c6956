//! A directory to play in, and both programs in it.

#![allow(dead_code, reason = "not every test uses everything")]

pub(crate) mod terminal;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// An empty directory with password files `p` and `q`.
pub(crate) struct Sandbox {
    directory: TempDir,
}

/// What is in the vault of [`Sandbox::with_vault`].
pub(crate) const TEXT: &[u8] = b"some: secret\n";

impl Sandbox {
    /// With `f`, a vault under the password of `p`, labelled `x`.
    pub(crate) fn with_vault() -> Self {
        let sandbox = Self::new();
        sandbox.write("f", TEXT);
        run(
            &mut sandbox.vault(&["encrypt", "--vault-id", "x@p", "f"]),
            0,
        );
        sandbox
    }

    pub(crate) fn new() -> Self {
        let this = Self {
            directory: TempDir::new().unwrap(),
        };
        this.write("p", "rPc8kQ2Z-correct-horse\n");
        this.write("q", "kQ2ZtC6i-battery-staple\n");
        this
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
        self.mode(name, 0o600);
    }

    /// Another process writes it: what a test beside this one forks meanwhile would hold it open
    /// to be written for a moment, in which nobody can run it (ETXTBSY).
    pub(crate) fn script(&self, name: &str, content: &str) {
        let script = format!("#!/bin/sh\n{content}\n");
        let write = ["-c", "printf %s \"$1\" >\"$2\"", "sh", &script];
        let mut shell = Command::new("sh");
        let status = shell.args(write).arg(self.path(name)).status().unwrap();
        assert!(status.success(), "{name}");
        self.mode(name, 0o700);
    }

    pub(crate) fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), PermissionsExt::from_mode(mode)).unwrap();
    }

    pub(crate) fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Our program, with nothing of the caller's environment and without a terminal.
    pub(crate) fn vault(&self, arguments: &[&str]) -> Command {
        self.command(env!("CARGO_BIN_EXE_vault"), arguments)
    }

    /// ansible-core's program, likewise.
    pub(crate) fn ansible(&self, arguments: &[&str]) -> Command {
        self.command(ansible_vault(), arguments)
    }

    /// ansible-core's playbook runner, likewise.
    pub(crate) fn playbook(&self, arguments: &[&str]) -> Command {
        self.command(
            ansible_vault().with_file_name("ansible-playbook"),
            arguments,
        )
    }

    fn command(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
        let mut command = Command::new("setsid");
        command
            .arg("--wait")
            .arg(program)
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear()
            .env("HOME", self.directory.path().join(".home"))
            .env("LC_ALL", "C.UTF-8")
            .env("PATH", env::var_os("PATH").unwrap())
            .stdin(Stdio::null());
        command
    }
}

/// Runs to the end; the exit code has to be this one.
#[track_caller]
pub(crate) fn run(command: &mut Command, code: i32) -> Output {
    let output = command.output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(code),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Runs with this on standard input.
#[track_caller]
pub(crate) fn feed(command: &mut Command, input: &[u8], code: i32) -> Output {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A program that fails early does not read.
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    assert_eq!(
        output.status.code(),
        Some(code),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn ansible_vault() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let chosen = env::var_os("ETCDPKI_ANSIBLE_BIN").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let places = chosen.into_iter().chain([root.join(".peers/ansible/bin")]);
    let programs = places
        .chain(env::split_paths(&path))
        .map(|place| place.join("ansible-vault"));
    let found = programs.into_iter().find(|program| program.exists());
    found.expect(
        "ansible-core is missing; run: python3 -m venv .peers/ansible && \
         .peers/ansible/bin/pip install ansible-core==2.19.14",
    )
}

/// Runs a command that opens the vault of [`Sandbox::with_vault`]; its stderr.
#[track_caller]
pub(crate) fn opens(command: &mut Command) -> String {
    let output = run(command, 0);
    assert_eq!(output.stdout, TEXT);
    stderr(&output)
}
