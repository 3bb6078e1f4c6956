//! What `etcdpki ca slot` tells.

use std::fmt::Write as _;

use pki_core::seal::{Keyring, LockKind, SlotName, Tier, Tiers};
use serde::{Serialize, Serializer};

use crate::etcdpki::error::Error;
use crate::etcdpki::output::{self, BAD, GOOD, HEADING};
use crate::etcdpki::place::Place;
use crate::etcdpki::secrets::PASSPHRASE_FILE;

/// The slots of a keyring.
#[derive(Debug, Serialize)]
pub(in crate::etcdpki) struct Listing {
    cluster: String,
    slots: Vec<Slot>,
    /// The tiers whose data key is being replaced.
    unfinished: Option<String>,
}

#[derive(Debug, Serialize)]
struct Slot {
    name: String,
    kind: &'static str,
    /// What stretches its passphrase, and at which cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    kdf: Option<Kdf>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recipients: Vec<String>,
    tiers: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Kdf {
    algorithm: &'static str,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Kdf {
    fn to_text(&self) -> String {
        let Self {
            algorithm,
            memory_kib,
            passes,
            lanes,
        } = self;
        format!("{algorithm}, {memory_kib} KiB, {passes} passes, {lanes} lanes")
    }
}

impl Listing {
    pub(in crate::etcdpki) fn of(keyring: &Keyring) -> Self {
        let slots = keyring.slots().iter().map(|slot| {
            let (kind, recipients, kdf) = match slot.kind() {
                LockKind::Age(recipients) => ("age", recipients, None),
                LockKind::Passphrase(parameters) => {
                    let kdf = Kdf {
                        algorithm: "argon2id",
                        memory_kib: parameters.memory_kib,
                        passes: parameters.passes,
                        lanes: parameters.lanes,
                    };
                    ("passphrase", &[][..], Some(kdf))
                }
            };
            Slot {
                name: slot.name().to_string(),
                kind,
                kdf,
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

    pub(in crate::etcdpki) fn to_text(&self) -> String {
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
            let with = match (&slot.kdf, slot.recipients.as_slice()) {
                (Some(kdf), _) => format!("{} ({})", slot.kind, kdf.to_text()),
                (None, recipients) => recipients.join(&format!("\n{:width$}  {:13}  ", "", "")),
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
pub(super) struct Done {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<String>,
    /// The tiers whose data keys were replaced.
    #[serde(serialize_with = "name_of", skip_serializing_if = "Option::is_none")]
    tiers: Option<Tiers>,
    dry_run: bool,
    #[serde(flatten)]
    changed: Changed,
    #[serde(flatten)]
    listing: Listing,
}

/// What else there is to tell.
#[derive(Debug, Default, Serialize)]
pub(super) struct Changed {
    /// How many keys were sealed anew, if the data keys were replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resealed: Option<usize>,
    /// Whether somebody may keep a copy of the directory that opens as before.
    pub(super) old_copies_open: bool,
    /// Whether the default file may hold a passphrase that was just changed.
    #[serde(skip)]
    pub(super) stale_file: bool,
    /// The tiers that were taken from a slot, and that nobody has opened without it.
    #[serde(serialize_with = "name_of", skip_serializing_if = "Option::is_none")]
    pub(super) untried: Option<Tiers>,
}

impl Done {
    pub(super) fn new(action: &'static str, slot: &SlotName, keyring: &Keyring) -> Self {
        Self {
            action,
            slot: Some(slot.to_string()),
            tiers: None,
            dry_run: false,
            changed: Changed::default(),
            listing: Listing::of(keyring),
        }
    }

    /// New data keys for `tiers`, or those of a replacement that was interrupted.
    pub(super) fn rotated(
        tiers: Tiers,
        finished: bool,
        resealed: Option<usize>,
        keyring: &Keyring,
    ) -> Self {
        Self {
            action: match finished {
                true => "replaced, as an interrupted command had begun to",
                false => "replaced",
            },
            slot: None,
            tiers: Some(tiers),
            dry_run: false,
            changed: Changed {
                resealed,
                old_copies_open: true,
                ..Changed::default()
            },
            listing: Listing::of(keyring),
        }
    }

    pub(super) fn with(mut self, changed: Changed) -> Self {
        self.changed = changed;
        self
    }

    pub(super) fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
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
        let what = match (&self.slot, self.tiers) {
            (Some(slot), _) => format!("Slot `{slot}`"),
            (None, Some(Tiers::Issuing)) => "The data key of the issuing tier".to_owned(),
            (None, Some(Tiers::Root)) => "The data key of the root tier".to_owned(),
            (None, _) => "The data keys of both tiers".to_owned(),
        };
        let verb = match (self.dry_run, self.tiers) {
            (true, _) => "would be",
            (false, Some(Tiers::Both)) => "were",
            (false, _) => "was",
        };
        let _ = writeln!(text, "{GOOD}{what} {verb} {}{GOOD:#}", self.action);
        if let Some(resealed) = self.changed.resealed {
            let keys = if resealed == 1 { "key" } else { "keys" };
            let _ = writeln!(text, "{resealed} {keys} sealed anew");
        }
        let _ = write!(text, "\n{}", self.listing.to_text());
        match self.dry_run {
            true => text.push_str("\nNothing was written: this is a dry run.\n"),
            false => self.write_remarks(&mut text),
        }
        text
    }

    fn write_remarks(&self, text: &mut String) {
        if let Some(tiers) = self.changed.untried {
            let _ = writeln!(
                text,
                "\n{BAD}That another slot opens the {tiers} tier was not tried{BAD:#}: do it now, with its secret:\n  etcdpki verify"
            );
        }
        if self.changed.stale_file {
            let _ = writeln!(
                text,
                "\nIf {PASSPHRASE_FILE} holds the passphrase of this slot, put the new one into it."
            );
        }
        if !self.changed.old_copies_open {
            return;
        }
        let _ = writeln!(
            text,
            "\n{BAD}A copy of {}/ from before, as in the history of git, opens as before.{BAD:#}",
            Place::own()
        );
        let _ = match self.changed.resealed {
            None => writeln!(
                text,
                "Who could open the slot may know the data keys too, and open what is sealed from now on.\nReplace them: etcdpki ca slot rotate"
            ),
            Some(_) => writeln!(
                text,
                "Private keys in it stay known to who could open it: issue those certificates anew where that matters."
            ),
        };
    }
}

fn name_of<S: Serializer>(tiers: &Option<Tiers>, serializer: S) -> Result<S::Ok, S::Error> {
    tiers.map(Tiers::as_str).serialize(serializer)
}
