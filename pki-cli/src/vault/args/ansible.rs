//! ansible-vault's own verbs.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::options::{Many, Output, Secrets, WriteSecrets};

#[derive(Args, Debug)]
pub(in crate::vault) struct Create {
    #[command(flatten)]
    pub(in crate::vault) secrets: WriteSecrets,
    /// Open the editor even if standard output is not a terminal.
    #[arg(long)]
    pub(in crate::vault) skip_tty_check: bool,
    /// The file to create.
    #[arg(value_name = "FILE")]
    pub(in crate::vault) files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(in crate::vault) struct Decrypt {
    #[command(flatten)]
    pub(in crate::vault) secrets: Secrets,
    #[command(flatten)]
    pub(in crate::vault) output: Output,
    #[command(flatten)]
    pub(in crate::vault) many: Many,
    /// Pass by files that are not encrypted.
    #[arg(long)]
    pub(in crate::vault) skip_decrypted: bool,
    /// The files; none or `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(in crate::vault) files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(in crate::vault) struct Edit {
    #[command(flatten)]
    pub(in crate::vault) secrets: WriteSecrets,
    /// The files, edited one after another.
    #[arg(value_name = "FILE")]
    pub(in crate::vault) files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(in crate::vault) struct Encrypt {
    #[command(flatten)]
    pub(in crate::vault) secrets: WriteSecrets,
    #[command(flatten)]
    pub(in crate::vault) output: Output,
    #[command(flatten)]
    pub(in crate::vault) many: Many,
    /// Pass by files that are encrypted already.
    #[arg(long)]
    pub(in crate::vault) skip_encrypted: bool,
    /// The files; none or `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(in crate::vault) files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(in crate::vault) struct EncryptString {
    #[command(flatten)]
    pub(in crate::vault) secrets: WriteSecrets,
    #[command(flatten)]
    pub(in crate::vault) output: Output,
    /// Ask for the value to encrypt.
    #[arg(short, long)]
    pub(in crate::vault) prompt: bool,
    /// Show the value while it is typed.
    #[arg(long)]
    pub(in crate::vault) show_input: bool,
    /// The name of the variable; can be given several times.
    #[arg(short, long, action = ArgAction::Append)]
    pub(in crate::vault) name: Vec<String>,
    /// The name of the variable for the value from standard input.
    #[arg(long, alias = "stdin_name", value_name = "NAME")]
    pub(in crate::vault) stdin_name: Option<String>,
    /// The values; none or `-` is standard input. Others can see them: prefer --prompt.
    #[arg(value_name = "STRING")]
    pub(in crate::vault) values: Vec<String>,
}

#[derive(Args, Debug)]
pub(in crate::vault) struct Rekey {
    #[command(flatten)]
    pub(in crate::vault) secrets: WriteSecrets,
    /// The new secret, from a file or script.
    #[arg(long, value_name = "FILE", conflicts_with = "new_vault_id")]
    pub(in crate::vault) new_vault_password_file: Option<PathBuf>,
    /// The new vault identity.
    #[arg(long, value_name = "[LABEL@]SOURCE")]
    pub(in crate::vault) new_vault_id: Option<String>,
    /// Rekey all vaults and inline values at and below the given paths, all or none.
    #[arg(short, long)]
    pub(in crate::vault) recursive: bool,
    /// With --recursive: pass by files and directories of this name, such as '*.md', or with this
    /// path, such as 'docs/**'; can be given several times.
    #[arg(long, value_name = "GLOB", action = ArgAction::Append, requires = "recursive")]
    pub(in crate::vault) exclude: Vec<String>,
    /// With --recursive: only what has this label, or none and this is the name of the default
    /// identity; can be given several times.
    #[arg(long, value_name = "LABEL", action = ArgAction::Append, requires = "recursive")]
    pub(in crate::vault) label: Vec<String>,
    /// Only say what would be done.
    #[arg(long)]
    pub(in crate::vault) dry_run: bool,
    /// Report what was done as JSON on standard output.
    #[arg(long)]
    pub(in crate::vault) json: bool,
    #[command(flatten)]
    pub(in crate::vault) many: Many,
    /// Pass by files that the new secret opens already, as after a run that was broken off.
    #[arg(long)]
    pub(in crate::vault) skip_encrypted: bool,
    /// The files.
    #[arg(value_name = "FILE")]
    pub(in crate::vault) files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(in crate::vault) struct View {
    #[command(flatten)]
    pub(in crate::vault) secrets: Secrets,
    /// The files; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(in crate::vault) files: Vec<PathBuf>,
}
