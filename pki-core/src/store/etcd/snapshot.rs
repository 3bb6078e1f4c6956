//! All that a store on etcd held at one revision.

use std::collections::{BTreeMap, BTreeSet};

use etcd_client::{Client, GetOptions, GetResponse, KeyValue};

use super::super::{Address, Memory};
use super::connection::{self, Connection};
use super::error::{EtcdError, Failure};
use super::lock::LOCK;
use super::{DESCRIPTION, FILES, FORMAT, HEAD, PARTS, SPLIT, part};

/// The files of the store as the last commit left them.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    pub(super) files: Memory,
    /// Of the last commit, or of when the store was made; 0 before that.
    pub(super) revision: i64,
    /// The parts of each file that is kept in parts.
    pub(super) split: BTreeMap<String, Vec<String>>,
    /// The description that was acted upon last.
    pub(super) description: Option<Vec<u8>>,
    /// Whether the store says of which format it is.
    pub(super) has_format: bool,
    /// The keys that a writer which did not come to its end left behind.
    pub(super) leftovers: Vec<String>,
}

impl Snapshot {
    /// Reads the store, every key at the same revision.
    pub(super) fn read(connection: &Connection) -> Result<Self, EtcdError> {
        let keys = below(connection, connection.address().prefix());
        let keys = keys.map_err(|failure| connection.error(failure))?;
        Self::of(connection, keys)
    }

    /// The parts that any file is made of.
    pub(super) fn parts(&self) -> BTreeSet<&str> {
        self.split.values().flatten().map(String::as_str).collect()
    }

    fn of(connection: &Connection, keys: Vec<KeyValue>) -> Result<Self, EtcdError> {
        let mut snapshot = Self::default();
        let mut keys_by_name = BTreeMap::new();
        for key in keys {
            let name = String::from_utf8_lossy(key.key()).into_owned();
            let name = name.strip_prefix(connection.address().prefix());
            keys_by_name.extend(name.map(|name| (name.to_owned(), key)));
        }
        match keys_by_name.remove(FORMAT) {
            Some(format) => {
                check_format(connection.address(), format.value())?;
                snapshot.has_format = true;
            }
            None => {
                // Whoever makes a store locks it first.
                if keys_by_name.contains_key(HEAD) {
                    return Err(missing(connection, FORMAT));
                }
                let mut names = keys_by_name.into_keys().filter(|name| name != LOCK);
                if let Some(name) = names.next() {
                    return Err(EtcdError::Foreign {
                        place: connection.place(),
                        key: connection.key(&name),
                    });
                }
                return Ok(snapshot);
            }
        }
        let description = keys_by_name.remove(DESCRIPTION);
        snapshot.description = description.map(|found| found.into_key_value().1);
        // Without it nothing tells what is whole, and all would be taken for left over.
        let head = keys_by_name.remove(HEAD);
        let head = head.ok_or_else(|| missing(connection, HEAD))?;
        snapshot.revision = head.mod_revision();
        snapshot.take(connection, keys_by_name)?;
        Ok(snapshot)
    }

    /// A key that was made after the last commit belongs to one that has not come to its end.
    fn take(
        &mut self,
        connection: &Connection,
        keys: BTreeMap<String, KeyValue>,
    ) -> Result<(), EtcdError> {
        let mut parts = BTreeMap::new();
        for (name, key) in keys {
            let text = || String::from_utf8_lossy(key.value()).into_owned();
            if let Some(id) = name.strip_prefix(PARTS) {
                parts.insert(id.to_owned(), key.value().to_vec());
            } else if !name.starts_with(FILES) && !name.starts_with(SPLIT) {
                continue;
            } else if key.create_revision() > self.revision {
                self.leftovers.push(name);
            } else if let Some(path) = name.strip_prefix(FILES) {
                self.files.set(path, Some(key.value().to_vec()));
            } else if let Some(path) = name.strip_prefix(SPLIT) {
                let ids = text().lines().map(str::to_owned).collect();
                self.split.insert(path.to_owned(), ids);
            }
        }
        for (path, ids) in &self.split {
            let content = joined(ids, &parts).ok_or_else(|| EtcdError::Damaged {
                place: connection.place(),
                key: connection.key(&format!("{SPLIT}{path}")),
                fault: "names parts that are missing or were changed",
            })?;
            self.files.set(path, Some(content));
        }
        let known = self.parts();
        let unused = parts.keys().filter(|id| !known.contains(id.as_str()));
        let unused: Vec<_> = unused.map(|id| format!("{PARTS}{id}")).collect();
        self.leftovers.extend(unused);
        Ok(())
    }
}

/// Whether the store says that it is of this format; if it says nothing it is new, or something else.
pub(super) fn has_format(connection: &Connection) -> Result<bool, EtcdError> {
    let format = connection.read(&connection.key(FORMAT))?;
    match format {
        Some(format) => check_format(connection.address(), format.value()).map(|()| true),
        None => Ok(false),
    }
}

/// Refuses what is of another format, or of somebody else.
pub(super) fn check_format(address: &Address, format: &[u8]) -> Result<(), EtcdError> {
    let text = String::from_utf8_lossy(format);
    match text.strip_prefix(FORMAT_NAME) {
        Some(version) if version == FORMAT_VERSION.to_string() => Ok(()),
        Some(version) if version.parse::<u32>().is_ok() => Err(EtcdError::OtherFormat {
            place: address.to_string(),
            found: version.to_owned(),
            known: FORMAT_VERSION,
        }),
        _ => Err(EtcdError::Foreign {
            place: address.to_string(),
            key: format!("{}{FORMAT}", address.prefix()),
        }),
    }
}

/// What the key of the format holds.
pub(super) fn format() -> String {
    format!("{FORMAT_NAME}{FORMAT_VERSION}")
}

fn missing(connection: &Connection, name: &str) -> EtcdError {
    EtcdError::Damaged {
        place: connection.place(),
        key: connection.key(name),
        fault: MISSING,
    }
}

/// The content of a file that is kept in parts.
pub(super) fn joined(ids: &[String], parts: &BTreeMap<String, Vec<u8>>) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    for id in ids {
        let found = parts.get(id).filter(|found| part::id(found) == *id)?;
        content.extend(found);
    }
    Some(content)
}

/// Every key below a prefix at one revision. Where reading took so long that others have thrown that
/// revision away, it begins anew.
pub(super) fn below(connection: &Connection, prefix: &str) -> Result<Vec<KeyValue>, Failure> {
    loop {
        match pages(connection, prefix) {
            Err(Failure::Compacted) => {}
            result => return result,
        }
    }
}

/// Every key below a prefix at one revision, that at which the first page was read.
fn pages(connection: &Connection, prefix: &str) -> Result<Vec<KeyValue>, Failure> {
    let range = [prefix.as_bytes(), connection::end_of(prefix).as_bytes()].map(<[u8]>::to_vec);
    let (keys, _) = pages_of(connection, range, &GetOptions::new().with_limit(PAGE))?;
    Ok(keys)
}

/// Every key of a range at one revision, which is returned too, a page after the other.
pub(super) fn pages_of(
    connection: &Connection,
    [mut from, end]: [Vec<u8>; 2],
    options: &GetOptions,
) -> Result<(Vec<KeyValue>, i64), Failure> {
    let mut revision = 0;
    let mut keys: Vec<KeyValue> = Vec::new();
    loop {
        let options = options.clone().with_range(end.clone());
        let options = options.with_revision(revision);
        let mut answer: GetResponse = connection.call(|client: Client| {
            let (mut reader, from) = (connection::reader(&client), from.clone());
            let options = options.clone();
            async move { reader.get(from, Some(options)).await }
        })?;
        if revision == 0 {
            revision = answer.header().map_or(0, |header| header.revision());
        }
        keys.extend(answer.take_kvs());
        match keys.last() {
            Some(last) if answer.more() => {
                from = last.key().to_vec();
                from.push(0);
            }
            _ => return Ok((keys, revision)),
        }
    }
}

/// What is wrong with a key that every store has.
pub(super) const MISSING: &str = "is missing";
const FORMAT_NAME: &str = "etcdpki ";
const FORMAT_VERSION: u32 = 1;
/// How many keys are asked for at once; each is of a part's length at most.
const PAGE: i64 = 500;
