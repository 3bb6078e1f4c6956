//! What is written in YAML: pod manifests, and etcd's configuration files.

use super::config;
use super::source::{self, Command, Content, Read, SourceKind, Variable};
use super::words::{Dialect, Word};
use super::yaml::{self, Node};
use crate::etcd::EtcdVersion;

pub(super) fn read(text: &str) -> (SourceKind, Read<Content>) {
    let documents = match yaml::documents(text) {
        Ok(documents) => documents,
        Err(fault) => return (SourceKind::ConfigFile, Err(fault)),
    };
    let is_pod = |document: &&Node| {
        let kind = document
            .value
            .get("kind")
            .and_then(|kind| kind.value.scalar());
        kind == Some("Pod")
    };
    if let Some(pod) = documents.iter().find(is_pod) {
        return (SourceKind::Pod, self::pod(pod));
    }
    let content = match documents.as_slice() {
        [document] => config::read(document),
        [] => Err((
            1,
            "no YAML document stands in it: write KEY: VALUE lines".to_owned(),
        )),
        [_, second, ..] => Err((
            yaml::line(second),
            "a second YAML document: etcd reads the first one alone: keep one".to_owned(),
        )),
    };
    (SourceKind::ConfigFile, content)
}

/// The command and the environment of the container that runs etcd.
fn pod(pod: &Node) -> Read<Content> {
    let spec = pod.value.get("spec");
    let containers = spec.and_then(|spec| spec.value.get("containers"));
    let containers = containers.map_or(&[][..], |list| list.value.items());
    for container in containers {
        let name = container
            .value
            .get("name")
            .and_then(|name| name.value.scalar());
        let lists = ["command", "args"].map(|key| container.value.get(key));
        let words: Vec<Word> = lists
            .into_iter()
            .flatten()
            .flat_map(|list| list.value.items())
            .map(word)
            .collect();
        let is_arguments = lists[0].is_none() && name == Some("etcd");
        let found = match is_arguments {
            // The image starts etcd.
            true => Some((
                Command {
                    words,
                    dialect: Dialect::Kubelet,
                },
                Vec::new(),
            )),
            false => source::command(words, Dialect::Kubelet)?,
        };
        if let Some((command, before)) = found {
            let own = container.value.get("env");
            let own = own.map_or(&[][..], |list| list.value.items());
            let variables = own.iter().filter_map(variable).chain(before);
            let image = container.value.get("image");
            let image = image.and_then(|image| image.value.scalar());
            return Ok(Content {
                version: image.and_then(version),
                variables: variables.collect(),
                command: Some(command),
                ..Content::default()
            });
        }
    }
    Err((
        yaml::line(pod),
        "no container of the pod starts etcd: give the manifest of etcd".to_owned(),
    ))
}

/// The version in the tag of an image, such as `registry.k8s.io/etcd:3.5.15-0`.
fn version(image: &str) -> Option<EtcdVersion> {
    let (image, _) = image.split_once('@').unwrap_or((image, ""));
    let (_, tag) = image.rsplit('/').next()?.split_once(':')?;
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let end = tag.find(|c: char| c != '.' && !c.is_ascii_digit());
    tag[..end.unwrap_or(tag.len())].parse().ok()
}

fn word(node: &Node) -> Word {
    Word::new(node.value.scalar().unwrap_or_default(), yaml::line(node))
}

/// An item of `env`; what a field or a secret is put in for is known in the cluster alone.
fn variable(item: &Node) -> Option<Variable> {
    let name = item.value.get("name")?.value.scalar()?.to_owned();
    let value = match item.value.get("value") {
        Some(value) => word(value),
        None => Word {
            is_open: item.value.get("valueFrom").is_some(),
            ..Word::new("", yaml::line(item))
        },
    };
    Some(Variable { name, value })
}
