//! `etcdpki agent invite`: a token.

use std::path::Path;
use std::process::ExitCode;

use pki_core::agent::Token;
use pki_core::seal::Unlocked;
use pki_core::store::atomic::{Access, Group};
use pki_core::store::etcd::Letter;
use pki_core::store::{Batch, Pki};
use time::OffsetDateTime;

use super::AgentError;
use crate::etcdpki::args::AgentInvite;
use crate::etcdpki::error::Error;
use crate::etcdpki::place::Kept;
use crate::etcdpki::{description, files, keys, opened, output};

/// Runs the command.
pub(super) fn run(arguments: &AgentInvite) -> Result<ExitCode, Error> {
    let cluster = description::read()?;
    super::check_described(&cluster, &arguments.owner)?;
    let (mut pki, keyring) = opened::existing(Some("agent invite"))?;
    // Who may not read what is answered to it should not send anybody, nor type a passphrase.
    pki.store().etcd()?.letters(Letter::Enrolment)?;
    let keys = keys::open(&arguments.keys, &pki, &keyring)?;
    let mut batch = Batch::default();
    let publisher = publisher(&pki, &keys, &mut batch)?;
    let now = OffsetDateTime::now_utc();
    let valid = arguments.valid.as_duration();
    let made = Token::new(&arguments.owner, publisher, valid, now);
    let (token, invitation) = made.map_err(AgentError::NoToken)?;
    Pki::<Kept>::add_invitation(&mut batch, &invitation);
    // It is known before it is out.
    pki.commit(batch)?;
    let text = token.to_text();
    match &arguments.out {
        Some(path) => {
            let line = zeroize::Zeroizing::new([text.as_bytes(), b"\n"].concat());
            write(path, &line)?;
        }
        None => output::print_secret(text.as_bytes())?,
    }
    output::note(&format!(
        "good for {} until {}, once: bring it to the machine, and there `etcdpki agent enrol {} --token-file FILE`",
        arguments.owner,
        output::timestamp(invitation.expires),
        arguments.owner
    ));
    Ok(ExitCode::SUCCESS)
}

/// Writes a token. Below this directory, git is told to leave it alone before it is there.
fn write(path: &Path, token: &[u8]) -> Result<(), Error> {
    let mut group = Group::default();
    if let Some(name) = files::below_here(path) {
        files::stage_ignored_first(&[&name], &mut group)?;
    }
    group.stage_file(path, token, Access::Owner)?;
    Ok(group.commit()?)
}

/// The fingerprint of the key that signs deliveries, which is made for the first agent.
pub(super) fn publisher(
    pki: &Pki<Kept>,
    keys: &Unlocked,
    batch: &mut Batch,
) -> Result<pki_core::key::Fingerprint, Error> {
    let key = match pki.publisher(keys)? {
        Some(key) => key,
        None => Pki::<Kept>::add_publisher(batch, keys)?,
    };
    Ok(key.public().fingerprint())
}
