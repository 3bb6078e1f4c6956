//! The member on this machine: what it has loaded, and its restart.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use pki_core::agent::{Content, Loaded, Pair};
use pki_core::live::Sighting;
use pki_core::role::Role;
use pki_core::store::etcd::Mailbox;

use super::AgentError;
use crate::etcdpki::error::Error;
use crate::etcdpki::live::{self, Place, Probes, Shown};
use crate::etcdpki::output;

/// A member, and what its agent has put in place for it.
#[derive(Debug)]
pub(super) struct Local<'a> {
    pub(super) owner: &'a str,
    pub(super) content: &'a Content,
    /// Of its systemd unit.
    pub(super) unit: &'a str,
    /// What it trusts, on the disk.
    pub(super) authority: PathBuf,
}

impl Local<'_> {
    /// What it has loaded. Certificates are read at each handshake, so a handshake tells; trusted
    /// authorities are read at the start alone.
    pub(super) fn loaded(&self) -> Result<Loaded, Error> {
        let place = self.place(self.owner);
        let sightings = place.map(|place| live::sight(&[place], &Probes::default()));
        let Some(seen) = sightings.unwrap_or_default().pop() else {
            return Ok(Loaded::Nothing);
        };
        let presents = |role| {
            let port = match role {
                Role::Peer => &seen.peer,
                _ => &seen.client,
            };
            let presented = port.presented.as_ref().ok()?;
            let wanted = &self.pair(role)?.chain;
            Some(presented.first() == wanted.first())
        };
        Ok(match (presents(Role::Server), presents(Role::Peer)) {
            (None, _) | (_, None) => Loaded::Nothing,
            (Some(true), Some(true)) if self.trusts_as_written()? => Loaded::All,
            (Some(true), Some(true)) => Loaded::OldTrust,
            _ => Loaded::OldCertificate,
        })
    }

    /// Restarts it in its turn.
    pub(super) fn restart(&self, mailbox: &Mailbox, patience: Duration) -> Result<(), Error> {
        let _turn = mailbox.turn(patience)?;
        // Whoever had the turn before may not be back yet.
        let begun = Instant::now();
        while let Err(error) = self.check_quorum() {
            if begun.elapsed() > patience {
                return Err(error);
            }
            thread::sleep(PAUSE);
        }
        output::note(&format!("restarting {}", self.unit));
        self.systemctl("restart")?;
        let begun = Instant::now();
        loop {
            let Some(why) = self.ailment() else {
                return Ok(());
            };
            if begun.elapsed() > patience {
                return Err(AgentError::Unhealthy {
                    owner: self.owner.to_owned(),
                    why,
                    unit: self.unit.to_owned(),
                }
                .into());
            }
            thread::sleep(PAUSE);
        }
    }

    /// Whether it was started after what it trusts was written.
    fn trusts_as_written(&self) -> Result<bool, Error> {
        let path = Path::new("/run").join(self.unit).join("started");
        let started = match fs::metadata(&path) {
            Ok(started) => started,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let unit = self.unit.to_owned();
                return Err(AgentError::StartUnknown { path, unit }.into());
            }
            Err(error) => return Err(Error::io(path, error)),
        };
        let written = fs::metadata(&self.authority);
        let written = written.map_err(|error| Error::io(&self.authority, error))?;
        let changed = (written.ctime(), written.ctime_nsec());
        Ok(changed <= (started.mtime(), started.mtime_nsec()))
    }

    /// Of one or two members every one is needed, and an outage is not to be avoided.
    fn check_quorum(&self) -> Result<(), Error> {
        let members = &self.content.members;
        if members.len() <= 2 {
            return Ok(());
        }
        let others = members.iter().filter(|member| member.name != self.owner);
        let places: Vec<_> = others
            .filter_map(|member| self.place(&member.name))
            .collect();
        let sightings = live::sight(&places, &self.probes());
        let healthy = sightings.iter().filter(|seen| ailment(seen).is_none());
        let healthy: Vec<_> = healthy.map(|seen| seen.name.to_string()).collect();
        match healthy.len() > members.len() / 2 {
            true => Ok(()),
            false => {
                let healthy = match healthy.is_empty() {
                    true => "none".to_owned(),
                    false => healthy.join(", "),
                };
                Err(AgentError::NoQuorum(self.owner.to_owned(), members.len(), healthy).into())
            }
        }
    }

    fn ailment(&self) -> Option<String> {
        let place = self.place(self.owner)?;
        live::sight(&[place], &self.probes())
            .first()
            .and_then(ailment)
    }

    fn place(&self, name: &str) -> Option<Place> {
        let mut members = self.content.members.iter();
        let member = members.find(|member| member.name == name)?;
        let address = member.addresses.first()?;
        Some(Place {
            name: member.name.parse().ok()?,
            client: SocketAddr::new(*address, live::CLIENT_PORT),
            peer: SocketAddr::new(*address, live::PEER_PORT),
        })
    }

    /// A peer's certificate is good for a client, too.
    fn probes(&self) -> Probes<'_> {
        let shown = self.pair(Role::Peer).map(|pair| Shown {
            chain: &pair.chain,
            key: &pair.key,
        });
        Probes {
            trusted: shown,
            ..Probes::default()
        }
    }

    fn pair(&self, role: Role) -> Option<&Pair> {
        self.content.pairs.iter().find(|pair| pair.role == role)
    }

    fn systemctl(&self, verb: &str) -> Result<(), Error> {
        let failed = |answer: String| AgentError::Unit {
            command: format!("systemctl {verb} {}", self.unit),
            answer,
        };
        let ran = Command::new("systemctl").args([verb, self.unit]).output();
        match ran {
            Ok(Output { status, .. }) if status.success() => Ok(()),
            Ok(Output { stderr, .. }) => {
                let answer = String::from_utf8_lossy(&stderr).trim().to_owned();
                Err(failed(answer).into())
            }
            Err(error) => Err(failed(error.to_string()).into()),
        }
    }
}

/// Why a member does not serve, if it does not.
fn ailment(seen: &Sighting) -> Option<String> {
    match &seen.answer {
        Some(Ok(answer)) => answer.ailment.clone(),
        Some(Err(why)) => Some(why.to_string()),
        None => Some(match &seen.client.presented {
            Err(why) => why.to_string(),
            Ok(_) => "it was not asked".to_owned(),
        }),
    }
}

/// How long it takes until members are asked again.
const PAUSE: Duration = Duration::from_secs(1);
