//! Verbs that ansible-vault does not have.

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand};

use super::examples;
use super::options::{Paths, Secrets, WriteSecrets};

#[derive(Args, Debug)]
pub(in crate::vault) struct Check {
    /// Allow only this label; can be given several times.
    #[arg(long, value_name = "LABEL", action = ArgAction::Append)]
    pub(in crate::vault) label: Vec<String>,
    /// Report as JSON.
    #[arg(long)]
    pub(in crate::vault) json: bool,
    #[command(flatten)]
    pub(in crate::vault) paths: Paths,
}

#[derive(Args, Debug)]
pub(in crate::vault) struct Genpass {
    /// Write the password to this new file, which only you can read.
    #[arg(long, value_name = "FILE")]
    pub(in crate::vault) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(in crate::vault) struct Git {
    #[command(flatten)]
    pub(in crate::vault) secrets: WriteSecrets,
    #[command(subcommand)]
    pub(in crate::vault) verb: GitVerb,
}

#[derive(Debug, Subcommand)]
pub(in crate::vault) enum GitVerb {
    /// Encrypt standard input, equal plaintext to equal bytes (filter driver).
    #[command(after_help = examples::GIT_CLEAN)]
    Clean {
        /// What the file is called in the repository.
        name: Option<PathBuf>,
    },
    /// Print what a file holds (textconv driver).
    #[command(after_help = examples::GIT_DIFF)]
    Diff {
        /// The file.
        file: PathBuf,
    },
    /// Merge what three files hold into the second (merge driver).
    #[command(after_help = examples::GIT_MERGE)]
    Merge {
        /// The common ancestor.
        base: PathBuf,
        /// Our version, which is replaced.
        ours: PathBuf,
        /// Their version.
        theirs: PathBuf,
        /// What the file is called in the repository.
        name: Option<PathBuf>,
    },
    /// Configure the drivers in this repository, with the given options.
    #[command(after_help = examples::GIT)]
    Setup {
        #[command(flatten)]
        secrets: WriteSecrets,
    },
    /// Decrypt standard input (filter driver).
    #[command(after_help = examples::GIT_SMUDGE)]
    Smudge,
}

#[derive(Args, Debug)]
pub(in crate::vault) struct Inline {
    #[command(subcommand)]
    pub(in crate::vault) verb: InlineVerb,
}

#[derive(Debug, Subcommand)]
pub(in crate::vault) enum InlineVerb {
    /// Put values in clear into the file; without keys all.
    #[command(after_help = examples::INLINE_DECRYPT)]
    Decrypt(InlineFile),
    /// Edit one value.
    #[command(after_help = examples::INLINE_EDIT)]
    Edit(InlineFile),
    /// Encrypt values of these keys.
    #[command(after_help = examples::INLINE_ENCRYPT)]
    Encrypt(InlineFile),
    /// Show one value as it is, or several as YAML; without keys all.
    #[command(after_help = examples::INLINE_VIEW)]
    View(InlineFile),
}

#[derive(Args, Debug)]
pub(in crate::vault) struct InlineFile {
    #[command(flatten)]
    pub(in crate::vault) secrets: WriteSecrets,
    /// The YAML file.
    pub(in crate::vault) file: PathBuf,
    /// The paths of the values, as `vault status` shows them: `users.[0].password`.
    #[arg(value_name = "KEY")]
    pub(in crate::vault) keys: Vec<String>,
}

#[derive(Args, Debug)]
pub(in crate::vault) struct Status {
    /// Report as JSON.
    #[arg(long)]
    pub(in crate::vault) json: bool,
    #[command(flatten)]
    pub(in crate::vault) paths: Paths,
}

#[derive(Args, Debug)]
pub(in crate::vault) struct Verify {
    #[command(flatten)]
    pub(in crate::vault) secrets: Secrets,
    /// Report as JSON.
    #[arg(long)]
    pub(in crate::vault) json: bool,
    #[command(flatten)]
    pub(in crate::vault) paths: Paths,
}
