//! Why something stays closed.

use super::sealed_key::SEALED_KEY;
use super::{SlotName, Tier};

/// Why a key could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The age library failed.
    #[error("age could not encrypt or decrypt: {0}")]
    Age(String),
    /// The tier's data key was not opened.
    #[error(
        "the {tier} tier is not open: it opens with {}", slots_or_none(.slots)
    )]
    Closed {
        /// The tier.
        tier: Tier,
        /// The slots that open it.
        slots: Vec<SlotName>,
    },
    /// The sealed octets are cut or changed, or belong to something else.
    #[error(
        "the sealed key does not open for the certificate beside it: one of both was changed, or they do not belong together; restore both from a copy, or, of a leaf, make both anew: etcdpki issue OWNER --rekey"
    )]
    Damaged,
    /// An escrow file that cannot be opened, or holds something else than a private key.
    #[error("the escrow does not open: {0}")]
    Escrow(&'static str),
    /// The keyring's parameters are not ones that argon2id takes, or would take too much.
    #[error(
        "the key derivation parameters are out of bounds: {0}; restore keyring.yml from a copy"
    )]
    Kdf(String),
    /// Not a sealed key at all.
    #[error(
        "not a whole `{SEALED_KEY}` block: the file is cut or was overwritten; restore it from a copy, or, of a leaf, make a new one (`etcdpki issue OWNER --rekey`) and remove the directory of this generation"
    )]
    Malformed,
    /// No slot of the keyring opens for age identities.
    #[error(
        "no slot of the keyring is for age recipients: it opens with {}", slots_or_none(.slots)
    )]
    NoAgeSlot {
        /// The slots that there are.
        slots: Vec<SlotName>,
    },
    /// The system gives less memory than argon2id takes.
    #[error(
        "argon2id takes {kib} KiB of memory for this passphrase, and the system does not give that much: allow for it (`ulimit -v`), or close other programs"
    )]
    NoMemory {
        /// What it takes.
        kib: u32,
    },
    /// No passphrase at all.
    #[error("the passphrase is empty: choose one")]
    NoPassphrase,
    /// No slot of the keyring opens with a passphrase.
    #[error(
        "no slot of the keyring opens with a passphrase: use the age identity of {}{}",
        slots_or_none(.slots),
        match cfg!(feature = "age") {
            true => "",
            false => ", and a program that is built with age",
        }
    )]
    NoPassphraseSlot {
        /// The slots that there are.
        slots: Vec<SlotName>,
    },
    /// Data keys of two keyrings.
    #[error(
        "the data keys are those of another keyring: keyring.yml was replaced meanwhile; run this again, or restore it from a copy"
    )]
    OtherKeyring,
    /// The operating system has no random numbers to give.
    #[error("the operating system gave no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// A slot opens, and what it holds for a tier was changed.
    #[error(
        "slot `{slot}` of the keyring was changed, and the {tier} tier does not open with it: restore keyring.yml from a copy"
    )]
    SlotDamaged {
        /// The slot.
        slot: SlotName,
        /// The tier.
        tier: Tier,
    },
    /// The keyring has no slot of this name.
    #[error("the keyring has no slot `{slot}`: it has {}", slots_or_none(.slots))]
    UnknownSlot {
        /// The name asked for.
        slot: SlotName,
        /// The slots that there are.
        slots: Vec<SlotName>,
    },
    /// Made by a later version of this program.
    #[error("sealed in format version {0}, which this program does not know: use a newer etcdpki")]
    Version(u8),
    /// The identities open no slot of the keyring.
    #[error("the age identity opens no slot of the keyring: those are for {}", slots_or_none(.slots))]
    WrongIdentity {
        /// The slots for age recipients.
        slots: Vec<SlotName>,
    },
    /// The passphrase opens no slot of the keyring.
    #[error(
        "the passphrase does not open the keyring: it is another one, or keyring.yml was changed"
    )]
    WrongPassphrase,
}

/// Why the slots of a keyring could not be changed. The keyring is then as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SlotError {
    /// Without this slot nothing would open a tier.
    #[error(
        "slot `{slot}` is the only one that opens the {tier} tier: add another one first, or every key of that tier would be lost"
    )]
    LastSlot {
        /// The slot.
        slot: SlotName,
        /// The tier.
        tier: Tier,
    },
    /// A slot without a recipient.
    #[error("slot `{slot}` needs at least one and at most {MAX_RECIPIENTS} recipients")]
    NoRecipient {
        /// The slot.
        slot: SlotName,
    },
    /// The data keys cannot be wrapped for a slot without its passphrase.
    #[error(
        "the data keys cannot be replaced, since the passphrase of {} is not at hand to wrap new ones: remove those slots, do this again, and add them anew", slots_or_none(.slots)
    )]
    PassphrasesNeeded {
        /// The slots whose passphrase would be needed.
        slots: Vec<SlotName>,
    },
    /// The recipients of a slot were not written by who knew the data key.
    #[error(
        "slot `{slot}`: its recipients or its file were changed by somebody who cannot open the keyring: restore keyring.yml from a copy, or remove the slot"
    )]
    Recipients {
        /// The slot.
        slot: SlotName,
    },
    /// A tier is closed, or a key could not be derived.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// There is a slot of this name already.
    #[error("the keyring has a slot `{slot}` already: choose another name, or change that slot")]
    Taken {
        /// The slot.
        slot: SlotName,
    },
    /// There are as many slots as there may be.
    #[error("the keyring has {MAX_SLOTS} slots, which is the most: remove one first")]
    TooMany,
    /// A replacement of data keys was interrupted.
    #[error("the replacement of the {tier} tier's data key was interrupted: finish it first")]
    Unfinished {
        /// The tier.
        tier: Tier,
    },
}

/// A text that is not a keyring.
#[derive(Debug, thiserror::Error)]
pub enum InvalidKeyring {
    /// It cannot be read.
    #[error("not a keyring of etcdpki: {0}; restore it from a copy")]
    Malformed(String),
    /// Made by a later version of this program.
    #[error("a keyring of version {0}, which this program does not know: use a newer etcdpki")]
    Version(u64),
}

/// The most slots that a keyring may have.
pub(super) const MAX_SLOTS: usize = 64;
/// The most recipients that a slot may have.
pub(super) const MAX_RECIPIENTS: usize = 16;

fn slots_or_none(slots: &[SlotName]) -> String {
    let names: Vec<_> = slots.iter().map(|slot| format!("`{slot}`")).collect();
    match names.as_slice() {
        [] => "no slot that is left: restore keyring.yml from a copy".to_owned(),
        [one] => format!("slot {one}"),
        [first @ .., last] => format!("slot {} or {last}", first.join(", ")),
    }
}
