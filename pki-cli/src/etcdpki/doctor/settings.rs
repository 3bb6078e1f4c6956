//! The settings of members: those of the files that are given, or those that were provisioned.

use std::path::PathBuf;
use std::str::FromStr;

use pki_core::Cluster;
use pki_core::description::Node;
use pki_core::etcd::EtcdVersion;
use pki_core::etcd::settings::{Settings, Source};
use pki_core::leaf::LeafId;
use pki_core::lint::{self, Member, Violation};
use pki_core::live::Sighting;
use pki_core::name::Label;
use pki_core::role::Role;
use pki_core::store::StoredLeaf;
use pki_core::trust;
use pki_core::verify::Finding;
use time::OffsetDateTime;

use crate::etcdpki::error::Error;
use crate::etcdpki::files;
use crate::etcdpki::provision;
use crate::etcdpki::verify::Whole;

/// Whether anything is revoked that members would take without a list. What cannot be read was found
/// before.
fn has_revoked(whole: &Whole) -> bool {
    let (Ok(bundles), Ok(kept), Ok(revocations)) = (
        trust::standing(&whole.cluster, &whole.pki),
        whole.pki.authorities(),
        whole.pki.revocations(),
    ) else {
        return whole.report.revoked.is_some_and(|count| count > 0);
    };
    bundles.would_admit_any(&revocations, &kept, OffsetDateTime::now_utc())
}

/// `[NODE=]FILE`: settings of one member, or of all.
#[derive(Clone, Debug)]
pub(in crate::etcdpki) struct SettingsFile {
    node: Option<Label>,
    path: PathBuf,
}

impl FromStr for SettingsFile {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = text.split_once('=').and_then(|(node, path)| {
            let node = node.parse().ok()?;
            Some((node, path))
        });
        Ok(match named {
            Some((node, path)) => Self {
                node: Some(node),
                path: path.into(),
            },
            None => Self {
                node: None,
                path: text.into(),
            },
        })
    }
}

/// Judges the settings of every member, by the version that it was seen to run, or that its files
/// say, or the described one; of who has no file among those given, those that `etcdpki provision`
/// wrote. Where it wrote none, nobody told with which settings members are started.
pub(super) fn judge(
    whole: &Whole,
    given: &[SettingsFile],
    sightings: Option<&[Sighting]>,
) -> Result<Judged, Error> {
    let cluster = &whole.cluster;
    let given = Given::read(cluster, given)?;
    let is_provisioned = provision::has_settings()?;
    let list = whole.pki.revocation_list_file()?;
    let has_revoked = has_revoked(whole);
    let mut findings: Vec<Finding> = Vec::new();
    for node in &cluster.nodes {
        let mut own = given.of(&node.name);
        if own.is_empty() {
            if !is_provisioned {
                continue;
            }
            let unit = provision::unit(cluster, node, list.is_some())?;
            own.push(Source::read(
                "etcd.service, as provisioned",
                unit.as_bytes(),
            )?);
        }
        let leaf = |role| {
            // What cannot be read was found before.
            let id = LeafId::of_node(cluster, &node.name, role);
            whole.pki.leaf(&id).ok().flatten()
        };
        let (server, peer) = (leaf(Role::Server), leaf(Role::Peer));
        let mut member = Member::new(cluster, node);
        let settings = Settings::of(own);
        member.version = seen(node, sightings)
            .or(settings.version())
            .or(cluster.etcd.version);
        member.server = server.as_ref().map(StoredLeaf::certificate);
        member.peer = peer.as_ref().map(StoredLeaf::certificate);
        member.crl = list.as_ref().map(|(_, content)| content.as_slice());
        member.has_revoked = has_revoked;
        for violation in lint::settings(&settings, &member) {
            add(&mut findings, node, violation);
        }
    }
    let (own, others) = given.split(cluster);
    Ok(Judged {
        which: which(&own, &others, is_provisioned),
        unknown: match is_provisioned {
            true => Vec::new(),
            false => others.into_iter().cloned().collect(),
        },
        findings,
    })
}

/// What was judged.
pub(super) struct Judged {
    pub(super) findings: Vec<Finding>,
    /// Which settings, in words.
    pub(super) which: String,
    /// The members with whose settings nobody came.
    unknown: Vec<Label>,
}

impl Judged {
    /// What was not judged and could have been.
    pub(super) fn skipped(&self) -> Option<String> {
        let unknown: Vec<_> = self.unknown.iter().map(Label::as_str).collect();
        (!unknown.is_empty()).then(|| {
            format!(
                "the settings of {} are not known, since nothing was provisioned here: give them with --settings",
                unknown.join(", ")
            )
        })
    }
}

/// The settings that are judged, of `own` as given and of `others`.
fn which(own: &[&Label], others: &[&Label], is_provisioned: bool) -> String {
    let names: Vec<_> = own.iter().map(|name| name.as_str()).collect();
    let names = names.join(", ");
    match (own.is_empty(), others.is_empty(), is_provisioned) {
        (true, _, true) => "settings as provisioned".to_owned(),
        (true, _, false) => "settings not known".to_owned(),
        (false, true, _) => "settings as given".to_owned(),
        (false, false, true) => format!("settings of {names} as given, of others as provisioned"),
        (false, false, false) => format!("settings of {names} as given, of others not known"),
    }
}

/// The files, and the member that each is of: the one that it is given for, or that it names.
struct Given(Vec<(Option<Label>, Source)>);

impl Given {
    /// The files of a member. One that names nobody, such as a drop-in, is of all that others
    /// name, and where none does, of everybody.
    fn of(&self, node: &Label) -> Vec<Source> {
        let Self(files) = self;
        let mut names = files.iter().map(|(name, _)| name.as_ref());
        let is_named = names.clone().any(|name| name == Some(node));
        if !is_named && names.any(|name| name.is_some()) {
            return Vec::new();
        }
        let own = files
            .iter()
            .filter(|(name, _)| name.as_ref().is_none_or(|name| name == node));
        own.map(|(_, source)| source.clone()).collect()
    }

    /// The nodes that have files, and those that have none.
    fn split<'a>(&self, cluster: &'a Cluster) -> (Vec<&'a Label>, Vec<&'a Label>) {
        let nodes = cluster.nodes.iter().map(|node| &node.name);
        nodes.partition(|node| !self.of(node).is_empty())
    }

    fn read(cluster: &Cluster, given: &[SettingsFile]) -> Result<Self, Error> {
        let is_node = |name: &Label| cluster.nodes.iter().any(|node| node.name == *name);
        let mut names = given.iter().filter_map(|file| file.node.as_ref());
        if let Some(unknown) = names.find(|name| !is_node(name)) {
            return Err(Error::NotANode(unknown.to_string()));
        }
        let read = given.iter().map(|file| {
            let content = files::read_input(&file.path)?;
            let source = Source::read(&file.path.display().to_string(), &content)?;
            let named = || {
                let settings = Settings::of([source.clone()]);
                let name: Label = settings.text("name")?.parse().ok()?;
                is_node(&name).then_some(name)
            };
            Ok((file.node.clone().or_else(named), source))
        });
        Ok(Self(read.collect::<Result<_, Error>>()?))
    }
}

/// What members share is told once.
fn add(findings: &mut Vec<Finding>, node: &Node, violation: Violation) {
    let Violation { lint, message } = violation;
    let path = node.name.to_string();
    let mut same = findings.iter_mut();
    match same.find(|one| one.lint == lint && one.message == message) {
        Some(known) if known.path.split(", ").any(|one| one == path) => {}
        Some(known) => known.path = format!("{}, {path}", known.path),
        None => findings.push(Finding {
            path,
            lint,
            message,
        }),
    }
}

/// The version that a member was seen to run.
fn seen(node: &Node, sightings: Option<&[Sighting]>) -> Option<EtcdVersion> {
    let mut sightings = sightings?.iter();
    let sighting = sightings.find(|sighting| sighting.name == node.name)?;
    sighting.answered()?.version.as_ref()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn files_are_of_one_node_or_of_all() {
        let read = |text: &str| -> SettingsFile { text.parse().unwrap() };
        let one = read("etcd-0=units/etcd.service");
        assert_eq!(one.node.unwrap().as_str(), "etcd-0");
        assert_eq!(one.path, Path::new("units/etcd.service"));
        assert!(read("etcd.service").node.is_none());
        let odd = read("./a=b.env");
        assert!(odd.node.is_none());
        assert_eq!(odd.path, Path::new("./a=b.env"));
    }
}
