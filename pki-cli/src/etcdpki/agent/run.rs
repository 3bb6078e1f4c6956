//! `etcdpki agent run`: what an agent does each time.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use pki_core::agent::{Content, Delivery, InvalidLetter, Loaded, Message as _, Notice, Report};
use pki_core::store::etcd::{Letter, Mailbox};
use time::OffsetDateTime;

use super::AgentError;
use super::home::Home;
use super::install::{self, Group, Target};
use super::member::Local;
use crate::etcdpki::args::AgentRun;
use crate::etcdpki::error::Error;
use crate::etcdpki::output;
use crate::etcdpki::place::Place;

/// Runs the command.
pub(super) fn run(arguments: &AgentRun) -> Result<ExitCode, Error> {
    let owner = arguments.owner.as_str();
    let mut home = Home::find(&arguments.home.state_directory, owner)?;
    let mailbox = Place::own().mailbox(owner)?;
    let Some(delivery) = mailbox.read(Letter::Delivery)? else {
        return not_admitted(&mailbox, &home, owner, None);
    };
    let delivery = Delivery::from_json(&delivery);
    // Who is not the agent here reports nothing in its place.
    if let Ok(delivery) = &delivery
        && delivery.owner == owner
        && home.recipient().as_ref() != Some(&delivery.recipient)
    {
        let admitted = Some(delivery.recipient.to_string());
        return not_admitted(&mailbox, &home, owner, admitted);
    }
    let result = follow(arguments, &mailbox, &mut home, delivery);
    let (loaded, failure) = match &result {
        Ok(loaded) => (*loaded, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let report = Report {
        owner: owner.to_owned(),
        number: home.known.number,
        content: home.known.content.clone(),
        at: now(),
        loaded,
        failure,
        agent: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let reported = mailbox.write(Letter::Report, &report.to_json());
    // What went wrong first is told.
    result?;
    reported?;
    Ok(ExitCode::SUCCESS)
}

/// Puts a delivery in place, and has the member load it. Tells what that has loaded.
fn follow(
    arguments: &AgentRun,
    mailbox: &Mailbox,
    home: &mut Home,
    delivery: Result<Delivery, InvalidLetter>,
) -> Result<Option<Loaded>, Error> {
    let owner = arguments.owner.as_str();
    let delivery = delivery.map_err(|source| AgentError::Letter {
        path: PathBuf::from(format!("the delivery for {owner}")),
        source,
    })?;
    let publisher = home.publisher()?;
    let failed = |source| AgentError::Delivery {
        owner: owner.to_owned(),
        source,
    };
    let content = delivery.open(owner, &home.identities, publisher);
    let content = content.map_err(failed)?;
    if delivery.number < home.known.number {
        return Err(AgentError::Older {
            owner: owner.to_owned(),
            found: delivery.number,
            known: home.known.number,
        }
        .into());
    }
    content.check(owner, now()).map_err(AgentError::Content)?;
    let target = target(arguments, &content)?;
    // It is remembered first: an older one must not follow what is in place, even in parts.
    home.known.number = delivery.number;
    home.known.content.clone_from(&delivery.content);
    home.keep()?;
    if install::install(&content, &target)? {
        output::note(&format!(
            "delivery {} is in {}",
            delivery.number,
            target.directory.display()
        ));
    }
    if content.members.is_empty() {
        return Ok(None);
    }
    let member = Local {
        owner,
        content: &content,
        unit: &arguments.unit,
        authority: target.directory.join("ca.crt"),
    };
    let loaded = member.loaded()?;
    if loaded != Loaded::OldTrust || arguments.no_restart {
        return Ok(Some(loaded));
    }
    member.restart(mailbox, arguments.timeout.as_duration().unsigned_abs())?;
    Ok(Some(member.loaded()?))
}

fn target(arguments: &AgentRun, content: &Content) -> Result<Target, Error> {
    let (directory, group) = match content.members.is_empty() {
        true => ("/etc/etcd-client", "root"),
        false => ("/etc/etcd/pki", "etcd"),
    };
    let given = arguments.tls_directory.as_deref();
    Ok(Target {
        directory: given.unwrap_or(Path::new(directory)).to_owned(),
        group: Group::named(arguments.group.as_deref().unwrap_or(group))?,
        crl: arguments.crl.clone(),
    })
}

/// `admitted` is who is, if it is another.
fn not_admitted(
    mailbox: &Mailbox,
    home: &Home,
    owner: &str,
    admitted: Option<String>,
) -> Result<ExitCode, Error> {
    let notice = mailbox.read(Letter::Refusal)?;
    let notice = notice.and_then(|text| Notice::from_json(&text).ok());
    // One about what it asked for before says nothing.
    let notice = notice.filter(|notice| notice.asked.is_none_or(|at| at == home.known.asked));
    if let Some(Notice { reason, .. }) = notice {
        let owner = owner.to_owned();
        return Err(AgentError::Refused { owner, reason }.into());
    }
    if let Some(admitted) = admitted
        && home.known.number > 0
    {
        let owner = owner.to_owned();
        return Err(AgentError::Replaced { owner, admitted }.into());
    }
    output::note(&match home.known.number {
        0 => format!("the agent of {owner} waits to be admitted"),
        number => format!(
            "the agent of {owner} waits to be admitted again: it has delivery {number}, and in the store \
             is none any more; where it was withdrawn by mistake, enrol it again with another token"
        ),
    });
    Ok(ExitCode::from(super::DUE))
}

fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_nanosecond(0).unwrap_or(now)
}
