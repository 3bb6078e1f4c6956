//! What can be typed: ansible-vault's own command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

/// Encryption and decryption of Ansible data files, without Ansible.
#[derive(Debug, Parser)]
#[command(
    name = "vault",
    version,
    infer_long_args = true,
    subcommand_required = true
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Find what should be encrypted and is not; needs no password.
    Check(Check),
    /// Create and open a file in an editor that will be encrypted when closed.
    Create(Create),
    /// Decrypt files in place, or standard input to standard output.
    Decrypt(Decrypt),
    /// Open and decrypt a file in an editor that will be encrypted again when closed.
    Edit(Edit),
    /// Encrypt files in place, or standard input to standard output.
    Encrypt(Encrypt),
    /// Encrypt values to be pasted into a YAML file.
    #[command(name = "encrypt_string", alias = "encrypt-string")]
    EncryptString(EncryptString),
    /// Make a strong password.
    Genpass(Genpass),
    /// Let git compare, merge and store vaults.
    Git(Git),
    /// Show, edit, encrypt and decrypt values inside a YAML file.
    Inline(Inline),
    /// Encrypt files with another secret.
    Rekey(Rekey),
    /// List what is encrypted, with which label; needs no password.
    Status(Status),
    /// Say which secret opens what.
    Verify(Verify),
    /// Show the content of encrypted files.
    View(View),
}

#[derive(Args, Debug)]
pub(super) struct Common {
    /// The vault identity to use; can be given several times.
    #[arg(long, value_name = "[LABEL@]SOURCE", action = ArgAction::Append)]
    pub(super) vault_id: Vec<String>,

    /// A file that contains the vault password, or a script that prints it.
    #[arg(long, alias = "vault-pass-file", value_name = "FILE", action = ArgAction::Append)]
    pub(super) vault_password_file: Vec<PathBuf>,

    /// Ask for the vault password.
    #[arg(
        short = 'J',
        long,
        alias = "ask-vault-pass",
        conflicts_with = "vault_password_file"
    )]
    pub(super) ask_vault_password: bool,

    /// Say more; can be given several times.
    #[arg(short, long, action = ArgAction::Count)]
    pub(super) verbose: u8,
}

#[derive(Args, Debug)]
pub(super) struct EncryptLabel {
    /// The label of the secret to encrypt with, needed if there are several.
    #[arg(long, value_name = "LABEL")]
    pub(super) encrypt_vault_id: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct Output {
    /// Write to this file instead; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Create {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) label: EncryptLabel,
    /// Open the editor even if standard output is not a terminal.
    #[arg(long)]
    pub(super) skip_tty_check: bool,
    /// The file to create.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Decrypt {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) output: Output,
    /// The files; none or `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Edit {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) label: EncryptLabel,
    /// The files, edited one after another.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Encrypt {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) label: EncryptLabel,
    #[command(flatten)]
    pub(super) output: Output,
    /// The files; none or `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct EncryptString {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) label: EncryptLabel,
    #[command(flatten)]
    pub(super) output: Output,
    /// Ask for the value to encrypt.
    #[arg(short, long)]
    pub(super) prompt: bool,
    /// Show the value while it is typed.
    #[arg(long)]
    pub(super) show_input: bool,
    /// The name of the variable; can be given several times.
    #[arg(short, long, action = ArgAction::Append)]
    pub(super) name: Vec<String>,
    /// The name of the variable for the value from standard input.
    #[arg(long, alias = "stdin_name", value_name = "NAME")]
    pub(super) stdin_name: Option<String>,
    /// The values; none or `-` is standard input. Others can see them: prefer --prompt.
    #[arg(value_name = "STRING")]
    pub(super) values: Vec<String>,
}

#[derive(Args, Debug)]
pub(super) struct Rekey {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) label: EncryptLabel,
    /// The new secret, from a file or script.
    #[arg(long, value_name = "FILE", conflicts_with = "new_vault_id")]
    pub(super) new_vault_password_file: Option<PathBuf>,
    /// The new vault identity.
    #[arg(long, value_name = "[LABEL@]SOURCE")]
    pub(super) new_vault_id: Option<String>,
    /// Rekey all vaults and inline values at and below the given paths, all or none.
    #[arg(short, long)]
    pub(super) recursive: bool,
    /// Only say what would be done.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Report what was done as JSON on standard output.
    #[arg(long)]
    pub(super) json: bool,
    /// The files.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct View {
    #[command(flatten)]
    pub(super) common: Common,
    /// The files; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Genpass {
    /// Write the password to this new file, which only you can read.
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Git {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) label: EncryptLabel,
    #[command(subcommand)]
    pub(super) verb: GitVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum GitVerb {
    /// Encrypt standard input, equal plaintext to equal bytes (filter driver).
    Clean,
    /// Print what a file holds (textconv driver).
    Diff {
        /// The file.
        file: PathBuf,
    },
    /// Merge what three files hold into the second (merge driver).
    Merge {
        /// The common ancestor.
        base: PathBuf,
        /// Our version, which is replaced.
        ours: PathBuf,
        /// Their version.
        theirs: PathBuf,
    },
    /// Configure the drivers in this repository, with the given options.
    Setup,
    /// Decrypt standard input (filter driver).
    Smudge,
}

#[derive(Args, Debug)]
pub(super) struct Inline {
    #[command(subcommand)]
    pub(super) verb: InlineVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum InlineVerb {
    /// Put values in clear into the file; without keys all.
    Decrypt(InlineFile),
    /// Edit one value.
    Edit(InlineFile),
    /// Encrypt values of these keys.
    Encrypt(InlineFile),
    /// Show one value as it is, or several as YAML; without keys all.
    View(InlineFile),
}

#[derive(Args, Debug)]
pub(super) struct InlineFile {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) label: EncryptLabel,
    /// The YAML file.
    pub(super) file: PathBuf,
    /// The paths of the values, as `vault status` shows them: `users.[0].password`.
    #[arg(value_name = "KEY")]
    pub(super) keys: Vec<String>,
}

#[derive(Args, Debug)]
pub(super) struct Status {
    /// Report as JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// Files and directories; none means the working directory.
    pub(super) paths: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Verify {
    #[command(flatten)]
    pub(super) common: Common,
    /// Report as JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// Files and directories; none means the working directory.
    pub(super) paths: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Check {
    /// Allow only this label; can be given several times.
    #[arg(long, value_name = "LABEL", action = ArgAction::Append)]
    pub(super) label: Vec<String>,
    /// Files and directories; none means the working directory.
    pub(super) paths: Vec<PathBuf>,
}
