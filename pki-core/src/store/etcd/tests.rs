//! Against real members, of both releases.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use fixtures::Etcdctl;
use fixtures::etcd::{Release, Service, turn_authentication_on};
use zeroize::Zeroizing;

use super::*;
use crate::progress::Seen;

/// An etcd that is running, with a client of it.
struct Peer {
    service: &'static Service,
    credentials: Credentials,
    control: Etcdctl,
}

impl Peer {
    fn new(release: Release) -> Self {
        let service = Service::start(release);
        Self {
            service,
            credentials: credentials(service, "operator"),
            control: service.etcdctl("control"),
        }
    }

    fn fresh(&self) -> Address {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let text = format!("etcd://{}/tests/{number}", self.service.endpoint());
        text.parse().unwrap()
    }

    fn open(&self, address: &Address) -> Result<Etcd, StoreError> {
        self.open_within(address, Duration::ZERO)
    }

    fn open_within(&self, address: &Address, patience: Duration) -> Result<Etcd, StoreError> {
        Etcd::open(address, &self.credentials, "a test", patience, silent())
    }

    fn read(&self, address: &Address) -> Result<Etcd, StoreError> {
        Etcd::open_read_only(address, &self.credentials, silent())
    }
}

fn credentials(service: &Service, name: &str) -> Credentials {
    let (certificate, key) = service.client(name);
    Credentials {
        authorities: fs::read(service.authority()).unwrap(),
        certificate: fs::read(certificate).unwrap(),
        key: Zeroizing::new(fs::read(key).unwrap()),
    }
}

fn silent() -> Observer {
    Arc::new(|_| ())
}

static PEERS: LazyLock<[Peer; 2]> =
    LazyLock::new(|| [Release::Installed, Release::Newer].map(Peer::new));

/// A store in each of them, with nothing in it.
pub(in super::super) fn fresh_stores() -> impl Iterator<Item = Etcd> {
    PEERS.iter().map(|peer| peer.open(&peer.fresh()).unwrap())
}

fn batch(files: &[(&str, &[u8])]) -> Batch {
    let mut batch = Batch::default();
    for (path, content) in files {
        batch.put(*path, *content);
    }
    batch
}

fn all(store: &Etcd) -> Vec<(String, Vec<u8>)> {
    let files = store.files();
    let files = files.map(|(path, content)| (path.to_owned(), content.to_vec()));
    files.collect()
}

fn large(seed: u8) -> Vec<u8> {
    let octets = (0_u32..300_000).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3] ^ seed);
    octets.collect()
}

#[test]
fn what_one_has_committed_another_reads() {
    for peer in &*PEERS {
        let address = peer.fresh();
        assert!(all(&peer.read(&address).unwrap()).is_empty());
        let mut store = peer.open(&address).unwrap();
        let first = store.revision();
        let large_one = large(0);
        let files: [(&str, &[u8]); 3] =
            [("keyring.yml", b"k"), ("empty", b""), ("crl/l", &large_one)];
        store.commit(batch(&files)).unwrap();
        assert!(store.revision() > first);
        // Replaced, grown, made small and made large.
        let grown = [large_one.as_slice(), b"more"].concat();
        let files: [(&str, &[u8]); 3] = [("crl/l", &grown), ("empty", &large_one), ("new", b"n")];
        store.commit(batch(&files)).unwrap();
        let files: [(&str, &[u8]); 2] = [("crl/l", b"small"), ("keyring.yml", b"other")];
        store.commit(batch(&files)).unwrap();
        let other = peer.read(&address).unwrap();
        assert_eq!(all(&other), all(&store));
        assert_eq!(other.revision(), store.revision());
        assert_eq!(other.read("crl/l").unwrap().unwrap(), b"small");
        assert_eq!(other.read("empty").unwrap().unwrap(), large_one);
        // It was read once, and stays what it was.
        store.commit(batch(&[("new", b"newer")])).unwrap();
        assert_eq!(other.read("new").unwrap().unwrap(), b"n");
    }
}

#[test]
fn a_batch_of_any_size_is_there_at_once() {
    for peer in &*PEERS {
        let address = peer.fresh();
        let mut store = peer.open(&address).unwrap();
        store
            .commit(batch(&[("keyring.yml", b"k"), ("trust", b"1")]))
            .unwrap();
        let mut many = Batch::default();
        for number in 0..4_000 {
            let files = vec![
                ("tls.crt", vec![b'c'; 3000]),
                ("tls.key.sealed", vec![b'k'; 400]),
            ];
            many.put_directory(format!("certificates/{number}/server/1"), files);
        }
        many.put("trust", "2");
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| store.commit(many));
            let mut seen = Vec::new();
            while !writer.is_finished() {
                seen.push(peer.read(&address).unwrap());
            }
            writer.join().unwrap().unwrap();
            seen.push(peer.read(&address).unwrap());
            for read in &seen {
                let count = read.files().count();
                match read.read("trust").unwrap().unwrap().as_slice() {
                    b"1" => assert_eq!(count, 2),
                    _ => assert_eq!(count, 8_002),
                }
            }
            assert_eq!(seen.last().unwrap().files().count(), 8_002);
        });
    }
}

#[test]
fn what_a_writer_left_half_done_is_not_seen_and_is_removed() {
    for peer in &*PEERS {
        let address = peer.fresh();
        let mut store = peer.open(&address).unwrap();
        store
            .commit(batch(&[("keyring.yml", b"k"), ("a", b"1")]))
            .unwrap();
        let staged = [
            Write::Put(
                "files/certificates/n/server/1/tls.crt".into(),
                b"c".to_vec(),
            ),
            Write::Put(format!("parts/{}", part::id(b"p")), b"p".to_vec()),
        ];
        store.write_guarded(&[staged.into()]).unwrap();
        let prefix = address.prefix();
        let keys = || {
            peer.control
                .run(&["get", "--prefix", "--keys-only", prefix])
                .stdout
        };
        assert!(keys().contains("tls.crt") && keys().contains("parts/"));
        let before = all(&store);
        assert_eq!(all(&peer.read(&address).unwrap()), before);
        drop(store);
        let store = peer.open(&address).unwrap();
        assert_eq!(all(&store), before);
        assert!(!keys().contains("tls.crt") && !keys().contains("parts/"));
    }
}

/// Each costs what the network and etcd take; the lease that is given back at the end is one more.
#[test]
fn requests_are_few() {
    for peer in &*PEERS {
        let address = peer.fresh();
        drop(peer.open(&address).unwrap());
        let asked = |store: &Etcd| store.connection.asked.load(Ordering::Relaxed);
        // The format, a lease, the lock, and all files.
        let mut store = peer.open(&address).unwrap();
        assert_eq!(asked(&store), 4);
        store
            .commit(batch(&[("keyring.yml", b"k"), ("a", b"1")]))
            .unwrap();
        assert_eq!(asked(&store), 5);
        // As many files as 250 certificates: five transactions, four of them at once, and the last.
        let files = (0..500).map(|number| number.to_string());
        let files: Vec<_> = files.collect();
        let files: Vec<_> = files
            .iter()
            .map(|path| (path.as_str(), b"1".as_slice()))
            .collect();
        store.commit(batch(&files)).unwrap();
        assert_eq!(asked(&store), 8);
        assert_eq!(asked(&peer.read(&address).unwrap()), 2);
    }
}

/// In one transaction, and in several.
#[test]
fn every_file_that_is_written_is_told() {
    for peer in &*PEERS {
        let mut store = peer.open(&peer.fresh()).unwrap();
        for count in [3, 500] {
            let files: Vec<_> = (0..count)
                .map(|number| format!("{count}/{number}"))
                .collect();
            let files = files.iter().map(|path| (path.as_str(), &b"1"[..]));
            let seen = Arc::new(Seen::default());
            let batch = batch(&files.collect::<Vec<_>>());
            store.commit(batch.watched_by(Some(seen.clone()))).unwrap();
            assert_eq!(*seen.all(), [(Work::Write, Some(count), count)]);
        }
    }
}

#[test]
fn a_removal_that_arrives_late_takes_nothing_away() {
    for peer in &*PEERS {
        let address = peer.fresh();
        let mut store = peer.open(&address).unwrap();
        store.commit(batch(&[("keyring.yml", b"k")])).unwrap();
        let name = "files/certificates/n/server/1/tls.crt";
        let stage = |store: &Etcd| {
            let staged = Write::Put(name.to_owned(), b"c".to_vec());
            store.write_guarded(&[vec![staged]]).unwrap();
        };
        stage(&store);
        let before = store.snapshot.revision;
        drop(store);
        let mut store = peer.open(&address).unwrap();
        stage(&store);
        let now = std::mem::replace(&mut store.snapshot.revision, before);
        let again = store.write_guarded(&[vec![Write::Delete(name.to_owned())]]);
        let error = again.unwrap_err();
        assert!(matches!(error, StoreError::Overtaken { .. }), "{error}");
        store.snapshot.revision = now;
        store.commit(batch(&[("a", b"1")])).unwrap();
        let other = peer.read(&address).unwrap();
        let read = other.read("certificates/n/server/1/tls.crt").unwrap();
        assert_eq!(read.unwrap(), b"c");
    }
}

#[test]
fn a_commit_whose_answer_comes_when_others_have_committed_was_made() {
    for (peer, count) in PEERS.iter().zip([1, 500]) {
        let address = peer.fresh();
        let mut store = peer.open(&address).unwrap();
        store.commit(batch(&[("keyring.yml", b"k")])).unwrap();
        let change = |letter: &str, count: usize| {
            let files = (0..count).map(|number| (format!("{letter}/{number}"), vec![b'x']));
            let replaced = ("keyring.yml".to_owned(), letter.as_bytes().to_vec());
            let mut change = Change::next(&store.snapshot, &mut files.chain([replaced]).collect());
            store.write_guarded(&change.take_staged()).unwrap();
            change
        };
        let (made, not_made) = (change("made", count), change("not-made", 1));
        store.publish_as(&made, b"name".to_vec()).unwrap();
        let lease = format!("{:x}", store.lock.as_ref().unwrap().lease());
        peer.control
            .run(&["lease", "revoke", &lease])
            .expect_success();
        let mut next = peer.open(&address).unwrap();
        next.commit(batch(&[("b", b"2")])).unwrap();
        store.publish_as(&made, b"name".to_vec()).unwrap();
        let error = store.publish_as(&not_made, b"other".to_vec()).unwrap_err();
        assert!(matches!(error, StoreError::LockLost { .. }), "{error}");
    }
}

#[test]
fn one_writes_at_a_time_and_the_other_is_told_who() {
    for peer in &*PEERS {
        let address = peer.fresh();
        let told = Arc::new(Mutex::new(Vec::new()));
        let first = peer.open(&address).unwrap();
        let error = peer.open(&address).unwrap_err().to_string();
        assert!(
            error.contains("another etcdpki is at work here (a test)"),
            "{error}"
        );
        peer.read(&address).unwrap();
        let observer: Observer = Arc::new({
            let told = Arc::clone(&told);
            move |waiting| told.lock().unwrap().push(waiting.clone())
        });
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(1500));
                drop(first);
            });
            let patience = Duration::from_secs(60);
            Etcd::open(&address, &peer.credentials, "second", patience, observer).unwrap();
        });
        assert_eq!(
            *told.lock().unwrap(),
            [Waiting::ForLock("a test".to_owned())]
        );
    }
}

#[test]
fn who_lost_the_lock_writes_nothing_any_more() {
    for peer in &*PEERS {
        let address = peer.fresh();
        let mut store = peer.open(&address).unwrap();
        store.commit(batch(&[("keyring.yml", b"k")])).unwrap();
        // As when its lease had ended while it was cut off.
        let lease = format!("{:x}", store.lock.as_ref().unwrap().lease());
        peer.control
            .run(&["lease", "revoke", &lease])
            .expect_success();
        let error = store.commit(batch(&[("a", b"1")])).unwrap_err();
        assert!(matches!(error, StoreError::LockLost { .. }), "{error}");
        let mut next = peer.open(&address).unwrap();
        let mut many = Batch::default();
        many.put_directory("many", vec![("x", large(1)), ("y", large(2))]);
        let error = store.commit(many).unwrap_err();
        assert!(matches!(error, StoreError::LockLost { .. }), "{error}");
        next.commit(batch(&[("b", b"2")])).unwrap();
        drop(store);
        // Nor does it take the lock of the next one with it.
        next.commit(batch(&[("c", b"3")])).unwrap();
        let names: Vec<_> = all(&next).into_iter().map(|(path, _)| path).collect();
        assert_eq!(names, ["b", "c", "keyring.yml"]);
    }
}

#[test]
fn whatever_else_was_committed_is_not_overwritten() {
    for peer in &*PEERS {
        let address = peer.fresh();
        let mut store = peer.open(&address).unwrap();
        store.commit(batch(&[("keyring.yml", b"k")])).unwrap();
        let head = format!("{}head", address.prefix());
        peer.control
            .run(&["put", &head, "somebody"])
            .expect_success();
        let error = store.commit(batch(&[("a", b"1")])).unwrap_err();
        assert!(matches!(error, StoreError::Overtaken { .. }), "{error}");
        assert_eq!(peer.read(&address).unwrap().files().count(), 1);
    }
}

#[test]
fn nothing_leans_on_revisions_that_etcd_may_compact() {
    for peer in &*PEERS {
        let address = peer.fresh();
        let mut store = peer.open(&address).unwrap();
        store
            .commit(batch(&[("keyring.yml", b"k"), ("a", b"1")]))
            .unwrap();
        let other = peer.fresh();
        peer.control
            .run(&["put", &format!("{}x", other.prefix()), "y"])
            .expect_success();
        let state = peer.control.run(&["get", "/", "--write-out=json"]).stdout;
        let revision = state.split("\"revision\":").nth(1).unwrap();
        let revision: String = revision.chars().take_while(char::is_ascii_digit).collect();
        // Another test may have compacted to a later one.
        peer.control.run(&["compaction", &revision]);
        assert_eq!(all(&peer.read(&address).unwrap()), all(&store));
        store.commit(batch(&[("a", b"2")])).unwrap();
    }
}

#[test]
fn what_is_not_a_store_of_this_format_is_refused() {
    for peer in &*PEERS {
        for (key, value, expected) in [
            (
                "registry/pods",
                "x",
                "keys that etcdpki did not make, such as /tests/",
            ),
            ("format", "something else", "keys that etcdpki did not make"),
            (
                "format",
                "etcdpki 2",
                "this store is of format 2, and this etcdpki knows format 1",
            ),
        ] {
            let address = peer.fresh();
            let key = format!("{}{key}", address.prefix());
            peer.control.run(&["put", &key, value]).expect_success();
            for opened in [peer.open(&address), peer.read(&address)] {
                let error = opened.unwrap_err().to_string();
                assert!(error.contains(expected), "{error}");
            }
            let left = peer
                .control
                .run(&["get", "--prefix", "--keys-only", address.prefix()]);
            assert_eq!(left.stdout.trim(), key);
        }
    }
}

#[test]
fn a_store_without_head_or_format_is_damaged_and_nothing_in_it_left_over() {
    for peer in &*PEERS {
        for lost in ["head", "format"] {
            let address = peer.fresh();
            let mut store = peer.open(&address).unwrap();
            store.commit(batch(&[("keyring.yml", b"k")])).unwrap();
            drop(store);
            let key = format!("{}{lost}", address.prefix());
            peer.control.run(&["del", &key]).expect_success();
            let keys = || {
                let keys = ["get", "--prefix", "--keys-only", address.prefix()];
                peer.control.run(&keys).expect_success().stdout
            };
            let before = keys();
            for opened in [peer.open(&address), peer.read(&address)] {
                let error = opened.unwrap_err().to_string();
                assert!(
                    error.contains(&format!("the key {key} is missing")),
                    "{error}"
                );
            }
            assert_eq!(keys(), before);
        }
    }
}

#[test]
fn damage_is_named_by_its_key() {
    for peer in &*PEERS {
        let address = peer.fresh();
        let mut store = peer.open(&address).unwrap();
        store
            .commit(batch(&[("keyring.yml", b"k"), ("l", &large(3))]))
            .unwrap();
        let part = format!("{}parts/{}", address.prefix(), store.snapshot.split["l"][1]);
        peer.control.run(&["put", &part, "x"]).expect_success();
        let error = peer.read(&address).unwrap_err().to_string();
        assert!(
            error.contains("split/l names parts that are missing or were changed"),
            "{error}"
        );
        drop(store);
        let address = peer.fresh();
        let mut store = peer.open(&address).unwrap();
        store.commit(batch(&[("journal.jsonl", b"")])).unwrap();
        let error = peer.read(&address).unwrap_err();
        assert!(matches!(error, StoreError::NoKeyring { .. }), "{error}");
    }
}

#[test]
fn a_store_that_was_opened_to_be_read_is_not_written() {
    let peer = &PEERS[0];
    let mut store = peer.read(&peer.fresh()).unwrap();
    let error = store.commit(batch(&[("a", b"1")])).unwrap_err().to_string();
    assert!(error.contains("opened to be read"), "{error}");
}

#[test]
fn who_does_not_answer_is_given_up() {
    let peer = &PEERS[0];
    let nobody: Address = "etcd://127.0.0.1:1/pki".parse().unwrap();
    let begin = Instant::now();
    let error = peer.read(&nobody).unwrap_err().to_string();
    assert!(
        error.contains("etcd does not answer") && error.contains("refused"),
        "{error}"
    );
    assert!(begin.elapsed() < Duration::from_secs(30));
    // Who trusts another authority does not speak with it either, which is said at once.
    let foreign = Credentials {
        authorities: peer.credentials.certificate.clone(),
        certificate: peer.credentials.certificate.clone(),
        key: peer.credentials.key.clone(),
    };
    let begin = Instant::now();
    let opened = Etcd::open_read_only(&peer.fresh(), &foreign, silent());
    let error = opened.unwrap_err().to_string();
    assert!(
        error.contains("do not accept each other's certificates")
            && error.contains("invalid peer certificate")
            && error.contains("the clock here says 2"),
        "{error}"
    );
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_store_may_be_used_inside_of_an_asynchronous_program() {
    let peer = &PEERS[0];
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(async {
        let mut store = peer.open(&peer.fresh()).unwrap();
        store.commit(batch(&[("a", b"1")])).unwrap();
    });
}

#[test]
fn a_user_without_the_role_is_told_which_is_missing() {
    for release in [Release::Installed, Release::Newer] {
        let peer = Peer::new(release);
        let root = peer.service.etcdctl("root");
        let address = peer.fresh();
        drop(peer.open(&address).unwrap());
        turn_authentication_on(&root, &["root"], address.prefix());
        let denied = |opened: Result<Etcd, StoreError>, permission| {
            let error = opened.unwrap_err();
            let text = error.to_string();
            let needed = format!("--prefix=true {permission} {}`", address.prefix());
            let asked = format!("let operator {permission} here (etcdserver: permission denied)");
            assert!(text.contains(&needed) && text.contains(&asked), "{text}");
        };
        denied(peer.read(&address), "read");
        root.run(&["user", "grant-role", "operator", "readers"])
            .expect_success();
        peer.read(&address).unwrap();
        denied(peer.open(&address), "readwrite");
        let grant = [
            "role",
            "grant-permission",
            "readers",
            "--prefix=true",
            "readwrite",
        ];
        root.run(&[&grant[..], &[address.prefix()]].concat())
            .expect_success();
        peer.open(&address).unwrap();
    }
}
