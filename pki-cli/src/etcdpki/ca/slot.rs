//! `etcdpki ca slot`: who can open the sealed keys.

use std::path::Path;
use std::process::ExitCode;

use pki_core::seal::Keyring;
use pki_core::store::{Directory, Pki};
use serde::Serialize;

use crate::etcdpki::args::{Slot, SlotList};
use crate::etcdpki::error::Error;
use crate::etcdpki::init::PKI;
use crate::etcdpki::output;

/// Runs the command.
pub(super) fn run(arguments: &Slot) -> Result<ExitCode, Error> {
    match arguments {
        Slot::List(arguments) => list(arguments),
    }
}

fn list(arguments: &SlotList) -> Result<ExitCode, Error> {
    let pki = Pki::new(Directory::open_read_only(Path::new(PKI))?);
    let keyring = pki
        .keyring()?
        .ok_or_else(|| Error::NoKeyring { path: PKI.into() })?;
    match arguments.json {
        true => output::print_json(&Listing::of(&keyring))?,
        false => {
            let names: Vec<_> = keyring.slot_names().collect();
            output::print(&format!("{}\n", names.join("\n")))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
struct Listing<'a> {
    slots: Vec<&'a str>,
}

impl<'a> Listing<'a> {
    fn of(keyring: &'a Keyring) -> Self {
        Self {
            slots: keyring.slot_names().collect(),
        }
    }
}
