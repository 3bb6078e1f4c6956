//! What can be typed: ansible-vault's own command line, and more.

mod ansible;
mod examples;
mod more;
mod options;

use clap::{ArgAction, Parser, Subcommand};

pub(super) use self::ansible::{Create, Decrypt, Edit, Encrypt, EncryptString, Rekey, View};
pub(super) use self::more::{
    Check, Genpass, Git, GitVerb, Inline, InlineFile, InlineVerb, Status, Verify,
};
pub(super) use self::options::{Many, Paths, Secrets, WriteSecrets};

/// Encryption and decryption of Ansible data files, without Ansible.
#[derive(Debug, Parser)]
#[command(
    name = "vault",
    version,
    infer_long_args = true,
    // Of an option that is given twice the last one counts, as for ansible-vault.
    args_override_self = true,
    subcommand_required = true,
    after_help = EXAMPLES
)]
pub(super) struct Cli {
    /// Taken for the sake of ansible-vault, before the verb too.
    #[arg(short, long, action = ArgAction::Count, hide = true)]
    verbose: u8,

    #[command(subcommand)]
    pub(super) verb: Verb,
}

const EXAMPLES: &str = "\
Examples:
  vault genpass --output ~/.vault-password
  vault encrypt --vault-id prod@~/.vault-password group_vars/prod/vault.yml
  vault edit -J group_vars/prod/vault.yml
  vault encrypt_string --vault-id prod@prompt --prompt
  vault view --vault-id prod@env:VAULT_PASSWORD group_vars/prod/vault.yml
  vault rekey -r --vault-id old --new-vault-id prod@new .
  vault check && vault status";

#[derive(Debug, Subcommand)]
// The options of a verb are laid out when it is typed: those of all take longer than many a vault.
#[command(defer = true)]
pub(super) enum Verb {
    /// Find what should be encrypted and is not; needs no password.
    #[command(after_help = examples::CHECK)]
    Check(Check),
    /// Create and open a file in an editor that will be encrypted when closed.
    #[command(after_help = examples::CREATE)]
    Create(Create),
    /// Decrypt files in place, or standard input to standard output.
    #[command(after_help = examples::DECRYPT)]
    Decrypt(Decrypt),
    /// Open and decrypt a file in an editor that will be encrypted again when closed.
    #[command(after_help = examples::EDIT)]
    Edit(Edit),
    /// Encrypt files in place, or standard input to standard output.
    #[command(after_help = examples::ENCRYPT)]
    Encrypt(Encrypt),
    /// Encrypt values to be pasted into a YAML file.
    #[command(name = "encrypt_string", alias = "encrypt-string", after_help = examples::ENCRYPT_STRING)]
    EncryptString(EncryptString),
    /// Make a strong password.
    #[command(after_help = examples::GENPASS)]
    Genpass(Genpass),
    /// Let git compare, merge and store vaults.
    #[command(after_help = examples::GIT)]
    Git(Git),
    /// Show, edit, encrypt and decrypt values inside a YAML file.
    #[command(after_help = examples::INLINE)]
    Inline(Inline),
    /// Encrypt files with another secret.
    #[command(after_help = examples::REKEY)]
    Rekey(Rekey),
    /// List what is encrypted, with which label; needs no password.
    #[command(after_help = examples::STATUS)]
    Status(Status),
    /// Say which secret opens what.
    #[command(after_help = examples::VERIFY)]
    Verify(Verify),
    /// Show the content of encrypted files.
    #[command(after_help = examples::VIEW)]
    View(View),
}
