//! `etcdpki agent enrol`: an identity, and the question to be admitted.

use std::path::Path;
use std::process::ExitCode;

use pki_core::agent::{Enrolment, Message as _, Token};
use pki_core::store::etcd::Letter;
use time::OffsetDateTime;

use super::AgentError;
use super::home::Home;
use crate::etcdpki::args::AgentEnrol;
use crate::etcdpki::error::Error;
use crate::etcdpki::place::{self, Place};
use crate::etcdpki::{files, output};

/// Runs the command.
pub(super) fn run(arguments: &AgentEnrol) -> Result<ExitCode, Error> {
    let owner = arguments.owner.as_str();
    let mailbox = Place::own().mailbox(owner)?;
    let token = arguments.token_file.as_deref();
    let token = token.map(|path| read(path, owner)).transpose()?;
    let publisher = token.as_ref().map(|token| token.publisher);
    let Some(publisher) = publisher.or(arguments.publisher) else {
        return Err(Error::Usage(
            "say whose signature to trust: --token-file or --publisher".to_owned(),
        ));
    };
    let now = OffsetDateTime::now_utc();
    let home = Home::make(&arguments.home.state_directory, owner, publisher, now)?;
    let Some(recipient) = home.recipient() else {
        return Err(AgentError::NotEnrolled {
            path: arguments.home.state_directory.clone(),
            owner: owner.to_owned(),
        }
        .into());
    };
    let host = place::host_name();
    let enrolment = Enrolment::new(owner, recipient.clone(), &host, token.as_ref(), now);
    let enrolment = enrolment.map_err(AgentError::Sign)?;
    mailbox.write(Letter::Enrolment, &enrolment.to_json())?;
    home.keep()?;
    output::print_verbatim(&format!("{recipient}\n"))?;
    output::note(&match token {
        Some(_) => format!(
            "asked to be the agent of {owner}: it is admitted when `etcdpki agent answer`, or init, issue or rotate, runs next"
        ),
        None => format!(
            "asked to be the agent of {owner}: it is admitted by `etcdpki agent admit {owner} {recipient}`"
        ),
    });
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path, owner: &str) -> Result<Token, Error> {
    let text = files::read_input(path)?;
    let text = std::str::from_utf8(&text).unwrap_or_default();
    let path = path.to_owned();
    let token = match Token::from_text(text) {
        Ok(token) => token,
        Err(source) => return Err(AgentError::Token { path, source }.into()),
    };
    match token.owner == owner {
        true => Ok(token),
        false => Err(AgentError::TokenOfOther {
            path,
            asked: owner.to_owned(),
            invited: token.owner,
        }
        .into()),
    }
}
