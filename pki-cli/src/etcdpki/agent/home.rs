//! What an agent keeps on its machine: `DIR/OWNER/identity.txt`, and `agent.json` beside it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use pki_core::key::{Fingerprint, InvalidFingerprint};
use pki_core::seal::{AgeIdentities, AgeRecipient};
use pki_core::store::atomic::{self, Access};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::AgentError;
use crate::etcdpki::error::Error;
use crate::etcdpki::files;

/// The agent of an owner.
#[derive(Debug)]
pub(super) struct Home {
    directory: PathBuf,
    pub(super) identities: AgeIdentities,
    pub(super) known: Known,
    /// Keeps others out as long as it is open.
    _lock: Option<File>,
}

/// What an agent knows besides its identity.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    /// The SHA-256 of the publisher's public key.
    publisher: String,
    /// The delivery that is in place; 0 before the first.
    pub(super) number: u64,
    /// What is in that.
    pub(super) content: String,
    /// When the agent asked to be admitted last.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) asked: OffsetDateTime,
}

impl Home {
    /// Makes it, or goes on with the one that is there: its identity stays. It is none before it is
    /// kept, which is when it has asked.
    pub(super) fn make(
        top: &Path,
        owner: &str,
        publisher: Fingerprint,
        asked: OffsetDateTime,
    ) -> Result<Self, Error> {
        let directory = top.join(owner);
        let known = match files::if_there(&directory.join(KNOWN))? {
            Some(text) => parse(&directory, &text)?,
            None => Known {
                publisher: publisher.to_string(),
                number: 0,
                content: String::new(),
                asked,
            },
        };
        if known.publisher != publisher.to_string() {
            return Err(AgentError::OtherPublisher {
                path: directory.join(KNOWN),
                known: known.publisher,
            }
            .into());
        }
        let identities = match identities(&directory)? {
            Some(identities) => identities,
            None => {
                let (identities, text) = AgeIdentities::generate();
                atomic::replace(&directory.join(IDENTITY), text.as_bytes(), Access::Owner)?;
                identities
            }
        };
        let mut home = Self {
            directory,
            identities,
            known,
            _lock: None,
        };
        home.known.asked = asked;
        Ok(home)
    }

    /// The one that is there. Whoever runs it at the same time is waited for.
    pub(super) fn find(top: &Path, owner: &str) -> Result<Self, Error> {
        let directory = top.join(owner);
        let lock = lock(&directory)?;
        let missing = || AgentError::NotEnrolled {
            path: directory.clone(),
            owner: owner.to_owned(),
        };
        for file in [IDENTITY, KNOWN] {
            // What a killed command left: it may be an identity.
            atomic::remove_leftovers(&directory.join(file))?;
        }
        let text = files::if_there(&directory.join(KNOWN))?.ok_or_else(missing)?;
        Ok(Self {
            identities: identities(&directory)?.ok_or_else(missing)?,
            known: parse(&directory, &text)?,
            directory,
            _lock: lock,
        })
    }

    /// To whom deliveries are encrypted.
    pub(super) fn recipient(&self) -> Option<AgeRecipient> {
        self.identities.recipients().into_iter().next()
    }

    /// Whose signature is trusted.
    pub(super) fn publisher(&self) -> Result<Fingerprint, Error> {
        let publisher = self.known.publisher.parse();
        publisher.map_err(|error: InvalidFingerprint| broken(&self.directory, &error.to_string()))
    }

    /// Keeps what is known now.
    pub(super) fn keep(&self) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(&self.known);
        let text = text.map_err(|source| Error::Json { source })?;
        let path = self.directory.join(KNOWN);
        Ok(atomic::replace(&path, &text, Access::Owner)?)
    }
}

/// Locks a directory that is there.
fn lock(directory: &Path) -> Result<Option<File>, Error> {
    let failed = |error| Error::io(directory, error);
    let opened = match File::open(directory) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    opened.lock().map_err(failed)?;
    Ok(Some(opened))
}

fn identities(directory: &Path) -> Result<Option<AgeIdentities>, Error> {
    let path = directory.join(IDENTITY);
    let Some(text) = files::if_there(&path)? else {
        return Ok(None);
    };
    let identities = AgeIdentities::from_file_content(&text);
    let identities = identities.map_err(|error| {
        let why = format!("{error}; restore it, or remove the directory and enrol anew");
        Error::io(&path, io::Error::new(io::ErrorKind::InvalidData, why))
    })?;
    Ok(Some(identities))
}

fn parse(directory: &Path, text: &[u8]) -> Result<Known, Error> {
    serde_json::from_slice(text).map_err(|error| broken(directory, &error.to_string()))
}

fn broken(directory: &Path, why: &str) -> Error {
    let why = format!(
        "{why}; remove it, and enrol again with another token: the identity beside it stays"
    );
    let error = io::Error::new(io::ErrorKind::InvalidData, why);
    Error::io(directory.join(KNOWN), error)
}

const IDENTITY: &str = "identity.txt";
const KNOWN: &str = "agent.json";
