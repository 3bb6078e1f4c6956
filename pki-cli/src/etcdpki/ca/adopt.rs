//! `etcdpki ca adopt`: take over the PKI of another tool.

mod report;
mod sources;

use std::path::Path;
use std::process::ExitCode;

use pki_core::Cluster;
use pki_core::adopt::{AdoptError, Adoption, Hints, Problem};
use pki_core::hierarchy::AuthorityName;
use pki_core::store::Batch;
use pki_core::store::atomic::{Access, Group};
use time::OffsetDateTime;

use crate::etcdpki::args::{CaAdopt, NodeArgument};
use crate::etcdpki::description::{self, Described, New};
use crate::etcdpki::error::Error;
use crate::etcdpki::opened::{self, Opened};
use report::Report;

/// Runs the command.
pub(super) fn run(arguments: &CaAdopt) -> Result<ExitCode, Error> {
    let read = sources::read(arguments)?;
    let hints = hints(arguments)?;
    let mut adoption = Adoption::recognise(&read.sources, &hints, OffsetDateTime::now_utc())?;
    adoption.problems.extend(read.problems);
    let described = describe(arguments, &mut adoption)?;
    let lost = adoption.names_lost(&described.cluster);
    adoption.problems.extend(lost);
    check_chain(&described.cluster, &adoption)?;
    let mut report = Report::new(&described, &adoption);
    if let Err(error) = adoption.check() {
        report.print(arguments.json)?;
        return Err(error.into());
    }
    if !arguments.dry_run {
        keep(arguments, &described, &adoption)?;
        report.kept();
    }
    report.print(arguments.json)
}

fn hints(arguments: &CaAdopt) -> Result<Hints, Error> {
    let mut hints = Hints {
        nodes: Vec::new(),
        domain: arguments.domain.clone(),
    };
    for node in &arguments.nodes {
        let name = node.name.parse().map_err(|_| AdoptError::Nodes)?;
        hints.nodes.push((name, node.addresses.clone()));
    }
    Ok(hints)
}

/// The description that is there, or one that fits what was found.
fn describe(arguments: &CaAdopt, adoption: &mut Adoption) -> Result<Described, Error> {
    match description::described() {
        Err(Error::NoDescription { .. }) => {}
        Err(Error::DescriptionAbove(_)) if arguments.describes() => {}
        Err(Error::DescriptionAbove(around)) => return Err(Error::SecondPki(around)),
        other => return other,
    }
    let proposal = adoption.proposal.clone();
    let nodes: Vec<_> = proposal
        .nodes
        .iter()
        .map(|(name, addresses)| NodeArgument {
            name: name.to_string(),
            addresses: addresses.clone(),
        })
        .collect();
    let clients: Vec<_> = proposal.clients.iter().map(ToString::to_string).collect();
    let domain = proposal.domain.as_ref();
    if domain.is_none() {
        adoption.problems.push(Problem {
            path: description::FILE.to_owned(),
            message: format!(
                "no certificate tells the nodes' domain, so that {UNKNOWN_DOMAIN} stands for it: give it with --domain"
            ),
        });
    }
    let text = description::render(&New {
        cluster: arguments.cluster.as_ref().map(|name| name.as_str()),
        domain: domain.map_or(UNKNOWN_DOMAIN, |domain| domain.as_str()),
        nodes: &nodes,
        networks: &[],
        clients: &clients,
        adopted: Some(&proposal),
    })?;
    description::new(text)
}

fn check_chain(cluster: &Cluster, adoption: &Adoption) -> Result<(), Error> {
    let found = adoption.authorities.iter().map(|found| found.name);
    match found
        .clone()
        .eq(AuthorityName::chain(cluster).iter().copied())
    {
        true => Ok(()),
        false => Err(Error::AdoptedChain {
            path: description::FILE.into(),
            found: found
                .map(|name| name.to_string())
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

/// The description first: without it nobody knows what the rest is for.
fn keep(arguments: &CaAdopt, described: &Described, adoption: &Adoption) -> Result<(), Error> {
    let mut opened = Opened::open_or_generate(
        &described.cluster,
        opened::writable("ca adopt")?,
        &arguments.keys,
    )?;
    let mut batch = Batch::default();
    adoption.add(&mut batch, &opened.pki, &opened.keys)?;
    if described.is_new {
        let mut group = Group::default();
        let path = Path::new(description::FILE);
        group.stage_file(path, &described.text, Access::Everyone)?;
        group.commit()?;
    }
    opened.commit(batch)?;
    opened.pki.store().describe(&described.text)
}

/// Stands in for a domain that no certificate tells.
const UNKNOWN_DOMAIN: &str = "etcd.internal";
