//! The list of what was written, for a person.

use crate::etcdpki::place::Place;
use crate::etcdpki::{files, secrets};

/// A line of the list.
pub(super) struct Line {
    pub(super) path: String,
    pub(super) remark: String,
    /// Whether it is of one node or client.
    pub(super) is_of_one: bool,
}

/// One line for a file, but one for all generations of authorities or of an owner that are written
/// with the same files: `pki/certificates/etcd-0/{server,peer}/1/`.
pub(super) fn lines(written: &[String]) -> Vec<Line> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for path in written {
        let Some(generation) = Generation::of(path) else {
            rows.push(Row::File(path));
            continue;
        };
        let same = rows.iter_mut().find_map(|row| match row {
            Row::Generations(some) => some.takes(&generation).then_some(some),
            Row::File(_) => None,
        });
        match same {
            Some(some) => some.add(generation),
            None => rows.push(Row::Generations(Generations::of(generation))),
        }
    }
    rows.into_iter().map(Row::line).collect()
}

/// A file of a generation, in the parts of its path.
struct Generation<'a> {
    /// Up to what differs: the directory of all authorities, or that of an owner.
    directory: &'a str,
    /// The authority, or the role.
    name: &'a str,
    number: &'a str,
    file: &'a str,
    is_of_leaf: bool,
}

impl<'a> Generation<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let below = Place::own().below(path)?;
        let depth = below.components().count();
        let is_of_leaf = below.starts_with("certificates") && depth == 5;
        let is_one = is_of_leaf || below.starts_with("authorities") && depth == 4;
        let mut parts = path.rsplitn(4, '/');
        let (file, number, name) = (parts.next()?, parts.next()?, parts.next()?);
        let directory = parts.next()?;
        is_one.then_some(Self {
            directory,
            name,
            number,
            file,
            is_of_leaf,
        })
    }
}

/// Generations that stand in one line.
struct Generations<'a> {
    directory: &'a str,
    number: &'a str,
    names: Vec<&'a str>,
    files: Vec<&'a str>,
    is_of_one: bool,
}

impl<'a> Generations<'a> {
    fn of(one: Generation<'a>) -> Self {
        Self {
            directory: one.directory,
            number: one.number,
            names: vec![one.name],
            files: vec![one.file],
            is_of_one: one.is_of_leaf,
        }
    }

    fn takes(&self, one: &Generation<'_>) -> bool {
        self.directory == one.directory && self.number == one.number
    }

    fn add(&mut self, one: Generation<'a>) {
        if !self.names.contains(&one.name) {
            self.names.push(one.name);
        }
        if !self.files.contains(&one.file) {
            self.files.push(one.file);
        }
    }
}

enum Row<'a> {
    File(&'a str),
    Generations(Generations<'a>),
}

impl Row<'_> {
    fn line(self) -> Line {
        match self {
            Self::File(path) => Line {
                path: path.to_owned(),
                remark: remark(path).to_owned(),
                is_of_one: [secrets::HOST_PASSWORDS, HOST_VARIABLES]
                    .iter()
                    .any(|directory| path.starts_with(directory)),
            },
            Self::Generations(some) => {
                let names = match &some.names[..] {
                    [name] => (*name).to_owned(),
                    names => format!("{{{}}}", names.join(",")),
                };
                Line {
                    path: format!("{}/{names}/{}/", some.directory, some.number),
                    remark: some.files.join(", "),
                    is_of_one: some.is_of_one,
                }
            }
        }
    }
}

/// Where nodes have vault files of their own.
const HOST_VARIABLES: &str = "host_vars/";

/// What a file is for.
fn remark(path: &str) -> &'static str {
    match path {
        "etcdpki.yml" => "the description: edit it and run init again",
        secrets::VAULT_PASSWORD_FILE => "opens the vault files; git ignores it: keep a copy",
        secrets::PASSPHRASE_FILE => "opens the sealed keys; git ignores it: keep a copy",
        _ if path.starts_with(secrets::HOST_PASSWORDS) => {
            "opens the vault file of this node; git ignores it: keep a copy"
        }
        _ if path.ends_with(".vault.yml") => "encrypted",
        files::GITIGNORE => "keeps secrets out of git",
        _ if path.ends_with(".gitattributes") => "how git merges the journal and lists",
        _ if path.ends_with("journal.jsonl") => "what was done",
        _ if path.ends_with("keyring.yml") => "the data keys, wrapped: without it no key opens",
        files::LIST => "the list, for the role etcd-server",
        _ if path.ends_with("etcd.crl") => "what members refuse, for --client-crl-file",
        _ if path.ends_with("etcd.pem") => "the same as PEM",
        _ if path.ends_with(".crl") => "the list of this authority alone",
        _ if path.ends_with("chain.crt") => "what certificates carry behind them",
        _ if path.ends_with("members.crt") => "what members trust",
        _ if path.ends_with("clients.crt") => "what clients trust",
        _ if path.ends_with("certificates.yml") => "references into it",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_are_folded_and_files_are_not() {
        let written = [
            "etcdpki.yml",
            "pki/authorities/root/1/ca.crt",
            "pki/authorities/root/1/ca.key.sealed",
            "pki/authorities/etcd/1/ca.crt",
            "pki/authorities/etcd/1/ca.key.sealed",
            "pki/certificates/etcd-0/server/1/tls.crt",
            "pki/certificates/etcd-0/server/1/tls.key.sealed",
            "pki/certificates/etcd-0/peer/1/tls.crt",
            "pki/certificates/etcd-0/peer/1/tls.key.sealed",
            "pki/certificates/etcd-1/server/2/tls.crt",
            "pki/certificates/etcd-1/peer/3/tls.crt",
            "pki/crl/authorities/root/1.crl",
        ];
        let lines = lines(&written.map(str::to_owned));
        let paths: Vec<_> = lines.iter().map(|line| line.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "etcdpki.yml",
                "pki/authorities/{root,etcd}/1/",
                "pki/certificates/etcd-0/{server,peer}/1/",
                "pki/certificates/etcd-1/server/2/",
                "pki/certificates/etcd-1/peer/3/",
                "pki/crl/authorities/root/1.crl",
            ]
        );
        assert_eq!(lines[1].remark, "ca.crt, ca.key.sealed");
    }
}
