//! Certificates by the thousand: in memory, against the bare operations of the cryptographic
//! library, and into a directory, sealed and durable, against loops over cfssl and openssl, and
//! against what the same keys and signatures and the same files cost by themselves.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
};
use benches::{
    Contestant, Row, Sample, Series, Table, compete, in_process, median, process, rounds,
};
use pki_core::Cluster;
use pki_core::authority::Authority;
use pki_core::converge::{self, Issued};
use pki_core::key::{KeyAlgorithm, PrivateKey};
use pki_core::lifetime::Validity;
use pki_core::name::San;
use pki_core::profile::{Profile, Subject};
use pki_core::role::Role;
use pki_core::seal::{KdfParameters, Keyring, Passphrase, Unlocked};
use pki_core::store::{Directory, Pki};
use time::OffsetDateTime;

/// How many certificates of servers are issued in memory and into a directory.
const COUNT: usize = 10_000;
/// How many a loop over a peer issues, for it takes them a second and more a hundred.
const OF_PEERS: usize = 100;
/// How much longer than the bare operations an issue in memory may take.
const LIMIT: f64 = 1.6;
/// How many times the certificates a second of a loop over a peer.
const GOAL: f64 = 50.0;
const NAMES: [&str; 5] = [
    "etcd-0.internal.example",
    "10.0.0.10",
    "localhost",
    "127.0.0.1",
    "::1",
];

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let cores = thread::available_parallelism()?.get();
    for cores in [1, cores] {
        in_memory(cores)?;
    }
    into_directory()
}

/// Keys and signatures alone, and whole certificates, on this many threads.
fn in_memory(cores: usize) -> Result<(), Failure> {
    let bare = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?;
    let authority = Issuing::new()?;
    let mut contestants = [
        Contestant::new("new key and one signature", || {
            in_process(|| on_threads(cores, |_| bare_operations(&bare)))
        }),
        Contestant::new("pki-core, whole certificates", || {
            in_process(|| on_threads(cores, |_| authority.issue()))
        }),
    ];
    let series = compete(rounds(5), &mut contestants);
    let [bare, ours] = series.as_slice() else {
        return Err("contestants are missing".into());
    };
    let title = format!("{COUNT} P-256 certificates in memory, {cores} threads");
    let mut table = Table::new(title, ["wall", "each", "wall / bare"]);
    for one in [bare, ours] {
        let figures = [
            format!("{:.0} ms", one.median(wall)),
            format!("{:.1} µs", one.median(wall) * 1e3 / count(COUNT)),
            format!("{:.2}", one.ratio_to(bare, wall)),
        ];
        table.push(Row::new(&one.name, figures));
    }
    println!("\n{table}");
    let ratio = ours.ratio_to(bare, wall);
    println!(
        "ours / bare: {ratio:.2}; limit {LIMIT}: {}",
        met(ratio <= LIMIT)
    );
    Ok(())
}

fn bare_operations(issuer: &EcdsaKeyPair) -> Result<(), Failure> {
    black_box(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?);
    // About as long as what is signed of a certificate.
    black_box(issuer.sign(&SystemRandom::new(), &[0x5a; 500])?);
    Ok(())
}

/// An authority with a P-256 key, and the profile of a server.
struct Issuing {
    authority: Authority,
    profile: Profile,
    validity: Validity,
}

impl Issuing {
    fn new() -> Result<Self, Failure> {
        let now = OffsetDateTime::now_utc();
        let validity = Validity::starting(now, "365d".parse()?, time::Duration::minutes(10));
        let key = PrivateKey::generate(KeyAlgorithm::P256)?;
        let profile = Profile::authority(Subject::common("CA"), 0, None);
        let names = NAMES
            .iter()
            .map(|name| name.parse())
            .collect::<Result<Vec<San>, _>>()?;
        Ok(Self {
            authority: Authority::self_signed(&profile, key, validity)?,
            profile: Profile::leaf(Subject::common(NAMES[0]), Role::Server.usages(true), names),
            validity,
        })
    }

    fn issue(&self) -> Result<(), Failure> {
        let key = PrivateKey::generate(KeyAlgorithm::P256)?;
        let issued = self
            .authority
            .issue(&self.profile, key.public(), self.validity)?;
        black_box((key, issued));
        Ok(())
    }
}

/// Does `work` as often as there are certificates, on this many threads, a share of them each.
fn on_threads(threads: usize, work: impl Fn(usize) -> Result<(), Failure> + Sync) {
    let share = COUNT / threads;
    let work = |thread: usize| {
        for number in thread * share..(thread + 1) * share {
            work(number).unwrap_or_else(|error| panic!("{error}"));
        }
    };
    thread::scope(|scope| {
        for thread in 0..threads {
            let work = &work;
            scope.spawn(move || work(thread));
        }
    });
}

/// A whole cluster into a directory, and the loops over peers.
fn into_directory() -> Result<(), Failure> {
    let scratch = tempfile::tempdir()?;
    let cluster = Cluster::from_yaml(&description())?;
    let mut splits = Vec::new();
    let mut run = 0;
    let parts = Parts::new(scratch.path().join("ours-1"))?;
    let mut splits_of_parts = Vec::new();
    let mut run_of_parts = 0;
    let mut contestants = vec![Contestant::new("pki-core", || {
        run += 1;
        let root = scratch.path().join(format!("ours-{run}"));
        let (issue, commit) =
            converge_into(&root, &cluster).unwrap_or_else(|error| panic!("pki-core: {error}"));
        splits.push(commit.wall);
        sum(issue, commit)
    })];
    for peer in ["openssl", "cfssl"] {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("peers/{peer}-loop.sh"));
        let directory = scratch.path().join(peer);
        let mut run = 0;
        contestants.push(Contestant::new(format!("loop over {peer}"), move || {
            run += 1;
            process(
                Command::new("bash")
                    .arg(&script)
                    .arg(directory.join(run.to_string()))
                    .arg(OF_PEERS.to_string()),
            )
        }));
    }
    // Last in a round, when ours has left files to write again.
    contestants.push(Contestant::new("keys, signatures and files alone", || {
        run_of_parts += 1;
        let root = scratch.path().join(format!("alone-{run_of_parts}"));
        let (keys, files) = parts.make(&root);
        splits_of_parts.push(files.wall);
        sum(keys, files)
    }));
    let series = compete(rounds(3), &mut contestants);
    drop(contestants);
    // The first round does not count.
    let middle = |walls: Vec<f64>| median(walls.into_iter().skip(1));
    report(&series, middle(splits), middle(splits_of_parts))?;
    // The directory is not removed file by file while something is measured.
    fs::remove_dir_all(scratch.path())?;
    Ok(())
}

/// What cannot be left out by who issues that many certificates into such directories: keys,
/// signatures of an authority with a P-384 key, and the files, written and synced.
struct Parts {
    threads: usize,
    issuer: EcdsaKeyPair,
    /// Where files of ours are to be read.
    model: PathBuf,
    files: OnceLock<[Vec<u8>; 2]>,
}

impl Parts {
    fn new(model: PathBuf) -> Result<Self, Failure> {
        Ok(Self {
            threads: thread::available_parallelism()?.get(),
            issuer: EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING)?,
            model,
            files: OnceLock::new(),
        })
    }

    /// Does the work once: what the cryptography cost, and what the files did.
    fn make(&self, root: &Path) -> (Sample, Sample) {
        let [certificate, key] = self.files.get_or_init(|| {
            let leaf = self.model.join("certificates/etcd-0/server/1");
            ["tls.crt", "tls.key.sealed"].map(|name| {
                fs::read(leaf.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
            })
        });
        let keys = in_process(|| on_threads(self.threads, |_| bare_operations(&self.issuer)));
        let files = in_process(|| {
            make_directory(root).unwrap_or_else(|error| panic!("{error}"));
            on_threads(self.threads, |number| {
                let role = ["peer", "server"][number % 2];
                let mut leaf = root.join(format!("etcd-{}", number / 2));
                make_directory(&leaf)?;
                for name in [role, "1"] {
                    leaf.push(name);
                    make_directory(&leaf)?;
                }
                fs::write(leaf.join("tls.crt"), certificate)?;
                Ok(fs::write(leaf.join("tls.key.sealed"), key)?)
            });
            nix::unistd::sync();
        });
        (keys, files)
    }
}

/// Another certificate may have asked for it already.
fn make_directory(path: &Path) -> Result<(), Failure> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

/// Nodes enough for that many certificates of servers and peers.
fn description() -> String {
    let mut text = "domain: internal.example\nnetworks: [10.0.0.0/16]\nnodes:\n".to_owned();
    for node in 0..COUNT / 2 {
        let (high, low) = (node / 250, node % 250 + 1);
        let _ = writeln!(
            text,
            "  - {{ name: etcd-{node}, addresses: [10.0.{high}.{low}] }}"
        );
    }
    text
}

/// What issuing and sealing cost, and what writing did.
fn converge_into(root: &Path, cluster: &Cluster) -> Result<(Sample, Sample), Failure> {
    let now = OffsetDateTime::now_utc();
    let keys = Unlocked::generate()?;
    let cheap = KdfParameters {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };
    let keyring = Keyring::new("etcd", &keys, &Passphrase::new("passphrase")?, cheap)?;
    let mut pki = Pki::new(Directory::open(root)?);
    let mut issued: Result<Issued, Failure> = Err("not issued".into());
    let issue = in_process(|| {
        issued = converge::plan(cluster, &pki, now)
            .and_then(|plan| plan.issue(cluster, &pki, &keys, now))
            .map_err(Failure::from);
    });
    let issued = issued?;
    let mut written: Result<(), Failure> = Ok(());
    let commit = in_process(|| {
        written = pki
            .put_keyring(&keyring)
            .map_err(Failure::from)
            .and_then(|()| Ok(issued.commit(&mut pki).map(drop)?));
    });
    written?;
    Ok((issue, commit))
}

fn report(series: &[Series], commit: f64, bare_commit: f64) -> Result<(), Failure> {
    let [ours, peers @ .., parts] = series else {
        return Err("contestants are missing".into());
    };
    let title = format!("{COUNT} P-256 certificates into a directory, sealed and durable");
    let mut table = Table::new(title, ["wall", "a second", "ours / theirs"]);
    let rate = |one: &Series, of: usize| count(of) / one.median(wall) * 1e3;
    let own_rate = rate(ours, COUNT);
    let mut ratios = Vec::new();
    for (one, of) in [(ours, COUNT)]
        .into_iter()
        .chain(peers.iter().map(|peer| (peer, OF_PEERS)))
        .chain([(parts, COUNT)])
    {
        let ratio = own_rate / rate(one, of);
        ratios.push(ratio);
        table.push(Row::new(
            match of {
                COUNT => one.name.clone(),
                _ => format!("{}, {of} of them", one.name),
            },
            [
                format!("{:.0} ms", one.median(wall)),
                format!("{:.0}", rate(one, of)),
                format!("{ratio:.2}"),
            ],
        ));
    }
    println!("\n{table}");
    let each = |milliseconds: f64| milliseconds * 1e3 / count(2 * COUNT);
    println!(
        "of ours, writing and syncing took {commit:.0} ms, {:.0} µs a file; the same files alone \
         {bare_commit:.0} ms, {:.0} µs",
        each(commit),
        each(bare_commit)
    );
    let [_, of_peers @ .., of_parts] = ratios.as_slice() else {
        return Err("contestants are missing".into());
    };
    for (peer, ratio) in peers.iter().zip(of_peers) {
        println!(
            "ours / {}: {ratio:.0}; goal {GOAL}: {}; nothing that makes these keys, signatures and \
             files passes {:.0}",
            peer.name,
            met(*ratio >= GOAL),
            ratio / of_parts
        );
    }
    Ok(())
}

fn sum(one: Sample, other: Sample) -> Sample {
    Sample {
        wall: one.wall + other.wall,
        cpu: one.cpu + other.cpu,
    }
}

fn wall(sample: &Sample) -> f64 {
    sample.wall
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::NAN, f64::from)
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}
