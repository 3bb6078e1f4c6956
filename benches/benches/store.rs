//! Certificates a second into a store on three members of etcd, against the number of writers, and
//! what etcd's own round trips allow, measured in the same run.
//!
//! Every command holds the lock from its first read to its last write, so writers wait for each other:
//! what a command asks of etcd meanwhile, one after another, is the least that it can take. A passphrase
//! is slow to try, and is tried meanwhile; the identity of a pipeline is not.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

mod site;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Instant;

use benches::{Row, Table, median, process, rounds};
use fixtures::AgeKey;
use pki_core::store::etcd::{Etcd, Letter};
use pki_core::store::{Batch, Store as _};
use tempfile::TempDir;

use site::{Failure, Site, count};

/// What writers do.
#[derive(Clone, Copy)]
struct Work {
    /// How many certificates a command issues.
    batch: usize,
    /// How many commands all writers run in all.
    commands: usize,
    /// How many certificates are there before.
    before: usize,
    /// What opens the keys.
    secret: Secret,
}

impl Work {
    const fn new(batch: usize, commands: usize, before: usize, secret: Secret) -> Self {
        Self {
            batch,
            commands,
            before,
            secret,
        }
    }
}

const WORK: [Work; 5] = [
    Work::new(1, 24, 0, Secret::Passphrase),
    Work::new(1, 48, 0, Secret::AgeIdentity),
    Work::new(1, 8, 10_000, Secret::AgeIdentity),
    Work::new(250, 8, 0, Secret::AgeIdentity),
    Work::new(2500, 4, 0, Secret::AgeIdentity),
];
const WRITERS: [usize; 3] = [1, 2, 4];
/// About how long a certificate is, and a sealed key.
const FILES: [(&str, usize); 2] = [("tls.crt", 2200), ("tls.key.sealed", 450)];
/// What a command of one certificate asks of etcd one after another: see `requests_are_few` in the
/// tests of the store.
const READS: f64 = 2.0;
const WRITES: f64 = 4.0;

/// What opens the keys.
#[derive(Clone, Copy)]
enum Secret {
    AgeIdentity,
    Passphrase,
}

impl Secret {
    fn as_str(self) -> &'static str {
        match self {
            Self::AgeIdentity => "an age identity",
            Self::Passphrase => "a passphrase",
        }
    }
}

fn main() -> Result<(), Failure> {
    let site = Site::start()?;
    let rounds = rounds(3);
    for (number, work) in WORK.into_iter().enumerate() {
        let batch = work.batch;
        let trips: Vec<_> = (0..rounds)
            .map(|round| round_trips(&site, &format!("trips-{number}-{round}"), batch))
            .collect::<Result<_, _>>()?;
        let read = median(trips.iter().map(|trip| trip.read));
        let write = median(trips.iter().map(|trip| trip.write));
        let commit = median(trips.iter().map(|trip| trip.commit));
        let least = READS * read + (WRITES - 1.0) * write + commit;
        println!(
            "\netcd alone: a read {read:.1} ms, a small write {write:.1} ms, {batch} certificates \
             with their keys {commit:.1} ms; so a command takes {least:.1} ms at least"
        );
        let title = format!(
            "{} commands of {batch}, opened by {}, after {}; medians of {rounds}",
            work.commands,
            work.secret.as_str(),
            work.before
        );
        let columns = ["a command", "certificates a second", "of what etcd allows"];
        let mut table = Table::new(title, columns);
        for writers in WRITERS {
            let walls: Vec<_> = (0..rounds)
                .map(|round| {
                    let prefix = format!("work-{number}-{writers}-{round}");
                    run(&site, &prefix, writers, work)
                })
                .collect::<Result<_, _>>()?;
            let each = median(walls) / count(work.commands);
            let figures = [
                format!("{each:.0} ms"),
                format!("{:.0}", count(batch) / each * 1e3),
                format!("{:.0} %", least / each * 100.0),
            ];
            table.push(Row::new(format!("{writers} writers"), figures));
        }
        println!("\n{table}");
    }
    Ok(())
}

/// What etcd takes for each, in milliseconds.
struct Trips {
    read: f64,
    write: f64,
    commit: f64,
}

/// A store with nothing in it but what is measured. One connection, so no handshake counts.
fn round_trips(site: &Site, prefix: &str, batch: usize) -> Result<Trips, Failure> {
    let mut store = site.open(prefix)?;
    let mut written = 0;
    let mut commit = |store: &mut Etcd, count: usize, files: &[(&'static str, usize)]| {
        let mut batch = Batch::default();
        for _ in 0..count {
            written += 1;
            let files = files
                .iter()
                .map(|(name, length)| (*name, vec![b'x'; *length]));
            batch.put_directory(format!("certificates/{written}"), files.collect());
        }
        let begin = Instant::now();
        store.commit(batch)?;
        Ok::<_, Failure>(milliseconds(begin))
    };
    let mut small = Vec::new();
    let mut reads = Vec::new();
    for _ in 0..SAMPLES {
        small.push(commit(&mut store, 1, &[("x", 100)])?);
        let begin = Instant::now();
        store.letters(Letter::Report)?;
        reads.push(milliseconds(begin));
    }
    let mut whole = Vec::new();
    for _ in 0..SAMPLES / 2 {
        whole.push(commit(&mut store, batch, &FILES)?);
    }
    Ok(Trips {
        read: median(reads),
        write: median(small),
        commit: median(whole),
    })
}

/// How long so many writers take for all of it, in milliseconds.
fn run(site: &Site, prefix: &str, writers: usize, work: Work) -> Result<f64, Failure> {
    let places = (0..writers).map(|_| tempfile::tempdir());
    let places: Vec<TempDir> = places.collect::<Result<_, _>>()?;
    let command =
        |place: &Path, arguments: &[&str]| process(&mut site.command(place, prefix, arguments));
    let first = places[0].path();
    describe(first, "before", work.before)?;
    command(first, &["init", "--generate-secrets"]);
    describe(first, "none", 0)?;
    for place in &places[1..] {
        for file in [
            "etcdpki.yml",
            "etcdpki-passphrase.txt",
            "vault-password.txt",
        ] {
            fs::copy(first.join(file), place.path().join(file))?;
        }
    }
    let age = AgeKey::generate(first, "pipeline.key");
    let add = ["ca", "slot", "add", "pipeline", "--recipient"];
    command(first, &[&add[..], &[&age.recipient]].concat());
    let identity = match work.secret {
        Secret::AgeIdentity => vec!["--age-identity", path_text(&age.identity)?],
        Secret::Passphrase => Vec::new(),
    };
    let begin = Instant::now();
    thread::scope(|scope| {
        for (writer, place) in places.iter().enumerate() {
            let run = |arguments: &[&str]| command(place.path(), &[arguments, &identity].concat());
            scope.spawn(move || {
                for number in 0..work.commands / writers {
                    let name = format!("w{writer}-{number}");
                    match work.batch {
                        1 => {
                            run(&["issue", &name, "--role", "client"]);
                        }
                        _ => {
                            describe(place.path(), &name, work.batch)
                                .unwrap_or_else(|error| panic!("{error}"));
                            run(&["init"]);
                        }
                    }
                }
            });
        }
    });
    Ok(milliseconds(begin))
}

/// A description with so many clients, whose names begin like this.
fn describe(directory: &Path, name: &str, clients: usize) -> Result<(), Failure> {
    let mut text = String::from(
        "domain: example\nnodes: [{ name: etcd-0, addresses: [10.0.0.1] }]\n\
         ansible: { common_client: etcdctl }\nclients:\n- etcdctl\n",
    );
    for client in 0..clients {
        writeln!(text, "- {name}-{client}")?;
    }
    Ok(fs::write(directory.join("etcdpki.yml"), text)?)
}

fn path_text(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| "a path is not UTF-8".into())
}

fn milliseconds(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1e3
}

/// How often each is measured.
const SAMPLES: usize = 20;
