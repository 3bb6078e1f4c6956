//! `etcdpki agent answer`: who is admitted, and what is handed out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::agent::{self, Agent, Answers, Content, Delivery, Message as _};
use pki_core::key::PrivateKey;
use pki_core::seal::Unlocked;
use pki_core::store::etcd::Letter;
use pki_core::store::{Batch, Pki};
use serde::Serialize;
use time::OffsetDateTime;

use super::contents::Contents;
use super::{AgentError, invite};
use crate::etcdpki::args::{AgentAdmit, AgentAnswer};
use crate::etcdpki::error::Error;
use crate::etcdpki::place::Kept;
use crate::etcdpki::{description, output};

/// Runs the command.
pub(super) fn run(arguments: &AgentAnswer) -> Result<ExitCode, Error> {
    let cluster = description::read()?;
    let (mut pki, keys) = super::open("agent answer", &arguments.keys)?;
    let told = all(&cluster, &mut pki, &keys)?;
    match arguments.json {
        true => output::print_json(&told)?,
        false => output::print(&told.text())?,
    }
    Ok(match told.waiting.is_empty() && told.refused.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(super::DUE),
    })
}

/// Runs `etcdpki agent admit`.
pub(super) fn run_admit(arguments: &AgentAdmit) -> Result<ExitCode, Error> {
    let cluster = description::read()?;
    super::check_described(&cluster, &arguments.owner)?;
    let (mut pki, keys) = super::open("agent admit", &arguments.keys)?;
    let mut batch = Batch::default();
    invite::publisher(&pki, &keys, &mut batch)?;
    let now = OffsetDateTime::now_utc();
    let agent = Agent {
        owner: arguments.owner.clone(),
        recipient: arguments.recipient.clone(),
        admitted: now.replace_nanosecond(0).unwrap_or(now),
        invitation: None,
        withdrawn: None,
    };
    Pki::<Kept>::add_agent(&mut batch, &agent);
    pki.commit(batch)?;
    output::print(&all(&cluster, &mut pki, &keys)?.text())?;
    Ok(ExitCode::SUCCESS)
}

/// Does the same at the end of a command that may have made something new, where there are agents.
pub(in crate::etcdpki) fn hand_out(
    cluster: &Cluster,
    pki: &mut Pki<Kept>,
    keys: &Unlocked,
) -> Result<(), Error> {
    // Without that key nobody was ever invited, or told whom to trust.
    let may_have_agents = pki.publisher_fingerprint()?.is_some();
    if may_have_agents && pki.store().etcd().is_ok() {
        let told = all(cluster, pki, keys)?;
        if !told.is_empty() {
            output::note(told.text().trim_end());
        }
    }
    Ok(())
}

/// What was done.
#[derive(Debug, Default, Serialize)]
struct Told {
    /// Who was admitted.
    admitted: Vec<String>,
    /// Who was handed something new, and its number.
    handed: BTreeMap<String, u64>,
    /// Who has all there is.
    up_to_date: usize,
    /// Who was not admitted, and why.
    refused: BTreeMap<String, String>,
    /// Who waits for a person, with its recipient.
    waiting: BTreeMap<String, String>,
    /// Who is admitted and not described any more.
    undescribed: Vec<String>,
}

fn all(cluster: &Cluster, pki: &mut Pki<Kept>, keys: &Unlocked) -> Result<Told, Error> {
    let mut told = Told::default();
    let enrolments = pki.store().etcd()?.letters(Letter::Enrolment)?;
    let agents = pki.agents()?;
    if enrolments.is_empty() && agents.is_empty() {
        return Ok(told);
    }
    let letters = enrolments.iter();
    let letters = letters.map(|(place, text)| (place.as_str(), text.as_slice()));
    let invitations = pki.invitations()?;
    let now = OffsetDateTime::now_utc();
    let answers = agent::answer(letters, &agents, &invitations, now);
    admit(pki, keys, &answers)?;
    for agent in &answers.admitted {
        told.admitted.push(agent.owner.clone());
    }
    for asked in &answers.waiting {
        let recipient = asked.recipient.to_string();
        told.waiting.insert(asked.owner.clone(), recipient);
    }
    let mut post: Vec<(Letter, &str, Option<Vec<u8>>)> = Vec::new();
    for (owner, notice) in &answers.refused {
        told.refused.insert(owner.clone(), notice.reason.clone());
        post.push((Letter::Refusal, owner, Some(notice.to_json())));
    }
    let agents = pki.agents()?;
    let deliveries = deliveries(cluster, pki, keys, &agents, &mut told)?;
    for (owner, delivery) in &deliveries {
        post.push((Letter::Delivery, owner, Some(delivery.to_json())));
    }
    // A letter is there until what it asks for is.
    for owner in &answers.answered {
        post.push((Letter::Enrolment, owner, None));
    }
    pki.store().etcd()?.post(&post)?;
    Ok(told)
}

fn admit(pki: &mut Pki<Kept>, keys: &Unlocked, answers: &Answers) -> Result<(), Error> {
    if answers.admitted.is_empty() {
        return Ok(());
    }
    let mut batch = Batch::default();
    invite::publisher(pki, keys, &mut batch)?;
    for agent in &answers.admitted {
        Pki::<Kept>::add_agent(&mut batch, agent);
    }
    for invitation in &answers.used {
        Pki::<Kept>::add_invitation(&mut batch, invitation);
    }
    Ok(pki.commit(batch)?)
}

/// What agents are to be handed that have not got it.
fn deliveries(
    cluster: &Cluster,
    pki: &Pki<Kept>,
    keys: &Unlocked,
    agents: &[Agent],
    told: &mut Told,
) -> Result<BTreeMap<String, Delivery>, Error> {
    let Some(publisher) = pki.publisher(keys)? else {
        return Ok(BTreeMap::new());
    };
    let contents = Contents::read(cluster, pki, keys)?;
    let present = pki.store().etcd()?.letters(Letter::Delivery)?;
    let mut deliveries = BTreeMap::new();
    for agent in agents {
        let owner = agent.owner.as_str();
        if super::check_described(cluster, owner).is_err() {
            told.undescribed.push(owner.to_owned());
            continue;
        }
        let content = contents.of(owner)?;
        // One that cannot be read, or that somebody else put there, is replaced.
        let before = present.get(owner);
        let before = before.and_then(|text| Delivery::from_json(text).ok());
        let before = before.filter(|before| before.is_from(publisher.public()));
        match next(agent, &content, before.as_ref(), &publisher)? {
            Some(delivery) => {
                told.handed.insert(owner.to_owned(), delivery.number);
                deliveries.insert(owner.to_owned(), delivery);
            }
            None => told.up_to_date += 1,
        }
    }
    Ok(deliveries)
}

fn next(
    agent: &Agent,
    content: &Content,
    before: Option<&Delivery>,
    publisher: &PrivateKey,
) -> Result<Option<Delivery>, Error> {
    let is_same = |before: &&Delivery| before.is_of(content, &agent.recipient);
    if before.filter(is_same).is_some() {
        return Ok(None);
    }
    // Where the one before was lost, time goes on from it all the same.
    let number = before.map_or(0, |before| before.number).max(seconds()) + 1;
    let owner = &agent.owner;
    let delivery = Delivery::new(owner, number, content, &agent.recipient, publisher);
    let failed = |source| AgentError::Delivery {
        owner: owner.clone(),
        source,
    };
    Ok(Some(delivery.map_err(failed)?))
}

fn seconds() -> u64 {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    u64::try_from(now).unwrap_or(0)
}

impl Told {
    fn is_empty(&self) -> bool {
        self.handed.is_empty()
            && self.refused.is_empty()
            && self.waiting.is_empty()
            && self.undescribed.is_empty()
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for owner in &self.admitted {
            let _ = writeln!(text, "admitted the agent of {owner}");
        }
        for (owner, number) in &self.handed {
            let _ = writeln!(text, "handed to the agent of {owner}: delivery {number}");
        }
        for (owner, reason) in &self.refused {
            let _ = writeln!(text, "refused the agent of {owner}: {reason}");
        }
        for (owner, recipient) in &self.waiting {
            let _ = writeln!(
                text,
                "the agent of {owner} waits to be admitted: etcdpki agent admit {owner} {recipient}"
            );
        }
        for owner in &self.undescribed {
            let _ = writeln!(
                text,
                "{owner} is not described any more, and its agent is handed nothing: \
                 `etcdpki agent remove {owner}` withdraws it"
            );
        }
        if text.is_empty() {
            let _ = writeln!(text, "nothing new for {} agents", self.up_to_date);
        }
        text
    }
}
