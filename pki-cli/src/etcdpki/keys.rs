//! Opening the sealed keys: with an age identity, a passphrase, or both.

use pki_core::seal::{Keyring, LockKind, SealError, Tier, Unlocked};
use pki_core::store::Pki;

use super::args::KeyArguments;
use super::error::Error;
use super::place::Place;
use super::secrets::{self, Source};
use crate::etcdpki::place::Kept;

/// Opens the data keys, and holds them against a key that they must have sealed.
///
/// A passphrase is asked for where no identity is given, or the identities leave the issuing tier
/// closed, or it is given by an option: then both open what they can.
pub(super) fn open(
    arguments: &KeyArguments,
    pki: &Pki<Kept>,
    keyring: &Keyring,
) -> Result<Unlocked, Error> {
    let keys = open_unproved(arguments, keyring)?;
    pki.check_keys(&keys)?;
    Ok(keys)
}

/// The same for who holds them against every key anyway.
pub(super) fn open_unproved(
    arguments: &KeyArguments,
    keyring: &Keyring,
) -> Result<Unlocked, Error> {
    match age::open(arguments, keyring)? {
        None => by_passphrase(arguments, keyring),
        Some(keys) if wants_passphrase(arguments, keyring, &keys) => {
            Ok(keys.join(by_passphrase(arguments, keyring)?)?)
        }
        Some(keys) => Ok(keys),
    }
}

/// The same where a new passphrase was wished for: none can be made for a keyring that is there.
pub(super) fn open_existing(
    arguments: &KeyArguments,
    generate_secrets: bool,
    pki: &Pki<Kept>,
    keyring: &Keyring,
) -> Result<Unlocked, Error> {
    let is_given = || {
        Source::passphrase(&arguments.passphrase)
            .place_for_new()
            .is_none()
    };
    if generate_secrets && !is_given() && age::files(arguments).is_empty() {
        let path = Place::own().to_string().into();
        return Err(Error::NoPassphraseForKeyring { path });
    }
    open(arguments, pki, keyring)
}

fn by_passphrase(arguments: &KeyArguments, keyring: &Keyring) -> Result<Unlocked, Error> {
    if let Some(slot) = &arguments.slot {
        // Before anybody types a passphrase for nothing.
        keyring.slot(slot)?;
    }
    if !opens_with_passphrase(keyring, None) {
        let slots = keyring.slots().iter().map(|slot| slot.name().clone());
        let slots = slots.collect();
        return Err(SealError::NoPassphraseSlot { slots }.into());
    }
    let source = Source::passphrase(&arguments.passphrase);
    source.open(|secret| {
        let passphrase = secrets::passphrase(secret)?;
        let opened = match &arguments.slot {
            Some(slot) => keyring.unlock_slot(slot, &passphrase),
            None => keyring.unlock(&passphrase),
        };
        opened.map_err(|error| match (error, source.origin()) {
            (source @ SealError::WrongPassphrase, Some(origin)) => {
                Error::WrongPassphrase { source, origin }
            }
            (error, _) => error.into(),
        })
    })
}

fn wants_passphrase(arguments: &KeyArguments, keyring: &Keyring, keys: &Unlocked) -> bool {
    let given = &arguments.passphrase;
    given.passphrase_file.is_some()
        || given.passphrase_command.is_some()
        || (!keys.is_open(Tier::Issuing) && opens_with_passphrase(keyring, Some(Tier::Issuing)))
}

/// Whether a passphrase opens a tier, or anything.
fn opens_with_passphrase(keyring: &Keyring, tier: Option<Tier>) -> bool {
    keyring.slots().iter().any(|slot| {
        matches!(slot.kind(), LockKind::Passphrase(_))
            && tier.is_none_or(|tier| slot.tiers().contains(tier))
    })
}

#[cfg(feature = "age")]
pub(super) mod age {
    use std::path::{Path, PathBuf};

    use pki_core::seal::{AgeIdentities, Keyring, SealError, Unlocked};

    use super::opens_with_passphrase;
    use crate::etcdpki::args::KeyArguments;
    use crate::etcdpki::error::Error;
    use crate::password::{self, Readable};

    /// What the identities open, if any are given. Those that the environment names are not
    /// missed where a passphrase opens the keyring too.
    pub(super) fn open(
        arguments: &KeyArguments,
        keyring: &Keyring,
    ) -> Result<Option<Unlocked>, Error> {
        let mut all: Option<AgeIdentities> = None;
        for file in files(arguments) {
            let found = identities(&file)?;
            match &mut all {
                None => all = Some(found),
                Some(all) => all.append(found),
            }
        }
        let Some(identities) = all else {
            return Ok(None);
        };
        match keyring.unlock_age(&identities) {
            Err(SealError::NoAgeSlot { .. } | SealError::WrongIdentity { .. })
                if arguments.age_identities.is_empty() && opens_with_passphrase(keyring, None) =>
            {
                Ok(None)
            }
            result => Ok(Some(result?)),
        }
    }

    /// The identity files that are given.
    pub(super) fn files(arguments: &KeyArguments) -> Vec<PathBuf> {
        let in_environment = || std::env::var_os(VARIABLE).filter(|name| !name.is_empty());
        match arguments.age_identities.is_empty() {
            true => in_environment().map(PathBuf::from).into_iter().collect(),
            false => arguments.age_identities.clone(),
        }
    }

    /// Reads an identity file, which nobody else may read.
    pub(in crate::etcdpki) fn identities(file: &Path) -> Result<AgeIdentities, Error> {
        let content = password::from_file(file, Readable::Refuse).map_err(|source| {
            // The module that reads secrets was made for passwords.
            let reason = source.to_string();
            Error::Password {
                what: "age identity",
                reason: reason
                    .replace("vault password", "identity")
                    .replace("password file", "identity file"),
                hint: source.advice(),
            }
        })?;
        AgeIdentities::from_file_content(&content).map_err(|source| Error::Identity {
            path: file.to_owned(),
            source,
        })
    }

    const VARIABLE: &str = "ETCDPKI_AGE_IDENTITY";
}

#[cfg(not(feature = "age"))]
mod age {
    use std::path::PathBuf;

    use pki_core::seal::{Keyring, Unlocked};

    use crate::etcdpki::args::KeyArguments;
    use crate::etcdpki::error::Error;

    pub(super) fn open(_: &KeyArguments, _: &Keyring) -> Result<Option<Unlocked>, Error> {
        Ok(None)
    }

    pub(super) fn files(_: &KeyArguments) -> Vec<PathBuf> {
        Vec::new()
    }
}
