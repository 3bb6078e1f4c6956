//! Options that several verbs have. The structs have no doc comments: clap would take these for what
//! the verb does.

use std::path::PathBuf;

use clap::{ArgAction, Args};

#[derive(Args, Debug)]
pub(in crate::vault) struct Secrets {
    /// The vault identity to use: a file, a script, prompt, env:NAME, fd:N or age:FILE; can be
    /// given several times.
    #[arg(long, value_name = "[LABEL@]SOURCE", action = ArgAction::Append)]
    pub(in crate::vault) vault_id: Vec<String>,

    /// A file that contains the vault password, or a script that prints it.
    #[arg(long, alias = "vault-pass-file", value_name = "FILE", action = ArgAction::Append)]
    pub(in crate::vault) vault_password_file: Vec<PathBuf>,

    /// Ask for the vault password.
    #[arg(
        short = 'J',
        long,
        alias = "ask-vault-pass",
        conflicts_with = "vault_password_file"
    )]
    pub(in crate::vault) ask_vault_password: bool,

    /// Taken for the sake of ansible-vault: there is no more to say.
    #[arg(short, long, action = ArgAction::Count)]
    pub(in crate::vault) verbose: u8,
}

// The secrets to read with, and the one to write with.
#[derive(Args, Debug)]
pub(in crate::vault) struct WriteSecrets {
    #[command(flatten)]
    pub(in crate::vault) known: Secrets,

    /// The label of the secret to encrypt with, needed if there are several.
    #[arg(long, value_name = "LABEL")]
    pub(in crate::vault) encrypt_vault_id: Option<String>,
}

impl WriteSecrets {
    /// Those of both.
    pub(in crate::vault) fn and(&self, more: &Self) -> Self {
        let (one, other) = (&self.known, &more.known);
        let files = [&one.vault_password_file[..], &other.vault_password_file];
        Self {
            known: Secrets {
                vault_id: [&one.vault_id[..], &other.vault_id].concat(),
                vault_password_file: files.concat(),
                ask_vault_password: one.ask_vault_password || other.ask_vault_password,
                verbose: one.verbose.max(other.verbose),
            },
            encrypt_vault_id: more
                .encrypt_vault_id
                .clone()
                .or_else(|| self.encrypt_vault_id.clone()),
        }
    }
}

#[derive(Args, Debug)]
pub(in crate::vault) struct Output {
    /// Write to this file instead; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub(in crate::vault) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(in crate::vault) struct Many {
    /// Go on after an error: do what can be done, and report each file that can not.
    #[arg(long)]
    pub(in crate::vault) keep_going: bool,
}

// Files and directories to look into.
#[derive(Args, Debug)]
pub(in crate::vault) struct Paths {
    /// Pass by files and directories of this name, such as '*.md', or with this path, such as
    /// 'docs/**'; can be given several times.
    #[arg(long, value_name = "GLOB", action = ArgAction::Append)]
    pub(in crate::vault) exclude: Vec<String>,
    /// Files and directories; none means the working directory.
    #[arg(value_name = "PATH")]
    pub(in crate::vault) paths: Vec<PathBuf>,
}

impl Paths {
    /// The paths, or the working directory.
    pub(in crate::vault) fn or_here(&self) -> Vec<PathBuf> {
        match self.paths.is_empty() {
            true => vec![PathBuf::from(".")],
            false => self.paths.clone(),
        }
    }
}
