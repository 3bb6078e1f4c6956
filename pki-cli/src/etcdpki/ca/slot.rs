//! `etcdpki ca slot`: who can open the sealed keys.

mod report;

use std::path::Path;
use std::process::ExitCode;

#[cfg(feature = "age")]
use pki_core::seal::AgeRecipient;
use pki_core::seal::{KdfParameters, Keyring, Lock, LockKind, Passphrase, Slot, Tiers};
use pki_core::store::{Directory, Pki};

use crate::etcdpki::args::{
    self, LockArguments, SlotAdd, SlotChange, SlotList, SlotRemove, SlotRotate,
};
use crate::etcdpki::error::Error;
use crate::etcdpki::init::PKI;
use crate::etcdpki::secrets::{self, PASSPHRASE_FILE, Source};
use crate::etcdpki::{keys, output};
pub(super) use report::{Done, Listing};

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
    let pki = Pki::new(Directory::open_read_only(Path::new(PKI))?);
    let keyring = keyring(&pki)?;
    let listing = Listing::of(&keyring);
    match arguments.json {
        true => output::print_json(&listing),
        false => output::print(&listing.to_text()),
    }
}

fn add(arguments: &SlotAdd) -> Result<(), Error> {
    let (mut pki, mut keyring) = open_pki()?;
    let keys = keys::open(&arguments.keys, &pki, &keyring)?;
    let lock = NewLock::read(&arguments.lock)?;
    let name = arguments.name.clone();
    keyring.add_slot(name, lock.lock(), arguments.tier, &keys)?;
    pki.put_keyring(&keyring)?;
    Done::new("added", &arguments.name, &keyring).print(arguments.json)
}

fn change(arguments: &SlotChange) -> Result<(), Error> {
    let (mut pki, mut keyring) = open_pki()?;
    let name = &arguments.name;
    let slot = keyring.slot(name)?.clone();
    let tiers = arguments.tier.unwrap_or(slot.tiers());
    let mut is_passphrase = false;
    if only_narrows(&arguments.lock, &slot, tiers) {
        for tier in slot.tiers().iter().filter(|tier| !tiers.contains(*tier)) {
            keyring.withdraw(name, tier)?;
        }
    } else {
        // Those in the file could be somebody else's by now.
        if matches!(slot.kind(), LockKind::Age(_)) && !is_given(&arguments.lock) {
            return Err(Error::RecipientsNeeded { slot: name.clone() });
        }
        let keys = keys::open(&arguments.keys, &pki, &keyring)?;
        let lock = NewLock::read(&arguments.lock)?;
        is_passphrase = matches!(lock, NewLock::Passphrase(_));
        keyring.change_slot(name, lock.lock(), tiers, &keys)?;
    }
    pki.put_keyring(&keyring)?;
    Done::new("changed", name, &keyring)
        .with_old_copies(!slot.tiers().iter().all(|tier| tiers.contains(tier)))
        .with_stale_file(is_passphrase && Path::new(PASSPHRASE_FILE).exists())
        .print(arguments.json)
}

fn remove(arguments: &SlotRemove) -> Result<(), Error> {
    let (mut pki, mut keyring) = open_pki()?;
    let name = &arguments.name;
    let tiers = keyring.slot(name)?.tiers();
    let mut resealed = None;
    if arguments.rotate_data_keys {
        let keys = keys::open(&arguments.keys, &pki, &keyring)?;
        keyring.remove_slot(name)?;
        let keys = keyring.replace_data_keys(tiers, &keys)?;
        resealed = Some(pki.reseal(&keyring, &keys)?);
        keyring = self::keyring(&pki)?;
    } else {
        keyring.remove_slot(name)?;
        pki.put_keyring(&keyring)?;
    }
    Done::new("removed", name, &keyring)
        .with_old_copies(true)
        .with_resealed(resealed)
        .print(arguments.json)
}

fn rotate(arguments: &SlotRotate) -> Result<(), Error> {
    let (mut pki, mut keyring) = open_pki()?;
    let mut keys = keys::open(&arguments.keys, &pki, &keyring)?;
    if keyring.retiring().is_none() {
        let tiers = arguments.tier.or(keys.tiers()).unwrap_or(Tiers::Both);
        keys = keyring.replace_data_keys(tiers, &keys)?;
    }
    let resealed = pki.reseal(&keyring, &keys)?;
    Done::rotated(&self::keyring(&pki)?, resealed).print(arguments.json)
}

/// The PKI, locked against others, and its keyring.
pub(super) fn open_pki() -> Result<(Pki<Directory>, Keyring), Error> {
    let read_only = Pki::new(Directory::open_read_only(Path::new(PKI))?);
    // Nothing is made where there is no PKI.
    keyring(&read_only)?;
    let pki = Pki::new(Directory::open(Path::new(PKI))?);
    let keyring = keyring(&pki)?;
    Ok((pki, keyring))
}

fn keyring(pki: &Pki<Directory>) -> Result<Keyring, Error> {
    let missing = || Error::NoKeyring { path: PKI.into() };
    pki.keyring()?.ok_or_else(missing)
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
