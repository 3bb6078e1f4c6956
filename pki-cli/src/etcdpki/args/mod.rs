//! What can be typed: a module for each command, and here what they share.

#[cfg(feature = "etcd")]
mod agent;
mod authorities;
mod ca;
mod doctor;
mod explain;
mod export;
mod hook;
mod init;
mod inspect;
mod issue;
mod provision;
mod report;
mod revoke;
mod rotate;
mod shell;
mod status;
mod store;
mod verify;

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand};
use pki_core::seal::SlotName;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[cfg(feature = "etcd")]
pub(super) use agent::{
    Agent, AgentAccess, AgentAdmit, AgentAnswer, AgentEnrol, AgentInvite, AgentList, AgentRemove,
    AgentRun,
};
pub(super) use authorities::{CaAccept, CaAdopt, CaImport, CaList, CaRequest};
#[cfg(feature = "age")]
pub(super) use ca::Escrow;
pub(super) use ca::{
    Ca, LockArguments, Slot, SlotAdd, SlotChange, SlotList, SlotRemove, SlotRotate,
};
pub(super) use doctor::Doctor;
pub(super) use explain::Explain;
pub(super) use export::{Export, Format};
pub(super) use hook::{CheckHook, Hook, HostArgument, InventoryHook, VaultPasswordHook};
pub(super) use init::{Init, NodeArgument};
pub(super) use inspect::Inspect;
pub(super) use issue::Issue;
pub(super) use provision::{Kubernetes, Provision, Write};
pub(super) use report::Report;
pub(super) use revoke::Revoke;
pub(super) use rotate::{Rotate, RotateCa, RotateWhat};
pub(super) use shell::{Program, Shell};
pub(super) use status::Status;
pub(super) use store::StoreArguments;
#[cfg(feature = "etcd")]
pub(super) use store::{Store, StoreCheck, StoreCopy};
pub(super) use verify::{CrlDepth, RoleArgument, Verify};

/// Certificates for a mutual-TLS etcd cluster, from one description.
#[derive(Debug, Parser)]
#[command(name = "etcdpki", version, styles = STYLES, after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Work in this directory, as if etcdpki had been started there
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    pub(super) directory: Option<PathBuf>,
    #[command(flatten)]
    pub(super) store: StoreArguments,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    #[cfg(feature = "etcd")]
    #[command(subcommand)]
    Agent(Agent),
    #[command(subcommand)]
    Ca(Ca),
    Doctor(Doctor),
    Explain(Explain),
    Export(Export),
    #[command(subcommand)]
    Hook(Hook),
    Init(Init),
    Inspect(Inspect),
    Issue(Issue),
    #[command(subcommand)]
    Provision(Provision),
    Report(Report),
    Revoke(Revoke),
    Rotate(Rotate),
    #[command(subcommand)]
    Shell(Shell),
    Status(Status),
    #[cfg(feature = "etcd")]
    #[command(subcommand)]
    Store(Store),
    Verify(Verify),
}

/// How the sealed keys are opened
#[derive(Args, Debug)]
pub(super) struct KeyArguments {
    #[command(flatten)]
    pub(super) passphrase: PassphraseArguments,
    /// Open the key slots of the age identities in this file; repeat it for more [default: the
    /// file that the environment variable ETCDPKI_AGE_IDENTITY names]
    #[cfg(feature = "age")]
    #[arg(long = "age-identity", value_name = "FILE")]
    pub(super) age_identities: Vec<PathBuf>,
    /// Try the passphrase on this key slot alone [default: on one after another]
    #[arg(long, value_name = "NAME")]
    pub(super) slot: Option<SlotName>,
}

/// How the sealed keys are opened, or sealed for the first time
#[derive(Args, Debug)]
pub(super) struct NewKeyArguments {
    #[command(flatten)]
    pub(super) keys: KeyArguments,
    /// Make a strong passphrase for the sealed keys, in etcdpki-passphrase.txt, and list that in
    /// .gitignore, where there are none yet
    #[arg(long)]
    pub(super) generate_secrets: bool,
}

/// Where the passphrase of the sealed keys comes from
#[derive(Args, Debug)]
pub(super) struct PassphraseArguments {
    /// Read the passphrase from this file [default: the file that the environment variable
    /// ETCDPKI_PASSPHRASE_FILE names, then etcdpki-passphrase.txt, then a prompt]
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_command")]
    pub(super) passphrase_file: Option<PathBuf>,
    /// Take the passphrase from what this command prints; it is split into words, no shell runs
    #[arg(long, value_name = "COMMAND")]
    pub(super) passphrase_command: Option<String>,
}

/// Where the password of the vault files comes from
#[derive(Args, Debug)]
pub(super) struct VaultArguments {
    /// Read the vault password from this file, or run it if it is executable [default: the file
    /// that ANSIBLE_VAULT_PASSWORD_FILE names, then vault-password.txt, then a prompt]
    #[arg(
        long,
        visible_alias = "vault-pass-file",
        value_name = "FILE",
        conflicts_with = "vault_password_command"
    )]
    pub(super) vault_password_file: Option<PathBuf>,
    /// Take the vault password from what this command prints; it is split into words, no shell
    /// runs
    #[arg(long, value_name = "COMMAND")]
    pub(super) vault_password_command: Option<String>,
}

/// A day, which means its beginning in UTC, or an instant as in RFC 3339.
fn instant(text: &str) -> Result<OffsetDateTime, String> {
    let whole = match text.contains('T') {
        true => text.to_owned(),
        false => format!("{text}T00:00:00Z"),
    };
    OffsetDateTime::parse(&whole, &Rfc3339).map_err(|_| {
        "write a day such as 2027-01-31, or an instant such as 2027-01-31T12:00:00Z".to_owned()
    })
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXAMPLES: &str = "\
Examples:
  etcdpki init --generate-secrets
  etcdpki verify
  etcdpki status
  etcdpki rotate

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 something was found
(verify, doctor, provision, hook check) or is due (status, doctor), 130 interrupted.";
