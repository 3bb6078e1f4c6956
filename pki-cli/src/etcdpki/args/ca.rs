//! The options of `etcdpki ca`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
#[cfg(feature = "age")]
use pki_core::seal::AgeRecipient;
use pki_core::seal::{SlotName, Tiers};

use super::{CaAccept, CaAdopt, CaImport, CaList, CaRequest, KeyArguments};

/// Manage authorities, and who can open their keys
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(in crate::etcdpki) enum Ca {
    Accept(CaAccept),
    Adopt(CaAdopt),
    Import(CaImport),
    List(CaList),
    Request(CaRequest),
    #[cfg(feature = "age")]
    Escrow(Escrow),
    #[command(subcommand)]
    Slot(Slot),
}

/// Write the root's key to a file for age recipients, and at wish take it offline
///
/// The file opens with `age -d` to a private key in PEM. With --take-offline the root tier moves
/// to a key slot of these recipients alone: without their identity everything works but the
/// making of a new intermediate. The data key of the root tier is replaced, so that who could
/// open it until now cannot open what is sealed from now on; a copy of the directory from before
/// opens as before.
#[cfg(feature = "age")]
#[derive(Args, Debug)]
#[command(after_help = ESCROW_EXAMPLES)]
pub(in crate::etcdpki) struct Escrow {
    /// Encrypt to this age recipient; repeat it for more
    #[arg(long = "recipient", required = true, value_name = "AGE1")]
    pub(in crate::etcdpki) recipients: Vec<AgeRecipient>,
    /// The file to be written
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::etcdpki) out: PathBuf,
    /// Prove that the file opens to the root's key, with this age identity; it may be a pipe
    #[arg(long, value_name = "FILE")]
    pub(in crate::etcdpki) prove_with: Option<PathBuf>,
    /// Leave the root tier to a key slot of these recipients, and to no other
    #[arg(long, requires = "prove_with")]
    pub(in crate::etcdpki) take_offline: bool,
    /// The name of that slot
    #[arg(
        long,
        default_value = "offline",
        value_name = "NAME",
        requires = "take_offline"
    )]
    pub(in crate::etcdpki) offline_slot: SlotName,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
    /// Say what would be written, prove it, and write nothing
    #[arg(long)]
    pub(in crate::etcdpki) dry_run: bool,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// List and change the key slots: who can open the sealed keys
///
/// The data keys that seal all private keys are wrapped in pki/keyring.yml, once by each slot. A
/// slot opens with a passphrase or with an age identity. It opens the root tier (the root's key),
/// the issuing tier (every other key) or both.
#[derive(Debug, Subcommand)]
#[command(after_help = SLOT_EXAMPLES)]
pub(in crate::etcdpki) enum Slot {
    Add(SlotAdd),
    Change(SlotChange),
    List(SlotList),
    Remove(SlotRemove),
    Rotate(SlotRotate),
}

/// Add a slot, for another operator or for safe keeping
#[derive(Args, Debug)]
#[command(after_help = ADD_EXAMPLES)]
pub(in crate::etcdpki) struct SlotAdd {
    /// Whose it is: letters, digits and . _ - + @
    pub(in crate::etcdpki) name: SlotName,
    #[command(flatten)]
    pub(in crate::etcdpki) lock: LockArguments,
    /// What it opens: both, issuing or root
    #[arg(long, default_value = "both", value_name = "TIER")]
    pub(in crate::etcdpki) tier: Tiers,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
    /// Say what would be changed, and write nothing
    #[arg(long)]
    pub(in crate::etcdpki) dry_run: bool,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// Change a slot: its passphrase, its recipients, or what it opens
///
/// One file is rewritten, pki/keyring.yml.
#[derive(Args, Debug)]
#[command(after_help = CHANGE_EXAMPLES)]
pub(in crate::etcdpki) struct SlotChange {
    /// The slot
    pub(in crate::etcdpki) name: SlotName,
    #[command(flatten)]
    pub(in crate::etcdpki) lock: LockArguments,
    /// What it opens: both, issuing or root [default: what it opens now]
    #[arg(long, value_name = "TIER")]
    pub(in crate::etcdpki) tier: Option<Tiers>,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
    /// Say what would be changed, and write nothing
    #[arg(long)]
    pub(in crate::etcdpki) dry_run: bool,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// List the slots; nothing is opened
#[derive(Args, Debug)]
#[command(after_help = LIST_EXAMPLES)]
pub(in crate::etcdpki) struct SlotList {
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// Remove a slot; the last that opens a tier stays
///
/// Another slot has to be opened for it, so that nothing gets lost. Who could open the removed one
/// may know the data keys: with --rotate-data-keys they are replaced, and every key is sealed anew.
#[derive(Args, Debug)]
#[command(after_help = REMOVE_EXAMPLES)]
pub(in crate::etcdpki) struct SlotRemove {
    /// The slot
    pub(in crate::etcdpki) name: SlotName,
    /// Make new data keys, which the removed slot never opened, and seal every key with them
    #[arg(long)]
    pub(in crate::etcdpki) rotate_data_keys: bool,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
    /// Say what would be changed, and write nothing
    #[arg(long)]
    pub(in crate::etcdpki) dry_run: bool,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// Make new data keys and seal every key with them, or finish what was interrupted
#[derive(Args, Debug)]
#[command(after_help = ROTATE_EXAMPLES)]
pub(in crate::etcdpki) struct SlotRotate {
    /// Whose data key: both, issuing or root [default: those that are open]
    #[arg(long, value_name = "TIER")]
    pub(in crate::etcdpki) tier: Option<Tiers>,
    #[command(flatten)]
    pub(in crate::etcdpki) keys: KeyArguments,
    /// Say what would be changed, and write nothing
    #[arg(long)]
    pub(in crate::etcdpki) dry_run: bool,
    /// Report in JSON
    #[arg(long)]
    pub(in crate::etcdpki) json: bool,
}

/// What a slot opens with
#[derive(Args, Debug)]
pub(in crate::etcdpki) struct LockArguments {
    /// Open it with the age identity of this recipient; repeat it for more
    #[cfg(feature = "age")]
    #[arg(long = "recipient", value_name = "AGE1")]
    pub(in crate::etcdpki) recipients: Vec<AgeRecipient>,
    /// Read the new passphrase from this file [default: the file that the environment variable
    /// ETCDPKI_NEW_PASSPHRASE_FILE names, then a prompt]
    #[arg(long, value_name = "FILE", conflicts_with = "new_passphrase_command")]
    #[cfg_attr(feature = "age", arg(conflicts_with = "recipients"))]
    pub(in crate::etcdpki) new_passphrase_file: Option<PathBuf>,
    /// Take the new passphrase from what this command prints; it is split into words, no shell
    /// runs
    #[arg(long, value_name = "COMMAND")]
    #[cfg_attr(feature = "age", arg(conflicts_with = "recipients"))]
    pub(in crate::etcdpki) new_passphrase_command: Option<String>,
}

#[cfg(feature = "age")]
const ESCROW_EXAMPLES: &str = "\
Examples:
  etcdpki ca escrow --recipient age1… --out root.age
  etcdpki ca escrow --recipient age1… --out root.age --take-offline --prove-with safe.txt
  age -d -i safe.txt root.age | openssl pkey -pubout";

const ADD_EXAMPLES: &str = "\
Examples:
  etcdpki ca slot add bob
  etcdpki ca slot add alice --recipient age1… --tier issuing
  etcdpki ca slot add root-holder --tier root --age-identity safe.txt";

const CHANGE_EXAMPLES: &str = "\
Examples:
  etcdpki ca slot change passphrase
  etcdpki ca slot change bob --tier issuing";

const REMOVE_EXAMPLES: &str = "\
Examples:
  etcdpki ca slot remove bob --rotate-data-keys";

const EXAMPLES: &str = "\
Examples:
  etcdpki ca list
  etcdpki ca slot add bob --recipient age1…
  etcdpki ca adopt --dry-run /etc/kubernetes/pki";

const LIST_EXAMPLES: &str = "\
Examples:
  etcdpki ca slot list
  etcdpki ca slot list --json";

const ROTATE_EXAMPLES: &str = "\
Examples:
  etcdpki ca slot rotate
  etcdpki ca slot rotate --tier issuing";

const SLOT_EXAMPLES: &str = "\
Examples:
  etcdpki ca slot list
  etcdpki ca slot remove alice --rotate-data-keys";
