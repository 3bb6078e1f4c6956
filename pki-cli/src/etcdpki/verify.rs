//! `etcdpki verify`: check the whole PKI, or files.

mod files;
mod rules;
mod vault;
mod view;

use std::process::ExitCode;

use pki_core::lint::{self, Severity};
use pki_core::store::StoreError;
use pki_core::verify;
use time::OffsetDateTime;

use super::args::Verify;
use super::description;
use super::error::Error;
use super::output;
use super::{keys, opened};
use view::View;

/// Runs the command.
pub(super) fn run(arguments: &Verify) -> Result<ExitCode, Error> {
    if arguments.rules {
        return rules::run(arguments.json);
    }
    let now = arguments.at.unwrap_or_else(OffsetDateTime::now_utc);
    let view = match arguments.files.is_empty() {
        true => whole(arguments, now)?,
        false => files::check(arguments, now)?,
    };
    match arguments.json {
        true => output::print_json(&view.json())?,
        false => output::print(&view.text())?,
    }
    Ok(match view.report.count(Severity::Error) {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(FOUND),
    })
}

fn whole(arguments: &Verify, now: OffsetDateTime) -> Result<View, Error> {
    let cluster = description::read()?;
    let mut unusable = None;
    let pki = match arguments.without_keys {
        // The keyring may be kept elsewhere.
        true => opened::without_keyring()?,
        false => match opened::read_only() {
            Err(Error::Store(StoreError::NoKeyring { path })) => {
                unusable = Some((
                    path,
                    "it is missing, and no key opens without it".to_owned(),
                ));
                opened::without_keyring()?
            }
            opened => opened?,
        },
    };
    let keyring = match arguments.without_keys {
        true => Ok(None),
        false => pki.keyring(),
    };
    let keyring = match keyring {
        Ok(keyring) => keyring,
        Err(StoreError::Keyring { path, source }) => {
            unusable = Some((path, source.to_string()));
            None
        }
        Err(error) => return Err(error.into()),
    };
    let keys = keyring.map(|keyring| keys::open_unproved(&arguments.keys, &keyring));
    let keys = keys.transpose().map_err(Error::unopened)?;
    let mut report = verify::verify(&cluster, &pki, keys.as_ref(), now)?;
    if let Some((path, message)) = unusable {
        report.found(&path, &lint::pki::KEYRING, message);
    }
    let vault = vault::check(&cluster, &pki, keys.as_ref(), &arguments.vault, &mut report)?;
    Ok(View::whole(report, keys.is_some(), vault))
}

/// The exit code that says that something was found.
const FOUND: u8 = 3;
