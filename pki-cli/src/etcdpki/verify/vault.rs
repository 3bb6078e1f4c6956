//! Vault files against the PKI.

use std::fs;
use std::io;
use std::path::Path;

use pki_core::Cluster;
use pki_core::converge::{ConvergeError, State};
use pki_core::document::{self, Document};
use pki_core::lint::pki as rules;
use pki_core::name::Label;
use pki_core::seal::Unlocked;
use pki_core::store::{Directory, Pki, StoredLeaf};
use pki_core::verify::Report;
use vault_format::Secret;
use zeroize::Zeroizing;

use crate::etcdpki::args::VaultArguments;
use crate::etcdpki::error::Error;
use crate::etcdpki::files::{self, Old};
use crate::etcdpki::secrets::{self, Source};

/// What became of the comparison.
pub(super) enum Vault {
    /// So many files were compared.
    Compared(usize),
    /// They were not opened.
    Skipped(&'static str),
}

/// Finds vault files in clear, and, where they can be opened, those that are not what they
/// should be.
pub(super) fn check(
    cluster: &Cluster,
    pki: &Pki<Directory>,
    keys: Option<&Unlocked>,
    arguments: &VaultArguments,
    report: &mut Report,
) -> Result<Vault, Error> {
    for path in document::vault_paths(cluster) {
        in_clear(&path, report)?;
    }
    let Some(keys) = keys else {
        return Ok(Vault::Skipped("the keys were not opened"));
    };
    let Some(password) = Source::vault_password(arguments).without_prompt()? else {
        return Ok(Vault::Skipped("no vault password is at hand"));
    };
    let state = match State::read(cluster, pki) {
        Ok(state) => state,
        Err(ConvergeError::Incomplete(_) | ConvergeError::Store(_)) => {
            return Ok(Vault::Skipped("certificates are missing or cannot be read"));
        }
        Err(error) => return Err(error.into()),
    };
    let key = |leaf: &StoredLeaf| Ok(pki.leaf_key(leaf, keys)?.to_pem());
    let Ok(documents) = document::documents(cluster, &state, key) else {
        return Ok(Vault::Skipped("a key does not open"));
    };
    let secret = secrets::vault_secret(&password)?;
    let mut compared = 0;
    for document in &documents {
        let own = match &document.host {
            // Of a node whose password is elsewhere the file cannot be opened here.
            Some(node) => match host_secret(node)? {
                Some(secret) => Some(secret),
                None => continue,
            },
            None => None,
        };
        let secret = own.as_ref().unwrap_or(&secret);
        compared += usize::from(is_current(document, secret, report)?);
    }
    Ok(Vault::Compared(compared))
}

fn host_secret(node: &Label) -> Result<Option<Secret>, Error> {
    let file = secrets::host_password_file(node);
    let password = Source::host_password(&file).without_prompt()?;
    password.as_ref().map(secrets::vault_secret).transpose()
}

/// Whether a file is what it would be written as now; what is wrong with it is reported.
fn is_current(document: &Document, secret: &Secret, report: &mut Report) -> Result<bool, Error> {
    let path = &document.path;
    let merged = Old::read(document, secret).and_then(|old| files::merge(document, &old));
    let (rule, message) = match merged {
        Ok(None) => return Ok(true),
        Ok(Some(_)) if Path::new(path).exists() => (
            &rules::VAULT_STALE,
            "it does not hold the newest certificates and keys".to_owned(),
        ),
        Ok(Some(_)) => (&rules::VAULT_STALE, "it is missing".to_owned()),
        // Found before.
        Err(Error::NotEncrypted { .. }) => return Ok(false),
        Err(Error::Vault { source, .. }) => (&rules::VAULT_UNREADABLE, source.to_string()),
        Err(Error::Merge { source, .. }) => (&rules::VAULT_UNREADABLE, source.to_string()),
        Err(Error::NotText { .. }) => (&rules::VAULT_UNREADABLE, "it is not text".to_owned()),
        Err(error) => return Err(error),
    };
    report.found(path, rule, message);
    Ok(false)
}

fn in_clear(path: &str, report: &mut Report) -> Result<(), Error> {
    let content = match fs::read(path) {
        Ok(content) => Zeroizing::new(content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io(path, error)),
    };
    if !vault_format::is_encrypted(&content) {
        let message = format!("not encrypted: run `vault encrypt {path}`");
        report.found(path, &rules::VAULT_IN_CLEAR, message);
    }
    Ok(())
}
