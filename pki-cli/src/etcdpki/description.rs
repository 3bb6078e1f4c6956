//! etcdpki.yml: found, or written from the command line.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use minijinja::{Environment, context};
use pki_core::Cluster;
use pki_core::adopt::Proposal;
use pki_core::description::{DescriptionError, Levels, Sharing};
use pki_core::store::atomic;

use super::args::{Init, NodeArgument};
use super::error::Error;
use super::place::Place;

/// The file.
pub(super) const FILE: &str = "etcdpki.yml";

/// A description, and whether it is still to be written.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) cluster: Cluster,
    /// The text of it.
    pub(super) text: Vec<u8>,
    /// Whether it is still to be written.
    pub(super) is_new: bool,
    /// What nobody named, so that examples stand for it.
    pub(super) examples: Option<Examples>,
}

/// What stands in a description that nobody named.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Examples {
    Both,
    Domain,
    Nodes,
}

impl Examples {
    fn of(domain: bool, nodes: bool) -> Option<Self> {
        match (domain, nodes) {
            (true, true) => Some(Self::Both),
            (true, false) => Some(Self::Domain),
            (false, true) => Some(Self::Nodes),
            (false, false) => None,
        }
    }
}

/// Reads the description of this directory.
pub(super) fn read() -> Result<Cluster, Error> {
    Ok(described()?.cluster)
}

/// Reads the description of this directory for a command that never writes one.
pub(super) fn described() -> Result<Described, Error> {
    match octets() {
        Ok(text) => Described::of(text, false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let path = FILE.into();
            match Place::own().holds_pki() {
                true => Err(Error::DescriptionLost { path }),
                false => match Surroundings::of_this_directory() {
                    Some(around) => Err(Error::DescriptionAbove(around)),
                    None => Err(Error::NoDescription { path }),
                },
            }
        }
        Err(error) => Err(Error::io(FILE, error)),
    }
}

/// What is in the file. A pipe is not waited at, and a device, which may have no end, is not read.
pub(super) fn octets() -> io::Result<Vec<u8>> {
    let found = fs::metadata(FILE)?;
    match found.is_file() || found.is_dir() {
        true => fs::read(FILE),
        false => Err(io::Error::other(
            "this is no file but a pipe, a socket or a device: put the description in its place",
        )),
    }
}

/// This directory, within one that has a description.
#[derive(Debug)]
pub(super) struct Surroundings {
    pub(super) here: PathBuf,
    pub(super) above: PathBuf,
}

impl Surroundings {
    fn of_this_directory() -> Option<Self> {
        let here = std::env::current_dir().ok()?;
        let mut above = here.ancestors().skip(1);
        let above = above.find(|directory| directory.join(FILE).is_file())?;
        Some(Self {
            above: above.to_owned(),
            here,
        })
    }
}

/// Reads the description, or makes one from the options. Within a directory that has one, these must
/// describe something: nobody wants the examples there.
pub(super) fn find_or_make(arguments: &Init) -> Result<Described, Error> {
    match described() {
        Ok(described) => {
            check_options(arguments, &described.cluster)?;
            Ok(described)
        }
        Err(Error::NoDescription { .. }) => make(arguments),
        Err(Error::DescriptionAbove(_)) if arguments.describes() => make(arguments),
        Err(Error::DescriptionAbove(around)) => Err(Error::SecondPki(around)),
        Err(error) => Err(error),
    }
}

fn make(arguments: &Init) -> Result<Described, Error> {
    let examples: Vec<NodeArgument> = EXAMPLE_NODES
        .iter()
        .map(|(name, address)| NodeArgument {
            name: (*name).to_owned(),
            addresses: vec![(*address).into()],
        })
        .collect();
    let text = render(&New {
        cluster: arguments.cluster.as_deref(),
        domain: arguments.domain.as_deref().unwrap_or(EXAMPLE_DOMAIN),
        nodes: match arguments.nodes.is_empty() {
            true => &examples,
            false => &arguments.nodes,
        },
        networks: &arguments.networks,
        clients: &arguments.clients,
        adopted: None,
    })?;
    let described = new(text).map_err(|error| match error {
        // It stands in no file.
        Error::Description { source, .. } => Error::Options { source },
        other => other,
    })?;
    Ok(Described {
        examples: Examples::of(arguments.domain.is_none(), arguments.nodes.is_empty()),
        ..described
    })
}

/// A new description, from its text.
pub(super) fn new(text: String) -> Result<Described, Error> {
    Described::of(text.into_bytes(), true)
}

impl Described {
    /// Whether the file says it still, or does not say another thing yet: it was read before others
    /// were kept out by the lock.
    pub(super) fn check_unchanged(&self) -> Result<(), Error> {
        let is_same = match octets() {
            Ok(text) => text == self.text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.is_new,
            Err(error) => return Err(Error::io(FILE, error)),
        };
        match is_same {
            true => Ok(()),
            false => Err(Error::DescribedMeanwhile { path: FILE.into() }),
        }
    }

    /// Refuses examples in place of what a run was told that was killed before its description was in
    /// place.
    pub(super) fn check_drafts(&self) -> Result<(), Error> {
        if !self.is_new || self.examples.is_none() {
            return Ok(());
        }
        let is_other = |draft: &PathBuf| {
            let text = fs::read(draft).unwrap_or_default();
            text != self.text && Cluster::from_octets(&text).is_ok()
        };
        let drafts = atomic::leftovers(Path::new(FILE))?;
        match drafts.into_iter().find(is_other) {
            Some(path) => Err(Error::DescribedByKilled { path }),
            None => Ok(()),
        }
    }

    fn of(text: Vec<u8>, is_new: bool) -> Result<Self, Error> {
        let cluster = Cluster::from_octets(&text).map_err(fault)?;
        let examples = are_examples(&cluster);
        Ok(Self {
            cluster,
            text,
            is_new,
            examples,
        })
    }
}

/// What a new description says beside its defaults.
pub(super) struct New<'a> {
    pub(super) cluster: Option<&'a str>,
    pub(super) domain: &'a str,
    pub(super) nodes: &'a [NodeArgument],
    pub(super) networks: &'a [String],
    pub(super) clients: &'a [String],
    pub(super) adopted: Option<&'a Proposal>,
}

/// A fault of the description of this directory.
pub(super) fn fault(source: DescriptionError) -> Error {
    Error::Description {
        path: FILE.into(),
        source,
    }
}

/// The text of a new description.
pub(super) fn render(new: &New<'_>) -> Result<String, Error> {
    let nodes: Vec<_> = new
        .nodes
        .iter()
        .map(|node| {
            let addresses: Vec<_> = node.addresses.iter().map(ToString::to_string).collect();
            context! { name => &node.name, addresses => addresses }
        })
        .collect();
    let first_client = new.clients.first().map_or("kube-apiserver", String::as_str);
    let levels = new.adopted.and_then(|adopted| match adopted.levels {
        Levels::One => Some(1),
        Levels::Two => Some(2),
        Levels::Three if adopted.issuing => Some(3),
        Levels::Three => None,
    });
    let mut environment = Environment::new();
    environment.add_filter("yaml", yaml_scalar);
    environment.add_template(TEMPLATE, include_str!("../../templates/etcdpki.yml.j2"))?;
    let text = environment.get_template(TEMPLATE)?.render(context! {
        cluster => &new.cluster,
        domain => new.domain,
        nodes => nodes,
        networks => new.networks.to_vec(),
        clients => new.clients.to_vec(),
        first_client => first_client,
        levels => levels,
        issuing => new.adopted.is_some_and(|adopted| adopted.issuing),
        server_sans => new.adopted.map_or_else(Vec::new, |adopted| {
            adopted.server_sans.iter().map(ToString::to_string).collect()
        }),
        shared => new.adopted.is_some_and(|adopted| adopted.sharing == Sharing::Shared),
    })?;
    // The engine drops the last newline.
    Ok(text + "\n")
}

/// A text as YAML, quoted where YAML could take it for something else. JSON's quotes are YAML's.
pub(super) fn yaml_scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-/".contains(&byte))
        && (text.contains('.') || text.parse::<f64>().is_err());
    match plain {
        true => text.to_owned(),
        false => serde_json::Value::from(text).to_string(),
    }
}

/// Options beside a description that is there already must say what it says: it is the file that
/// counts, and an option that is silently ignored would deceive.
fn check_options(arguments: &Init, cluster: &Cluster) -> Result<(), Error> {
    let described: Vec<_> = cluster
        .nodes
        .iter()
        .map(|node| (node.name.to_string(), node.addresses.clone()))
        .collect();
    let given: Vec<_> = arguments
        .nodes
        .iter()
        .map(|node| (node.name.clone(), node.addresses.clone()))
        .collect();
    if !given.is_empty() && given != described {
        return Err(otherwise(
            "--node",
            nodes_text(&given),
            nodes_text(&described),
        ));
    }
    let texts = [
        (
            "--domain",
            arguments.domain.clone(),
            cluster.domain.to_string(),
        ),
        (
            "--cluster",
            arguments.cluster.clone(),
            cluster.name.to_string(),
        ),
        (
            "--client",
            joined(&arguments.clients),
            join(&cluster.clients),
        ),
        (
            "--network",
            joined(&arguments.networks),
            join(&cluster.networks),
        ),
    ];
    for (option, given, described) in texts {
        if let Some(given) = given
            && given != described
        {
            return Err(otherwise(option, given, described));
        }
    }
    Ok(())
}

fn otherwise(option: &'static str, given: String, described: String) -> Error {
    Error::DescribedOtherwise {
        path: FILE.into(),
        option,
        given,
        described,
    }
}

fn nodes_text(nodes: &[(String, Vec<IpAddr>)]) -> String {
    let nodes: Vec<_> = nodes
        .iter()
        .map(|(name, addresses)| format!("{name}={}", join(addresses)))
        .collect();
    nodes.join(" ")
}

fn joined(values: &[String]) -> Option<String> {
    (!values.is_empty()).then(|| join(values))
}

fn join<T: ToString>(values: &[T]) -> String {
    values
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",")
}

/// The ending keeps the engine from escaping: the template quotes where YAML needs it.
const TEMPLATE: &str = "etcdpki.yml.j2";
/// Whether these are what nobody named, also after a run that was cut short.
fn are_examples(cluster: &Cluster) -> Option<Examples> {
    let nodes = cluster
        .nodes
        .iter()
        .map(|node| (node.name.as_str(), node.addresses.as_slice()));
    let examples = EXAMPLE_NODES.map(|(name, address)| (name, [IpAddr::from(address)]));
    let domain = cluster.domain.as_str() == EXAMPLE_DOMAIN;
    let nodes = nodes.eq(examples
        .iter()
        .map(|(name, addresses)| (*name, addresses.as_slice())));
    // In a domain of their own somebody may have these very addresses.
    Examples::of(domain, domain && nodes)
}

const EXAMPLE_DOMAIN: &str = "your-internal.domain";
const EXAMPLE_NODES: [(&str, [u8; 4]); 3] = [
    ("etcd-0", [10, 0, 0, 10]),
    ("etcd-1", [10, 0, 0, 11]),
    ("etcd-2", [10, 0, 0, 12]),
];
