//! `etcdpki ca escrow`: the root's key for safe keeping, and out of reach.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use pki_core::hierarchy::AuthorityName;
use pki_core::key::PrivateKey;
use pki_core::seal::{self, AgeIdentities, Keyring, Lock, Tier, Tiers, Unlocked};
use pki_core::store::atomic::{self, Access};
use pki_core::store::{Pki, StoredAuthority};
use serde::Serialize;

use super::slot::{Listing, open_pki};
use crate::etcdpki::args::Escrow;
use crate::etcdpki::error::Error;
use crate::etcdpki::keys::{self, age};
use crate::etcdpki::opened;
use crate::etcdpki::output::{self, BAD, GOOD, HEADING};
use crate::etcdpki::place::{Kept, Place};

/// Runs the command.
pub(super) fn run(arguments: &Escrow) -> Result<ExitCode, Error> {
    let (mut pki, keyring) = open_pki(arguments.dry_run)?;
    if arguments.out.symlink_metadata().is_ok() {
        let path = arguments.out.clone();
        return Err(Error::Exists { path });
    }
    let keys = keys::open(&arguments.keys, &pki, &keyring)?;
    let root = pki.authority(AuthorityName::Root)?.ok_or(Error::NoRoot)?;
    let key = pki.authority_key(&root, &keys)?;
    let file = seal::escrow(&key, &arguments.recipients)?;
    let identities = match &arguments.prove_with {
        Some(identity) => Some(prove(arguments, identity, &file, &key)?),
        None => None,
    };
    // Before the file is there, it is known whether the slots can be changed.
    let offline = match (arguments.take_offline, identities) {
        (true, Some(identities)) => Some(Offline::plan(arguments, identities, &keyring, keys)?),
        _ => None,
    };
    let mut slots = Listing::of(&keyring);
    if !arguments.dry_run {
        atomic::replace(&arguments.out, file.as_bytes(), Access::Owner)?;
        if let Some(offline) = &offline {
            slots = Listing::of(&offline.apply(&mut pki, &root)?);
        }
    }
    let report = Report {
        file: arguments.out.display().to_string(),
        subject: root.certificate.subject.clone(),
        proved: arguments.prove_with.is_some(),
        offline: offline.is_some(),
        dry_run: arguments.dry_run,
        slots,
    };
    match arguments.json {
        true => output::print_json(&report)?,
        false => output::print(&report.to_text())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens the file again, with nothing but the identity.
fn prove(
    arguments: &Escrow,
    identity: &Path,
    file: &str,
    key: &PrivateKey,
) -> Result<AgeIdentities, Error> {
    let identities = age::identities(identity)?;
    match seal::open_escrow(file.as_bytes(), &identities) {
        Ok(opened) if opened.public() == key.public() => Ok(identities),
        _ => Err(Error::EscrowUnproved {
            path: arguments.out.clone(),
            identity: identity.to_owned(),
        }),
    }
}

/// The keyring in which a slot of the recipients alone opens the root tier.
struct Offline {
    keyring: Keyring,
    keys: Unlocked,
    identities: AgeIdentities,
}

impl Offline {
    fn plan(
        arguments: &Escrow,
        identities: AgeIdentities,
        keyring: &Keyring,
        keys: Unlocked,
    ) -> Result<Self, Error> {
        let mut keyring = keyring.clone();
        let others: Vec<_> = keyring
            .slots()
            .iter()
            .map(|slot| slot.name().clone())
            .collect();
        let name = arguments.offline_slot.clone();
        keyring.add_slot(name, Lock::Age(&arguments.recipients), Tiers::Root, &keys)?;
        for other in &others {
            keyring.withdraw(other, Tier::Root)?;
        }
        let keys = keyring.replace_data_keys(Tiers::Root, keys)?;
        Ok(Self {
            keyring,
            keys,
            identities,
        })
    }

    /// Writes it, and opens the root's key as its keepers will.
    fn apply(&self, pki: &mut Pki<Kept>, root: &StoredAuthority) -> Result<Keyring, Error> {
        pki.reseal(&self.keyring, &self.keys, "the root tier was taken offline")?;
        let keyring = opened::keyring(pki)?;
        pki.authority_key(root, &keyring.unlock_age(&self.identities)?)?;
        Ok(keyring)
    }
}

#[derive(Serialize)]
struct Report {
    file: String,
    subject: String,
    proved: bool,
    offline: bool,
    dry_run: bool,
    #[serde(flatten)]
    slots: Listing,
}

impl Report {
    fn to_text(&self) -> String {
        let Self { file, subject, .. } = self;
        let mut text = String::new();
        let wrote = if self.dry_run { "Would write" } else { "Wrote" };
        let _ = writeln!(text, "{GOOD}{wrote}{GOOD:#} {file}: the key of {subject}");
        let _ = match self.proved {
            true => writeln!(
                text,
                "{GOOD}Proved{GOOD:#}: it opens to that key with the identity"
            ),
            false => writeln!(text, "Not proved: that it opens shows --prove-with FILE"),
        };
        if self.dry_run {
            text.push_str("\nNothing was written: this is a dry run.\n");
            return text;
        }
        if self.offline {
            let _ = writeln!(
                text,
                "\n{GOOD}The root is offline{GOOD:#}: without that identity everything works but the making of a new intermediate\n\n{}\n{BAD}A copy of {}/ from before, as in the history of git, opens as before.{BAD:#}",
                self.slots.to_text(),
                Place::own()
            );
        }
        let _ = writeln!(text, "\n{HEADING}Next{HEADING:#}");
        let _ = writeln!(
            text,
            "  keep the identity and {file} apart from this directory"
        );
        if self.offline {
            let _ = writeln!(
                text,
                "  for a new intermediate: etcdpki init --age-identity FILE\n  to give the root back: etcdpki ca slot add NAME --tier root --age-identity FILE"
            );
        }
        text
    }
}
