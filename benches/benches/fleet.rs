//! `status --fleet`, and `status` and the plan of a rotation with its proof, from a store on etcd, at
//! growing sizes.
//!
//! No peer looks at many PKIs in one store. What of the time is etcd's is measured in the same run: the
//! same reads, without what is done with the answers.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use benches::{
    Contestant, Row, Sample, Series, Table, build, compete, in_process, make_pki, process,
    release_directory, rounds,
};
use fixtures::etcd::Trio;
use pki_core::store::etcd::{Credentials, Etcd, Fleet};
use pki_core::store::{Address, Directory, copy};

/// Nodes in all.
const SIZES: [usize; 4] = [10, 100, 1000, 10_000];
/// Nodes of a cluster where there are many of them. Each has two certificates, and the cluster has two
/// of clients.
const CLUSTER: usize = 10;
const CLIENTS: usize = 2;
/// How much more a node may cost of the most than of the next fewer.
const GROWTH: f64 = 1.25;

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    build(&["-p", "pki-cli", "--features", "etcd", "--bin", "etcdpki"]);
    let site = Site::new()?;
    site.many()?;
    site.one()
}

/// The members, and what a client proves itself with.
struct Site {
    etcdpki: PathBuf,
    trio: Trio,
    files: [PathBuf; 3],
    credentials: Credentials,
}

impl Site {
    fn new() -> Result<Self, Failure> {
        let trio = Trio::start();
        let (certificate, key) = trio.client("operator");
        Ok(Self {
            etcdpki: release_directory().join("etcdpki"),
            credentials: Credentials {
                authorities: fs::read(trio.authority())?,
                certificate: fs::read(&certificate)?,
                key: fs::read(&key)?.into(),
            },
            files: [trio.authority(), certificate, key],
            trio,
        })
    }

    /// Clusters of a few nodes, each with a PKI of its own, below one prefix for each size.
    fn many(&self) -> Result<(), Failure> {
        let directory = tempfile::tempdir()?;
        make_pki(&self.etcdpki, directory.path(), CLUSTER, CLIENTS);
        let mut contestants = Vec::new();
        for nodes in SIZES {
            let clusters = nodes / CLUSTER;
            let prefix = format!("many/{nodes}");
            for cluster in 0..clusters {
                self.put(directory.path(), &format!("{prefix}/cluster-{cluster}"))?;
            }
            let below = self.address(&prefix)?;
            let name = format!("{nodes} nodes in {clusters} PKIs");
            let command = ["status", "--fleet"].as_slice();
            contestants.push(self.contestant(&name, directory.path(), &prefix, command));
            let read = move || in_process(|| self.read(&below));
            contestants.push(Contestant::new(format!("{name}, etcd alone"), read));
        }
        let series = compete(rounds(3), &mut contestants);
        report("status --fleet", &series, 2);
        Ok(())
    }

    /// One PKI of all nodes.
    fn one(&self) -> Result<(), Failure> {
        let directories: Vec<_> = SIZES.iter().map(|_| tempfile::tempdir()).collect();
        let directories = directories.into_iter().collect::<Result<Vec<_>, _>>()?;
        for (directory, nodes) in directories.iter().zip(SIZES) {
            make_pki(&self.etcdpki, directory.path(), nodes, CLIENTS);
            self.put(directory.path(), &format!("one/{nodes}"))?;
        }
        for (title, arguments) in [
            ("status", &["status"][..]),
            ("plan and proof", &["rotate", "ca", "etcd", "--plan"]),
        ] {
            let mut contestants: Vec<_> = directories
                .iter()
                .zip(SIZES)
                .map(|(directory, nodes)| {
                    let name = format!("{nodes} nodes");
                    self.contestant(&name, directory.path(), &format!("one/{nodes}"), arguments)
                })
                .collect();
            report(title, &compete(rounds(3), &mut contestants), 1);
        }
        Ok(())
    }

    fn address(&self, prefix: &str) -> Result<Address, Failure> {
        Ok(format!("etcd://{}/{prefix}", self.trio.members()).parse()?)
    }

    /// Copies a PKI from a directory, as `store copy` and the next `init` do.
    fn put(&self, directory: &Path, prefix: &str) -> Result<(), Failure> {
        let address = self.address(prefix)?;
        let silent = Arc::new(|_: &_| ());
        let patience = Duration::ZERO;
        let mut etcd = Etcd::open(&address, &self.credentials, "bench", patience, silent)?;
        copy::copy(
            &Directory::open_read_only(&directory.join("pki"))?,
            &mut etcd,
        )?;
        etcd.describe(&fs::read(directory.join("etcdpki.yml"))?)?;
        Ok(())
    }

    /// Reads what `status --fleet` reads.
    fn read(&self, below: &Address) -> usize {
        let silent = Arc::new(|_: &_| ());
        let fleet = Fleet::open(below, &self.credentials, silent);
        let fleet = fleet.unwrap_or_else(|error| panic!("{error}"));
        for address in fleet.addresses() {
            fleet
                .read(&address)
                .unwrap_or_else(|error| panic!("{error}"));
        }
        fleet.addresses().count()
    }

    fn contestant<'a>(
        &'a self,
        name: &str,
        directory: &'a Path,
        prefix: &str,
        arguments: &'a [&str],
    ) -> Contestant<'a> {
        let url = format!("etcd://{}/{prefix}", self.trio.members());
        Contestant::new(name, move || {
            let mut command = Command::new(&self.etcdpki);
            command.arg("-C").arg(directory).args(arguments);
            command.args(["--store", &url]);
            let options = ["--store-ca", "--store-cert", "--store-key"];
            for (option, file) in options.iter().zip(&self.files) {
                command.arg(option).arg(file);
            }
            process(&mut command)
        })
    }
}

/// Rows of the series, of which there are so many for each size, the first of them the command.
fn report(title: &str, series: &[Series], each: usize) {
    let mut table = Table::new(
        format!("{title}; medians of {}", series[0].samples.len()),
        ["wall", "CPU", "wall a node"],
    );
    let sizes = SIZES.iter().flat_map(|size| vec![*size; each]);
    let rows: Vec<_> = series.iter().zip(sizes).collect();
    let a_node = |one: &Series, nodes: usize| one.median(wall) / count(nodes);
    for (one, nodes) in &rows {
        table.push(Row::new(
            &one.name,
            [
                format!("{:.1} ms", one.median(wall)),
                format!("{:.1} ms", one.median(|sample| sample.cpu)),
                format!("{:.3} ms", a_node(one, *nodes)),
            ],
        ));
    }
    println!("\n{table}");
    let costs: Vec<_> = rows
        .iter()
        .step_by(each)
        .map(|(one, nodes)| a_node(one, *nodes))
        .collect();
    let growth = costs[costs.len() - 1] / costs[costs.len() - 2];
    let is_met = if growth < GROWTH { "met" } else { "MISSED" };
    println!("a node of the most / of the next fewer: {growth:.2}; limit {GROWTH}: {is_met}");
}

fn wall(sample: &Sample) -> f64 {
    sample.wall
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::NAN, f64::from)
}
