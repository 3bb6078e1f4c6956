//! `etcdpki ca slot`: who can open the sealed keys.

mod report;

use std::path::Path;
use std::process::ExitCode;

#[cfg(feature = "age")]
use pki_core::seal::AgeRecipient;
use pki_core::seal::{
    KdfParameters, Keyring, Lock, LockKind, Passphrase, Slot, SlotName, Tiers, Unlocked,
};
use pki_core::store::Pki;

use crate::etcdpki::args::{
    self, KeyArguments, LockArguments, SlotAdd, SlotChange, SlotList, SlotRemove, SlotRotate,
};
use crate::etcdpki::error::Error;
use crate::etcdpki::place::Kept;
use crate::etcdpki::secrets::{self, PASSPHRASE_FILE, Source};
use crate::etcdpki::{keys, opened, output};
use report::{Changed, Done};

pub(in crate::etcdpki) use report::Listing;

/// Runs the command.
pub(super) fn run(arguments: &args::Slot) -> Result<ExitCode, Error> {
    match arguments {
        args::Slot::Add(arguments) => add(arguments),
        args::Slot::Change(arguments) => change(arguments),
        args::Slot::List(arguments) => list(arguments),
        args::Slot::Remove(arguments) => remove(arguments),
        args::Slot::Rotate(arguments) => rotate(arguments),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn list(arguments: &SlotList) -> Result<(), Error> {
    let (_, keyring) = opened::existing(None)?;
    let listing = Listing::of(&keyring);
    match arguments.json {
        true => output::print_json(&listing),
        false => output::print(&listing.to_text()),
    }
}

fn add(arguments: &SlotAdd) -> Result<(), Error> {
    let (mut pki, mut keyring) = open_pki(arguments.dry_run)?;
    let keys = keys::open(&arguments.keys, &pki, &keyring)?;
    let lock = NewLock::read(&arguments.lock)?;
    let name = arguments.name.clone();
    keyring.add_slot(name, lock.lock(), arguments.tier, &keys)?;
    if !arguments.dry_run {
        pki.change_slots(&keyring, &format!("slot `{}` was added", arguments.name))?;
    }
    Done::new("added", &arguments.name, &keyring)
        .dry_run(arguments.dry_run)
        .print(arguments.json)
}

fn change(arguments: &SlotChange) -> Result<(), Error> {
    let (mut pki, mut keyring) = open_pki(arguments.dry_run)?;
    let name = &arguments.name;
    let slot = keyring.slot(name)?.clone();
    let tiers = arguments.tier.unwrap_or(slot.tiers());
    let lost = Tiers::where_true(|tier| slot.tiers().contains(tier) && !tiers.contains(tier));
    let mut done = Changed::default();
    if only_narrows(&arguments.lock, &slot, tiers) {
        for tier in lost.into_iter().flat_map(Tiers::iter) {
            keyring.withdraw(name, tier)?;
        }
        let keys = open_remaining(&arguments.keys, &pki, &keyring, name)?;
        done.untried = untried(&keys, lost);
    } else {
        // Those in the file could be somebody else's by now.
        if matches!(slot.kind(), LockKind::Age(_)) && !is_given(&arguments.lock) {
            return Err(Error::RecipientsNeeded { slot: name.clone() });
        }
        let keys = keys::open(&arguments.keys, &pki, &keyring)?;
        let lock = NewLock::read(&arguments.lock)?;
        keyring.change_slot(name, lock.lock(), tiers, &keys)?;
        done.stale_file =
            matches!(lock, NewLock::Passphrase(_)) && Path::new(PASSPHRASE_FILE).exists();
    }
    if !arguments.dry_run {
        pki.change_slots(&keyring, &format!("slot `{name}` was changed"))?;
    }
    done.old_copies_open = lost.is_some();
    Done::new("changed", name, &keyring)
        .with(done)
        .dry_run(arguments.dry_run)
        .print(arguments.json)
}

fn remove(arguments: &SlotRemove) -> Result<(), Error> {
    let (mut pki, mut keyring) = open_pki(arguments.dry_run)?;
    let name = &arguments.name;
    let tiers = keyring.slot(name)?.tiers();
    keyring.remove_slot(name)?;
    let mut keys = open_remaining(&arguments.keys, &pki, &keyring, name)?;
    let mut done = Changed {
        old_copies_open: true,
        untried: untried(&keys, Some(tiers)),
        ..Changed::default()
    };
    if arguments.rotate_data_keys {
        keys = keyring.replace_data_keys(tiers, keys)?;
    }
    if !arguments.dry_run {
        let resealed = pki.reseal(&keyring, &keys, &format!("slot `{name}` was removed"))?;
        done.resealed = arguments.rotate_data_keys.then_some(resealed);
        keyring = opened::keyring(&pki)?;
    }
    Done::new("removed", name, &keyring)
        .with(done)
        .dry_run(arguments.dry_run)
        .print(arguments.json)
}

fn rotate(arguments: &SlotRotate) -> Result<(), Error> {
    let (mut pki, mut keyring) = open_pki(arguments.dry_run)?;
    let mut keys = keys::open(&arguments.keys, &pki, &keyring)?;
    let unfinished = keyring.retiring();
    let wanted = arguments.tier.or(keys.tiers()).unwrap_or(Tiers::Both);
    let tiers = unfinished.unwrap_or(wanted);
    keys.check_open(tiers)?;
    if unfinished.is_none() {
        keys = keyring.replace_data_keys(tiers, keys)?;
    }
    let mut resealed = None;
    if !arguments.dry_run {
        resealed = Some(pki.reseal(
            &keyring,
            &keys,
            &format!("data keys were replaced ({tiers})"),
        )?);
        keyring = opened::keyring(&pki)?;
    }
    Done::rotated(tiers, unfinished.is_some(), resealed, &keyring)
        .dry_run(arguments.dry_run)
        .print(arguments.json)
}

/// Opens what is left without a slot, or without a tier of it: what is taken away must not have
/// been the last that really opens.
fn open_remaining(
    arguments: &KeyArguments,
    pki: &Pki<Kept>,
    keyring: &Keyring,
    slot: &SlotName,
) -> Result<Unlocked, Error> {
    keys::open(arguments, pki, keyring).map_err(|error| match error {
        Error::Seal(source) | Error::WrongPassphrase { source, .. } => Error::OthersUnproved {
            slot: slot.clone(),
            source,
        },
        other => other,
    })
}

/// The tiers of which nobody has shown that something else opens them.
fn untried(keys: &Unlocked, taken: Option<Tiers>) -> Option<Tiers> {
    Tiers::where_true(|tier| taken.is_some_and(|taken| taken.contains(tier)) && !keys.is_open(tier))
}

/// The PKI, locked against others if it is to be changed, and its keyring.
pub(super) fn open_pki(dry_run: bool) -> Result<(Pki<Kept>, Keyring), Error> {
    opened::existing((!dry_run).then_some("ca slot"))
}

/// Whether a slot only loses a tier, for which it need not be locked anew.
fn only_narrows(arguments: &LockArguments, slot: &Slot, tiers: Tiers) -> bool {
    !is_given(arguments)
        && tiers != slot.tiers()
        && tiers.iter().all(|tier| slot.tiers().contains(tier))
}

/// What a slot is to be locked with, read.
pub(super) enum NewLock {
    #[cfg(feature = "age")]
    Age(Vec<AgeRecipient>),
    Passphrase(Passphrase),
}

impl NewLock {
    fn read(arguments: &LockArguments) -> Result<Self, Error> {
        #[cfg(feature = "age")]
        if !arguments.recipients.is_empty() {
            return Ok(Self::Age(arguments.recipients.clone()));
        }
        let file = arguments.new_passphrase_file.as_deref();
        let command = arguments.new_passphrase_command.as_deref();
        let secret = Source::new_passphrase(file, command).read(true)?;
        Ok(Self::Passphrase(secrets::new_passphrase(&secret)?))
    }

    fn lock(&self) -> Lock<'_> {
        match self {
            #[cfg(feature = "age")]
            Self::Age(recipients) => Lock::Age(recipients),
            Self::Passphrase(passphrase) => Lock::Passphrase(passphrase, KdfParameters::default()),
        }
    }
}

fn is_given(arguments: &LockArguments) -> bool {
    #[cfg(feature = "age")]
    if !arguments.recipients.is_empty() {
        return true;
    }
    arguments.new_passphrase_file.is_some() || arguments.new_passphrase_command.is_some()
}
