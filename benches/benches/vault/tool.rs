//! The programs that are compared.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use benches::{build, build_installed, build_program, release_directory};

use super::work::Work;

/// How a program is called.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Style {
    /// As ansible-vault, and ours.
    Ours,
    /// As ansible-vault.
    Ansible,
    /// As ansible-core-rs, whose `vault` is one of several commands.
    CoreRs,
    /// As the program around the crate: verb, password file, one file.
    Crate,
}

/// A program.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    program: PathBuf,
    style: Style,
}

impl Tool {
    /// Ours as it is released, ansible-core, those of the others that there are, and ours as cargo
    /// installs it.
    pub(crate) fn all() -> Vec<Self> {
        let ansible = PathBuf::from(fixtures::ansible().vault().get_program());
        let mut tools = vec![
            Self::new("vault", build_program("vault"), Style::Ours),
            Self::new("ansible-core", ansible, Style::Ansible),
            Self::new("crate ansible-vault", build_crate(), Style::Crate),
        ];
        match core_rs() {
            Some(program) => tools.push(Self::new("ansible-core-rs", program, Style::CoreRs)),
            None => println!(
                "ansible-core-rs is left out; to have it: python3 -m venv .peers/ansible-core-rs \
                 && .peers/ansible-core-rs/bin/pip install ansible-core-rs"
            ),
        }
        let installed = build_installed("vault");
        tools.push(Self::new("vault, by cargo install", installed, Style::Ours));
        tools
    }

    fn new(name: &'static str, program: PathBuf, style: Style) -> Self {
        Self {
            name,
            program,
            style,
        }
    }

    /// Whether it is what ours is compared with, and not ansible-core.
    pub(crate) fn is_other(&self) -> bool {
        matches!(self.style, Style::CoreRs | Style::Crate)
    }

    /// Whether it has the verb: the crate can not rekey.
    pub(crate) fn can(&self, work: &Work) -> bool {
        self.style != Style::Crate || work.verb != "rekey"
    }

    /// Calls the verb, in this directory, under a home that has no settings.
    pub(crate) fn command(&self, verb: &str, directory: &Path) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("ANSIBLE_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(directory)
            .env("HOME", directory)
            .env("LC_ALL", "C.UTF-8");
        if self.style == Style::CoreRs {
            command.arg("vault");
        }
        command.arg(verb);
        command
    }

    /// The arguments that name the password file.
    pub(crate) fn password(&self) -> &'static [&'static str] {
        match self.style {
            Style::Ours | Style::Ansible | Style::CoreRs => &["--vault-password-file", "old"],
            Style::Crate => &["old"],
        }
    }
}

/// Builds the program around the crate.
fn build_crate() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/ansible-vault-crate");
    let target = release_directory().join("peers");
    let manifest = package.join("Cargo.toml");
    build(&[
        "--locked",
        "--manifest-path",
        &manifest.display().to_string(),
        "--target-dir",
        &target.display().to_string(),
    ]);
    target.join("release/ansible-vault-crate")
}

/// `$ETCDPKI_ANSIBLE_CORE_RS`, else what is in `.peers`.
fn core_rs() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let chosen = env::var_os("ETCDPKI_ANSIBLE_CORE_RS").map(PathBuf::from);
    let own = root.join(".peers/ansible-core-rs/bin/ansible");
    chosen.into_iter().chain([own]).find(|path| path.is_file())
}
