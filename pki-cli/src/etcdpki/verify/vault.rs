//! Vault files against the PKI.

use std::fs;
use std::io::{self, Cursor};
use std::path::Path;

use pki_core::Cluster;
use pki_core::converge::{ConvergeError, State};
use pki_core::document::{self, AnsibleRole, Document};
use pki_core::lint::pki as rules;
use pki_core::name::Label;
use pki_core::seal::Unlocked;
use pki_core::store::{Pki, StoredLeaf};
use pki_core::verify::Report;
use vault_format::{Decryptor, Secret};
use zeroize::Zeroizing;

use crate::envelope;
use crate::etcdpki::args::VaultArguments;
use crate::etcdpki::error::Error;
use crate::etcdpki::files::{self, Old};
use crate::etcdpki::place::Kept;
use crate::etcdpki::secrets::{self, Source};

/// What became of the comparison.
pub(super) enum Vault {
    /// So many files were compared.
    Compared(usize),
    /// They were not opened.
    Skipped(&'static str),
}

impl Vault {
    /// What to tell of files that were not opened.
    pub(super) fn skipped(&self) -> Option<String> {
        match self {
            Self::Compared(_) => None,
            Self::Skipped(why) => Some(format!(
                "the contents of vault files were not compared: {why}"
            )),
        }
    }
}

/// Finds vault files in clear, and, where they can be opened, those that are not what they
/// should be.
pub(super) fn check(
    cluster: &Cluster,
    pki: &Pki<Kept>,
    keys: Option<&Unlocked>,
    arguments: &VaultArguments,
    report: &mut Report,
) -> Result<Vault, Error> {
    list(pki, report)?;
    let paths = document::vault_paths(cluster);
    for path in &paths {
        whole(path, report);
    }
    let Some(keys) = keys else {
        return Ok(Vault::Skipped("the keys were not opened"));
    };
    let source = Source::vault_password(arguments);
    // Nobody is asked for what would open nothing.
    let mut encrypted = paths.iter().map(Path::new);
    let password = match encrypted.find(|path| envelope::is_at(path)) {
        Some(path) => source.read_or_skip(|password| files::opens(path, password))?,
        None => source.without_prompt()?,
    };
    let Some(password) = password else {
        return Ok(Vault::Skipped("no vault password is at hand"));
    };
    let secret = secrets::vault_secret(&password)?;
    match documents(cluster, pki, keys, report)? {
        Ok(documents) => compare(&documents, &secret, report).map(Vault::Compared),
        Err(why) => {
            for path in AnsibleRole::ALL.map(AnsibleRole::vault_path) {
                opens(Path::new(&path), &secret, report);
            }
            Ok(Vault::Skipped(why))
        }
    }
}

/// Finds a list beside the PKI that is another than the one in it. Where there is none, the role takes
/// that from a directory.
fn list(pki: &Pki<Kept>, report: &mut Report) -> Result<(), Error> {
    // One that cannot be read was found before.
    if let Ok(Some((path, content))) = pki.revocation_list_file()
        && Path::new(files::LIST).exists()
        && !files::has_list(&content)?
    {
        let message = format!("it is not the list that is in {path}");
        report.found(files::LIST, &rules::CRL_STALE, message);
    }
    Ok(())
}

/// What the files should hold, or why that cannot be known.
fn documents(
    cluster: &Cluster,
    pki: &Pki<Kept>,
    keys: &Unlocked,
    report: &Report,
) -> Result<Result<Vec<Document>, &'static str>, Error> {
    let state = match State::read(cluster, pki) {
        Ok(state) => state,
        Err(ConvergeError::Incomplete(_) | ConvergeError::Store(_)) => {
            return Ok(Err("certificates are missing or cannot be read"));
        }
        Err(ConvergeError::Standing(_)) => {
            return Ok(Err("it is not known which authority signs and is trusted"));
        }
        Err(error) => return Err(error.into()),
    };
    let authorities = state.authorities.iter();
    let mut paths = authorities
        .map(|stored| pki.locate_authority(stored))
        .chain(state.leaves.iter().map(|stored| pki.locate_leaf(stored)));
    if paths.any(|path| was_changed(&path, report)) {
        return Ok(Err("certificates were changed"));
    }
    let key = |leaf: &StoredLeaf| Ok(pki.leaf_key(leaf, keys)?.to_pem());
    Ok(document::documents(cluster, &state, key).map_err(|_| "a key does not open"))
}

fn was_changed(path: &str, report: &Report) -> bool {
    let mut findings = report.findings.iter();
    findings.any(|finding| {
        finding.path == path && [&rules::CHANGED, &rules::SIGNATURE].contains(&finding.lint)
    })
}

fn compare(documents: &[Document], secret: &Secret, report: &mut Report) -> Result<usize, Error> {
    let mut compared = 0;
    for document in documents {
        let own = match &document.host {
            // Of a node whose password is elsewhere the file cannot be opened here.
            Some(node) => match host_secret(node)? {
                Some(secret) => Some(secret),
                None => continue,
            },
            None => None,
        };
        let secret = own.as_ref().unwrap_or(secret);
        compared += usize::from(is_current(document, secret, report)?);
    }
    Ok(compared)
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
        Err(Error::Vault { source, .. }) => {
            does_not_open(path, &source, report);
            return Ok(false);
        }
        Err(Error::Merge { source, .. }) => (&rules::VAULT_UNREADABLE, source.to_string()),
        Err(Error::NotText { .. }) => (&rules::VAULT_UNREADABLE, "it is not text".to_owned()),
        // Found before too.
        Err(Error::Io { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    report.found(path, rule, message);
    Ok(false)
}

/// Finds what needs no password to be seen.
fn whole(path: &str, report: &mut Report) {
    let content = match fs::read(path) {
        Ok(content) => Zeroizing::new(content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => {
            report.found(path, &rules::VAULT_UNREADABLE, error.to_string());
            return;
        }
    };
    if files::is_in_clear(&content) {
        let message = format!("not encrypted: run `vault encrypt {path}`");
        report.found(path, &rules::VAULT_IN_CLEAR, message);
        return;
    }
    let vault = Decryptor::new(Cursor::new(&content[..]));
    if let Err(error) = vault.and_then(|mut vault| vault.validate()) {
        report.found(path, &rules::VAULT_DAMAGED, error.to_string());
    }
}

/// Unless it is known why.
fn does_not_open(path: &str, error: &vault_format::Error, report: &mut Report) {
    let mut findings = report.findings.iter();
    if !findings.any(|finding| finding.path == path && finding.lint == &rules::VAULT_DAMAGED) {
        report.found(path, &rules::VAULT_UNREADABLE, error.to_string());
    }
}

/// What can be told of a file where it is not known what it should hold.
fn opens(path: &Path, secret: &Secret, report: &mut Report) {
    if !envelope::is_at(path) {
        return;
    }
    // What cannot be read was found before.
    let Ok(content) = fs::read(path) else {
        return;
    };
    if let Err(error) = vault_format::decrypt(&content, secret) {
        does_not_open(&path.display().to_string(), &error, report);
    }
}
