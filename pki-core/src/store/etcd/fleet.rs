//! Every store below a prefix, looked at without reading what its status does not need.
//!
//! The names of all keys are read first, which tell what there is: a page of them is one request.
//! Of each store follow its description and the certificates that count, a hundred in a request: no
//! sealed key, no older certificate of a leaf, no journal. So the cost is linear in the number of keys,
//! with a small factor.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;

use etcd_client::{Client, GetOptions, KeyValue, Txn, TxnOp, TxnOpResponse};

use super::super::{Address, Batch, Memory, Store, StoreError, layout};
use super::connection::{self, Connection};
use super::error::Failure;
use super::snapshot::{self, MISSING, check_format, joined};
use super::{Credentials, DESCRIPTION, EtcdError, FILES, FORMAT, HEAD, Observer, PARTS, SPLIT};

/// The stores below a prefix.
#[derive(Debug)]
pub struct Fleet {
    connection: Connection,
    stores: BTreeMap<String, Names>,
    is_partial: bool,
    requests: Cell<u64>,
    octets: Cell<u64>,
}

/// The keys of a store, without its prefix.
type Names = BTreeMap<String, Revisions>;

/// When a key was made, and when it was written last.
#[derive(Clone, Copy, Debug)]
struct Revisions {
    created: i64,
    modified: i64,
}

impl Fleet {
    /// Finds the stores below a prefix. Whoever may not read all that is below it finds those that it
    /// may read.
    ///
    /// # Errors
    ///
    /// When no member answers, or the user may read nothing there.
    pub fn open(
        address: &Address,
        credentials: &Credentials,
        observer: Observer,
    ) -> Result<Self, StoreError> {
        let mut fleet = Self {
            connection: Connection::open(address, credentials, observer)?,
            stores: BTreeMap::new(),
            is_partial: false,
            requests: Cell::new(0),
            octets: Cell::new(0),
        };
        let whole = range(address.prefix());
        let keys = match fleet.keys(whole.clone()) {
            Err(Failure::Denied(answer)) => {
                fleet.is_partial = true;
                fleet.permitted_keys(&whole, answer)
            }
            other => other,
        };
        let keys = keys.map_err(|failure| fleet.connection.error(failure))?;
        fleet.stores = stores(keys);
        Ok(fleet)
    }

    /// The stores that were found.
    pub fn addresses(&self) -> impl Iterator<Item = Address> {
        let own = self.connection.address();
        self.stores.keys().map(|prefix| own.with_prefix(prefix))
    }

    /// Whether the user may not read all that is below the prefix.
    pub fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// How many requests were made, and how many octets of keys and values came back.
    pub fn cost(&self) -> (u64, u64) {
        (self.requests.get(), self.octets.get())
    }

    /// Reads what the status of a store needs, all of it at one revision.
    ///
    /// # Errors
    ///
    /// When it is of another format or damaged, no member answers, or the user may not read it.
    pub fn read(&self, address: &Address) -> Result<Excerpt, StoreError> {
        let mut names = self.stores.get(address.prefix()).cloned();
        loop {
            let known = match names.take() {
                Some(names) => names,
                None => {
                    let keys = self.keys(range(address.prefix()));
                    let keys = keys.map_err(|failure| self.failed(address, failure))?;
                    stores(keys).remove(address.prefix()).unwrap_or_default()
                }
            };
            match self.excerpt(address, &known) {
                // Others have thrown the revision away at which the names were read.
                Err(Unread::Failed(Failure::Compacted)) => {}
                Err(Unread::Failed(failure)) => return Err(self.failed(address, failure).into()),
                Err(Unread::Unfit(error)) => return Err(error.into()),
                Ok(excerpt) => return Ok(excerpt),
            }
        }
    }

    fn failed(&self, address: &Address, failure: Failure) -> EtcdError {
        match failure {
            Failure::Denied(_) => {
                let place = address.to_string();
                self.connection
                    .error_below(failure, place, address.prefix())
            }
            other => self.connection.error(other),
        }
    }

    fn excerpt(&self, address: &Address, names: &Names) -> Result<Excerpt, Unread> {
        let damaged = |name: &str, fault| EtcdError::Damaged {
            place: address.to_string(),
            key: format!("{}{name}", address.prefix()),
            fault,
        };
        let mut excerpt = Excerpt {
            address: address.clone(),
            there: Memory::default(),
            read: Memory::default(),
            description: None,
        };
        // Without it nothing is visible, and the format tells first why that may be.
        let head = names.get(HEAD).map(|head| head.modified);
        let visible = names
            .iter()
            .filter(|(_, revisions)| Some(revisions.created) <= head);
        let visible = visible.filter_map(|(name, _)| {
            let path = name.strip_prefix(FILES).or(name.strip_prefix(SPLIT))?;
            Some((path, name.as_str()))
        });
        let files: BTreeMap<&str, &str> = visible.collect();
        let mut wanted: Vec<&str> = vec![FORMAT, DESCRIPTION];
        wanted.retain(|name| names.contains_key(*name));
        wanted.extend(needed(files.keys().copied()).iter().map(|path| files[path]));
        let mut values = self.values(address, names, &wanted)?;
        let format = values.remove(FORMAT);
        let format = format.ok_or_else(|| damaged(FORMAT, MISSING))?;
        check_format(address, &format)?;
        if head.is_none() {
            return Err(damaged(HEAD, MISSING).into());
        }
        excerpt.description = values.remove(DESCRIPTION);
        let ids = |content: &[u8]| -> Vec<String> {
            let text = String::from_utf8_lossy(content);
            text.lines().map(str::to_owned).collect()
        };
        let split = values.iter().filter(|(name, _)| name.starts_with(SPLIT));
        let split: BTreeMap<_, _> = split
            .map(|(name, list)| (name.clone(), ids(list)))
            .collect();
        let parts: BTreeSet<String> = split
            .values()
            .flatten()
            .map(|id| format!("{PARTS}{id}"))
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let parts = self.values(address, names, &parts)?;
        let parts = parts.into_iter().filter_map(|(name, content)| {
            let id = name.strip_prefix(PARTS)?;
            Some((id.to_owned(), content))
        });
        let parts = parts.collect();
        for (path, name) in files {
            excerpt.there.set(path, Some(Vec::new()));
            let content = match split.get(name) {
                Some(ids) => Some(joined(ids, &parts).ok_or_else(|| {
                    damaged(name, "names parts that are missing or were changed")
                })?),
                None => values.remove(name),
            };
            if content.is_some() {
                excerpt.read.set(path, content);
            }
        }
        Ok(excerpt)
    }

    /// The values of keys of a store as they were when the names were read.
    fn values(
        &self,
        address: &Address,
        names: &Names,
        wanted: &[&str],
    ) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        // No key of it was written later. Others write to other stores all the time.
        let revision = names.values().map(|one| one.modified).max().unwrap_or(0);
        let mut values = BTreeMap::new();
        for few in wanted.chunks(AT_ONCE) {
            let get = |name: &&str| {
                let options = GetOptions::new().with_revision(revision);
                TxnOp::get(format!("{}{name}", address.prefix()), Some(options))
            };
            let transaction = Txn::new().and_then(few.iter().map(get).collect::<Vec<_>>());
            let answer = self.connection.call(|client: Client| {
                let (mut reader, transaction) = (connection::reader(&client), transaction.clone());
                async move { reader.txn(transaction).await }
            })?;
            let found = answer.op_responses().into_iter().flat_map(|one| match one {
                TxnOpResponse::Get(mut found) => found.take_kvs(),
                _ => Vec::new(),
            });
            let found: Vec<_> = found.collect();
            self.count(&found);
            values.extend(found.into_iter().filter_map(|found| {
                let (key, value) = found.into_key_value();
                let name = String::from_utf8(key).ok()?;
                let name = name.strip_prefix(address.prefix())?.to_owned();
                Some((name, value))
            }));
        }
        Ok(values)
    }

    /// The keys of a range, without their values.
    fn keys(&self, range: [Vec<u8>; 2]) -> Result<Vec<KeyValue>, Failure> {
        loop {
            let options = GetOptions::new().with_keys_only().with_limit(PAGE);
            match snapshot::pages_of(&self.connection, range.clone(), &options) {
                Ok((keys, _)) => {
                    self.count(&keys);
                    let more = u64::try_from(keys.len()).unwrap_or(u64::MAX) / PAGE.unsigned_abs();
                    self.requests.set(self.requests.get() + more);
                    return Ok(keys);
                }
                Err(Failure::Compacted) => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    /// The keys of a range that the roles of the user let it read. etcd tells everybody of its own
    /// user and roles.
    fn permitted_keys(
        &self,
        whole: &[Vec<u8>; 2],
        denied: String,
    ) -> Result<Vec<KeyValue>, Failure> {
        let Some(user) = self.connection.user() else {
            return Err(Failure::Denied(denied));
        };
        let ask = |client: Client| {
            let (mut auth, user) = (client.auth_client(), user.to_owned());
            async move { auth.user_get(user).await }
        };
        let found = self.connection.call(ask)?;
        let mut ranges = Vec::new();
        for role in found.roles() {
            let ask = |client: Client| {
                let (mut auth, role) = (client.auth_client(), role.clone());
                async move { auth.role_get(role).await }
            };
            for permission in self.connection.call(ask)?.permissions() {
                let (from, end) = (permission.key(), permission.range_end());
                ranges.extend(common(whole, from, end));
            }
        }
        ranges.sort();
        ranges.dedup();
        let mut keys = Vec::new();
        let mut is_permitted = false;
        for range in ranges {
            match self.keys(range) {
                Ok(found) => {
                    is_permitted = true;
                    keys.extend(found);
                }
                // It may write there.
                Err(Failure::Denied(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
        match is_permitted {
            true => Ok(keys),
            false => Err(Failure::Denied(denied)),
        }
    }

    fn count(&self, found: &[KeyValue]) {
        let octets = found.iter().map(|one| one.key().len() + one.value().len());
        let octets = u64::try_from(octets.sum::<usize>()).unwrap_or(u64::MAX);
        self.octets.set(self.octets.get() + octets);
        self.requests.set(self.requests.get() + 1);
    }
}

/// What the status of a store needs of it. To read anything else is an error.
#[derive(Debug)]
pub struct Excerpt {
    address: Address,
    /// Every file, empty.
    there: Memory,
    read: Memory,
    description: Option<Vec<u8>>,
}

impl Excerpt {
    /// The description that the last change was made by, where the store has one. Whoever may write to
    /// the store may have written it: it is for looking, and nothing is to be made by it.
    pub fn description(&self) -> Option<&[u8]> {
        self.description.as_deref()
    }
}

impl Store for Excerpt {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match (self.read.get(path), self.there.get(path)) {
            (Some(content), _) => Ok(Some(content.to_vec())),
            (None, None) => Ok(None),
            (None, Some(_)) => {
                let error = io::Error::other("this file was not read, for no status needs it");
                Err(StoreError::io(self.locate(path), error))
            }
        }
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, StoreError> {
        self.there.list(directory)
    }

    fn locate(&self, path: &str) -> String {
        format!("{}/{path}", self.address)
    }

    fn commit(&mut self, _: Batch) -> Result<(), StoreError> {
        let place = self.address.to_string();
        Err(EtcdError::ReadOnly { place }.into())
    }
}

/// Why nothing was read of a store.
enum Unread {
    Failed(Failure),
    Unfit(EtcdError),
}

impl From<Failure> for Unread {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<EtcdError> for Unread {
    fn from(error: EtcdError) -> Self {
        Self::Unfit(error)
    }
}

/// The keys by the store that they belong to. What belongs to none is of others.
fn stores(keys: Vec<KeyValue>) -> BTreeMap<String, Names> {
    let named = keys.into_iter().filter_map(|key| {
        let revisions = Revisions {
            created: key.create_revision(),
            modified: key.mod_revision(),
        };
        let (key, _) = key.into_key_value();
        Some((String::from_utf8(key).ok()?, revisions))
    });
    let named: BTreeMap<String, Revisions> = named.collect();
    let keyring = format!("/{FILES}{}", layout::KEYRING);
    let roots: HashSet<String> = named
        .keys()
        .filter_map(|key| {
            // A store that has lost the one is told by the other.
            let root = key.strip_suffix(keyring.as_str());
            root.or_else(|| key.strip_suffix(FORMAT)?.strip_suffix('/'))
        })
        .map(|root| format!("{root}/"))
        .collect();
    let mut stores: BTreeMap<String, Names> = BTreeMap::new();
    for (key, revisions) in named {
        let above = key.rmatch_indices('/');
        let mut above = above.map(|(index, slash)| key.split_at(index + slash.len()));
        if let Some((root, name)) = above.find(|(root, _)| roots.contains(*root)) {
            let names = stores.entry(root.to_owned()).or_default();
            names.insert(name.to_owned(), revisions);
        }
    }
    stores
}

/// The paths of the files that the status of a PKI needs.
fn needed<'a>(paths: impl Iterator<Item = &'a str> + Clone) -> Vec<&'a str> {
    let leaf = |path: &'a str| -> Option<(&'a str, u32)> {
        let (directory, file) = path.rsplit_once('/')?;
        let (directory, generation) = directory.rsplit_once('/')?;
        let is_leaf = file == layout::LEAF_CERTIFICATE && below(directory, layout::LEAVES);
        is_leaf.then_some((directory, layout::generation(generation)?))
    };
    let mut newest: BTreeMap<&str, (u32, &str)> = BTreeMap::new();
    for path in paths.clone() {
        if let Some((directory, generation)) = leaf(path) {
            let newest = newest.entry(directory).or_insert((generation, path));
            *newest = (*newest).max((generation, path));
        }
    }
    let others = paths.filter(|path| {
        let is_state = [layout::AUTHORITIES, layout::REVOCATIONS, TRUST];
        *path == layout::REVOCATION_LIST
            || is_state.iter().any(|directory| below(path, directory))
                && !path.ends_with(layout::AUTHORITY_KEY)
    });
    let leaves = newest.values().map(|(_, path)| *path);
    others.chain(leaves).collect()
}

fn below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn range(prefix: &str) -> [Vec<u8>; 2] {
    [
        prefix.as_bytes().to_vec(),
        connection::end_of(prefix).into_bytes(),
    ]
}

/// What a range and that of a permission have in common.
fn common([from, end]: &[Vec<u8>; 2], key: &[u8], range_end: &[u8]) -> Option<[Vec<u8>; 2]> {
    let mut next = key.to_vec();
    next.push(0);
    let permitted_end = match range_end {
        // One key alone.
        [] => next.as_slice(),
        // All from there.
        [0] => end.as_slice(),
        other => other,
    };
    let from = from.as_slice().max(key);
    let end = end.as_slice().min(permitted_end);
    (from < end).then(|| [from.to_vec(), end.to_vec()])
}

const TRUST: &str = "trust";
/// How many names are asked for at once.
const PAGE: i64 = 10_000;
/// How many values are asked for at once: etcd takes 128 operations in a transaction.
const AT_ONCE: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_counts_as_far_as_it_goes() {
        let whole = range("/pki/");
        let common = |key: &str, end: &[u8]| {
            let found = common(&whole, key.as_bytes(), end)?;
            Some(found.map(|octets| String::from_utf8(octets).unwrap()))
        };
        let both = |from: &str, end: &str| Some([from.to_owned(), end.to_owned()]);
        assert_eq!(common("/pki/a/", b"/pki/a0"), both("/pki/a/", "/pki/a0"));
        assert_eq!(common("/", b"0"), both("/pki/", "/pki0"));
        assert_eq!(common("/pki/z", &[0]), both("/pki/z", "/pki0"));
        assert_eq!(common("/pki/a", b""), both("/pki/a", "/pki/a\0"));
        assert_eq!(common("/other/", b"/other0"), None);
        assert_eq!(common("/pki0", &[0]), None);
    }

    #[test]
    fn no_key_nor_what_is_older_is_needed() {
        let paths = [
            "authorities/etcd/1/ca.crt",
            "authorities/etcd/1/ca.key.sealed",
            "authorities/etcd/2/ca.csr",
            "certificates/a/peer/10/tls.crt",
            "certificates/a/peer/10/tls.key.sealed",
            "certificates/a/peer/9/tls.crt",
            "certificates/b/client/1/tls.crt",
            "crl/authorities/root/1.crl",
            "crl/etcd.crl",
            "journal.jsonl",
            "keyring.yml",
            "revocations/01.yml",
            "trust/chain.crt",
        ];
        let mut needed = needed(paths.into_iter());
        needed.sort_unstable();
        let wanted = [0, 2, 3, 6, 8, 11, 12].map(|index| paths[index]);
        assert_eq!(needed, wanted);
    }
}
