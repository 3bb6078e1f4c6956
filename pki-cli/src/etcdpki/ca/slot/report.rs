//! What `etcdpki ca slot` tells.

use std::fmt::Write as _;

use pki_core::seal::{Keyring, LockKind, SlotName, Tier};
use serde::Serialize;

use crate::etcdpki::error::Error;
use crate::etcdpki::output::{self, BAD, GOOD, HEADING};
use crate::etcdpki::secrets::PASSPHRASE_FILE;

/// The slots of a keyring.
#[derive(Debug, Serialize)]
pub(in crate::etcdpki::ca) struct Listing {
    cluster: String,
    slots: Vec<Slot>,
    /// The tiers whose data key is being replaced.
    unfinished: Option<String>,
}

#[derive(Debug, Serialize)]
struct Slot {
    name: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recipients: Vec<String>,
    tiers: Vec<&'static str>,
}

impl Listing {
    pub(in crate::etcdpki::ca) fn of(keyring: &Keyring) -> Self {
        let slots = keyring.slots().iter().map(|slot| {
            let (kind, recipients) = match slot.kind() {
                LockKind::Age(recipients) => ("age", recipients),
                LockKind::Passphrase(_) => ("passphrase", &[][..]),
            };
            Slot {
                name: slot.name().to_string(),
                kind,
                recipients: recipients.iter().map(ToString::to_string).collect(),
                tiers: slot.tiers().iter().map(Tier::as_str).collect(),
            }
        });
        Self {
            cluster: keyring.cluster().to_owned(),
            slots: slots.collect(),
            unfinished: keyring.retiring().map(|tiers| tiers.to_string()),
        }
    }

    pub(in crate::etcdpki::ca) fn to_text(&self) -> String {
        let mut text = String::new();
        let width = self.slots.iter().map(|slot| slot.name.len()).max();
        let width = width.unwrap_or(0).max(4);
        let _ = writeln!(
            text,
            "{HEADING}{:width$}  opens          with{HEADING:#}",
            "slot"
        );
        for slot in &self.slots {
            let tiers = slot.tiers.join(", ");
            let with = match slot.recipients.as_slice() {
                [] => slot.kind.to_owned(),
                recipients => recipients.join(&format!("\n{:width$}  {:13}  ", "", "")),
            };
            let _ = writeln!(text, "{:width$}  {tiers:13}  {with}", slot.name);
        }
        if self.unfinished.is_some() {
            let _ = writeln!(
                text,
                "\n{BAD}The replacement of data keys was interrupted{BAD:#}; every key opens. Finish it:\n  etcdpki ca slot rotate"
            );
        }
        text
    }
}

/// What a command did to the slots.
#[derive(Debug, Serialize)]
pub(in crate::etcdpki::ca) struct Done {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<String>,
    /// How many keys were sealed anew, if the data keys were replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    resealed: Option<usize>,
    /// Whether somebody may keep a copy of the directory that opens as before.
    old_copies_open: bool,
    /// Whether the default file may hold a passphrase that was just changed.
    #[serde(skip)]
    stale_file: bool,
    #[serde(flatten)]
    listing: Listing,
}

impl Done {
    pub(super) fn new(action: &'static str, slot: &SlotName, keyring: &Keyring) -> Self {
        Self {
            action,
            slot: Some(slot.to_string()),
            resealed: None,
            old_copies_open: false,
            stale_file: false,
            listing: Listing::of(keyring),
        }
    }

    pub(super) fn rotated(keyring: &Keyring, resealed: usize) -> Self {
        Self {
            action: "rotated",
            slot: None,
            resealed: Some(resealed),
            old_copies_open: true,
            stale_file: false,
            listing: Listing::of(keyring),
        }
    }

    pub(super) fn with_old_copies(mut self, open: bool) -> Self {
        self.old_copies_open = open;
        self
    }

    pub(super) fn with_stale_file(mut self, stale: bool) -> Self {
        self.stale_file = stale;
        self
    }

    pub(super) fn with_resealed(mut self, resealed: Option<usize>) -> Self {
        self.resealed = resealed;
        self
    }

    pub(super) fn print(&self, json: bool) -> Result<(), Error> {
        match json {
            true => output::print_json(self),
            false => output::print(&self.to_text()),
        }
    }

    fn to_text(&self) -> String {
        let mut text = String::new();
        let _ = match &self.slot {
            Some(slot) => writeln!(text, "{GOOD}Slot `{slot}` was {}{GOOD:#}", self.action),
            None => writeln!(text, "{GOOD}The data keys were replaced{GOOD:#}"),
        };
        if let Some(resealed) = self.resealed {
            let _ = writeln!(text, "{resealed} keys were sealed anew");
        }
        let _ = write!(text, "\n{}", self.listing.to_text());
        if self.stale_file {
            let _ = writeln!(
                text,
                "\nIf {PASSPHRASE_FILE} holds the passphrase of this slot, put the new one into it."
            );
        }
        if self.old_copies_open {
            self.write_warning(&mut text);
        }
        text
    }

    fn write_warning(&self, text: &mut String) {
        let _ = writeln!(
            text,
            "\n{BAD}A copy of pki/ from before, as in the history of git, opens as before.{BAD:#}"
        );
        let _ = match (self.resealed, &self.slot) {
            (None, _) => writeln!(
                text,
                "Who could open the slot may know the data keys too, and open what is sealed from now on.\nReplace them: etcdpki ca slot rotate"
            ),
            (Some(_), _) => writeln!(
                text,
                "Private keys in it stay known to who could open it: issue those certificates anew where that matters."
            ),
        };
    }
}
