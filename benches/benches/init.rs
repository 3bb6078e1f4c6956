//! `etcdpki init` for three nodes and two clients, against the shortest sensible scripts with
//! openssl, cfssl and easy-rsa for the same certificates and one `ansible-vault encrypt` of
//! the same three files.
//!
//! Whole processes, each run into a directory of its own. None is deleted before the end:
//! ext4 is many times slower where files were deleted a moment ago.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use benches::{
    Contestant, Row, Sample, Series, Table, build_installed, build_program, compete, median,
    process, rounds,
};
use pki_core::seal::{KdfParameters, Keyring, Passphrase, SealError, Unlocked};
use tempfile::TempDir;

/// What `init` may need of the processor besides argon2id, in milliseconds.
const CPU_LIMIT: f64 = 30.0;
/// How many times faster than the fastest peer the whole process should be.
const GOAL: f64 = 5.0;
const PEERS: [&str; 3] = ["openssl", "cfssl", "easy-rsa"];

/// The allocator of `etcdpki`, of which the memory of argon2id comes.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Has this program do nothing but derive a key.
const ARGON2ID: &str = "argon2id";
/// The cluster that the options of [`init`] describe.
const DESCRIPTION: &str = "\
domain: your-internal.domain
nodes:
  - { name: etcd-0, addresses: [10.0.0.10] }
  - { name: etcd-1, addresses: [10.0.0.11] }
  - { name: etcd-2, addresses: [10.0.0.12] }
clients: [kube-apiserver, etcdctl]
";
const PASSPHRASE: &str = "passphrase";
const PASSPHRASE_FILE: &str = "etcdpki-passphrase.txt";

fn main() {
    if env::args().nth(1).as_deref() == Some(ARGON2ID) {
        std::hint::black_box(keyring(KdfParameters::default()));
        return;
    }
    let own = env::current_exe().unwrap_or_else(|error| panic!("no path of its own: {error}"));
    let directories = Directories::new();
    let begun = Begun::new();
    let released = build_program("etcdpki");
    let installed = build_installed("etcdpki");
    let ansible_vault = fixtures::ansible().vault().get_program().to_owned();

    let mut contestants = vec![
        Contestant::new("etcdpki init", || {
            process(&mut init(&installed, &directories.fresh()))
        }),
        Contestant::new("argon2id alone", || {
            process(Command::new(&own).arg(ARGON2ID))
        }),
        Contestant::new("the static program", || {
            process(&mut init(&released, &directories.fresh()))
        }),
        Contestant::new("that, all but argon2id", || {
            let directory = directories.fresh();
            begun.lay_out(&directory);
            process(&mut go_on(&released, &directory))
        }),
    ];
    for peer in PEERS {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("peers/{peer}.sh"));
        let (directories, ansible_vault) = (&directories, &ansible_vault);
        contestants.push(Contestant::new(
            format!("{peer} + ansible-vault"),
            move || {
                let directory = directories.fresh();
                process(
                    Command::new("bash")
                        .arg(&script)
                        .arg(directory)
                        .arg(ansible_vault),
                )
            },
        ));
    }
    report(&compete(rounds(11), &mut contestants));
}

fn init(etcdpki: &Path, directory: &Path) -> Command {
    let mut command = Command::new(etcdpki);
    command
        .arg("-C")
        .arg(directory)
        .args([
            "init",
            "--generate-secrets",
            "--domain",
            "your-internal.domain",
        ])
        .args(["--node", "etcd-0=10.0.0.10", "--node", "etcd-1=10.0.0.11"])
        .args([
            "--node",
            "etcd-2=10.0.0.12",
            "--client",
            "kube-apiserver",
            "--client",
            "etcdctl",
        ]);
    command
}

/// The same in a directory where a run was killed.
fn go_on(etcdpki: &Path, directory: &Path) -> Command {
    let mut command = Command::new(etcdpki);
    command.arg("-C").arg(directory).args([
        "init",
        "--generate-secrets",
        "--passphrase-file",
        PASSPHRASE_FILE,
    ]);
    command
}

/// What `init` does once with the passphrase: argon2id, of which it takes the second recommended
/// option of RFC 9106, and two wrapped keys, which take microseconds.
fn keyring(parameters: KdfParameters) -> Keyring {
    let keyring = || {
        let keys = Unlocked::generate()?;
        let passphrase = Passphrase::new(PASSPHRASE)?;
        Keyring::new("etcd", &keys, &passphrase, parameters)
    };
    keyring().unwrap_or_else(|error: SealError| panic!("argon2id: {error}"))
}

/// What is there when `init` is killed once it has the keyring, with an argon2id that takes no time.
///
/// It shows what all the rest takes. The difference of two runs, one of argon2id alone, shows more:
/// side by side, on as many cores, both take longer.
struct Begun {
    keyring: String,
}

impl Begun {
    fn new() -> Self {
        let no_time = KdfParameters {
            memory_kib: 32,
            passes: 1,
            lanes: 4,
        };
        let keyring = keyring(no_time)
            .to_yaml()
            .unwrap_or_else(|error| panic!("keyring: {error}"));
        Self { keyring }
    }

    fn lay_out(&self, directory: &Path) {
        let write = |name: &str, content: &str| {
            let path = directory.join(name);
            path.parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&path, content))
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        };
        write("etcdpki.yml", DESCRIPTION);
        write("pki/keyring.yml", &self.keyring);
        write(PASSPHRASE_FILE, PASSPHRASE);
        fs::set_permissions(
            directory.join(PASSPHRASE_FILE),
            Permissions::from_mode(0o600),
        )
        .unwrap_or_else(|error| panic!("{PASSPHRASE_FILE}: {error}"));
    }
}

fn report(series: &[Series]) {
    let [ours, argon2id, released, rest, peers @ ..] = series else {
        panic!("contestants are missing")
    };
    let mut table = Table::new(
        format!("3 nodes, 2 clients; medians of {}", ours.samples.len()),
        ["wall", "CPU", "wall / ours"],
    );
    for one in series {
        table.push(Row::new(
            &one.name,
            [
                format!("{:.1} ms", one.median(wall)),
                format!("{:.1} ms", one.median(cpu)),
                format!("{:.2}", one.ratio_to(ours, wall)),
            ],
        ));
    }
    println!("\n{table}");

    let apart = rest.median(cpu);
    println!(
        "CPU apart from argon2id: {apart:.1} ms; limit {CPU_LIMIT} ms: {}",
        met(apart < CPU_LIMIT)
    );
    // Both with the C library's copying, of which argon2id does much.
    let pairs = ours.samples.iter().zip(&argon2id.samples);
    let more = median(pairs.map(|(whole, part)| whole.cpu - part.cpu));
    println!("CPU that `init` takes more than argon2id alone: {more:.1} ms");
    let beside = |one: &Series| {
        let ratios = peers.iter().map(|peer| peer.ratio_to(one, wall));
        ratios.fold(f64::INFINITY, f64::min)
    };
    for (name, one) in [("ours", ours), ("the static program", released)] {
        let times = beside(one);
        println!(
            "fastest peer / {name}: {times:.2}; goal {GOAL}: {}",
            met(times >= GOAL)
        );
    }
    println!(
        "nothing passes: fastest peer / argon2id alone: {:.2}",
        beside(argon2id)
    );
}

fn wall(sample: &Sample) -> f64 {
    sample.wall
}

fn cpu(sample: &Sample) -> f64 {
    sample.cpu
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}

/// Directories for the runs, all deleted at the very end.
#[derive(Debug)]
struct Directories {
    root: TempDir,
    count: std::cell::Cell<u32>,
}

impl Directories {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap_or_else(|error| panic!("no directory: {error}"));
        Self {
            root,
            count: std::cell::Cell::new(0),
        }
    }

    fn fresh(&self) -> PathBuf {
        self.count.set(self.count.get() + 1);
        self.root.path().join(self.count.get().to_string())
    }
}
