//! A directory to work in, and the command.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A fresh directory in which `etcdpki` runs, without the caller's secrets in its environment.
pub(crate) struct Workspace {
    directory: TempDir,
}

impl Workspace {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// One in which `init --generate-secrets` has run with the example nodes.
    pub(crate) fn initialised() -> Self {
        let workspace = Self::new();
        workspace.succeeds(&["init", "--generate-secrets"]);
        workspace
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Reads a file.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Writes a file for everyone.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        self.write_with_mode(name, content, 0o644);
    }

    /// Writes a file with this mode.
    pub(crate) fn write_with_mode(&self, name: &str, content: impl AsRef<[u8]>, mode: u32) {
        fs::write(self.path(name), content).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Runs the command.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The command, to be run.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_etcdpki"));
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env_remove("ANSIBLE_VAULT_PASSWORD_FILE")
            .env_remove("ETCDPKI_AGE_IDENTITY")
            .env_remove("ETCDPKI_KEY_PASSPHRASE_FILE")
            .env_remove("ETCDPKI_NEW_PASSPHRASE_FILE")
            .env_remove("ETCDPKI_PASSPHRASE_FILE")
            .env_remove("ETCDPKI_PKCS12_PASSWORD_FILE")
            .env_remove("ETCDPKI_STORE")
            .env_remove("ETCDPKI_STORE_CA")
            .env_remove("ETCDPKI_STORE_CERT")
            .env_remove("ETCDPKI_STORE_KEY")
            .stdin(std::process::Stdio::null());
        command
    }

    /// Runs the command, which must succeed, and returns what it prints.
    pub(crate) fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the command, which must end with this code, and returns its error output.
    pub(crate) fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        errors
    }

    /// Every file with its content, by path.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        collect(self.directory.path(), self.directory.path(), &mut files);
        files.sort();
        files
    }
}

fn collect(root: &Path, directory: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(root, &path, files),
            false => {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                files.push((name, fs::read(&path).unwrap()));
            }
        }
    }
}
