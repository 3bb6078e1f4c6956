//! `status --fleet`, and `status` and the plan of a rotation with its proof, from a store on etcd, at
//! growing sizes.
//!
//! No peer looks at many PKIs in one store. What of the time is etcd's is measured in the same run: the
//! same reads, without what is done with the answers.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

mod site;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use benches::{
    Contestant, Row, Sample, Series, Table, compete, in_process, make_pki, process,
    release_directory, rounds,
};
use pki_core::store::etcd::Fleet;
use pki_core::store::{Address, Directory, copy};

use site::{Failure, Site, count};

/// Nodes in all.
const SIZES: [usize; 4] = [10, 100, 1000, 10_000];
/// Nodes of a cluster where there are many of them. Each has two certificates, and the cluster has two
/// of clients.
const CLUSTER: usize = 10;
const CLIENTS: usize = 2;
/// How much more a node may cost of the most than of the next fewer.
const GROWTH: f64 = 1.25;

fn main() -> Result<(), Failure> {
    let site = Site::start()?;
    many(&site)?;
    one(&site)
}

/// Clusters of a few nodes, each with a PKI of its own, below one prefix for each size.
fn many(site: &Site) -> Result<(), Failure> {
    let whole = tempfile::tempdir()?;
    let directory = whole.path();
    make_pki(&etcdpki(), directory, CLUSTER, CLIENTS);
    let mut contestants = Vec::new();
    for nodes in SIZES {
        let clusters = nodes / CLUSTER;
        let prefix = format!("many/{nodes}");
        for cluster in 0..clusters {
            put(site, directory, &format!("{prefix}/cluster-{cluster}"))?;
        }
        let below = site.url(&prefix).parse()?;
        let name = format!("{nodes} nodes in {clusters} PKIs");
        let look = move || {
            let arguments = ["status", "--fleet"];
            process(&mut site.command(directory, &prefix, &arguments))
        };
        contestants.push(Contestant::new(&name, look));
        let read = move || in_process(|| read(site, &below));
        contestants.push(Contestant::new(format!("{name}, etcd alone"), read));
    }
    let series = compete(rounds(3), &mut contestants);
    report("status --fleet", &series, 2);
    Ok(())
}

/// One PKI of all nodes.
fn one(site: &Site) -> Result<(), Failure> {
    let directories: Vec<_> = SIZES.iter().map(|_| tempfile::tempdir()).collect();
    let directories = directories.into_iter().collect::<Result<Vec<_>, _>>()?;
    for (directory, nodes) in directories.iter().zip(SIZES) {
        make_pki(&etcdpki(), directory.path(), nodes, CLIENTS);
        put(site, directory.path(), &format!("one/{nodes}"))?;
    }
    for (title, arguments) in [
        ("status", &["status"][..]),
        ("plan and proof", &["rotate", "ca", "etcd", "--plan"]),
    ] {
        let mut contestants: Vec<_> = directories
            .iter()
            .zip(SIZES)
            .map(|(directory, nodes)| {
                let run = move || {
                    let prefix = format!("one/{nodes}");
                    process(&mut site.command(directory.path(), &prefix, arguments))
                };
                Contestant::new(format!("{nodes} nodes"), run)
            })
            .collect();
        report(title, &compete(rounds(3), &mut contestants), 1);
    }
    Ok(())
}

/// The program that makes PKIs.
fn etcdpki() -> PathBuf {
    release_directory().join("etcdpki")
}

/// Copies a PKI from a directory, as `store copy` and the next `init` do.
fn put(site: &Site, directory: &Path, prefix: &str) -> Result<(), Failure> {
    let mut etcd = site.open(prefix)?;
    let kept = Directory::open_read_only(&directory.join("pki"))?;
    copy::copy(&kept, &mut etcd, None)?;
    Ok(etcd.describe(&fs::read(directory.join("etcdpki.yml"))?)?)
}

/// Reads what `status --fleet` reads.
fn read(site: &Site, below: &Address) -> usize {
    let silent = Arc::new(|_: &_| ());
    let fleet = Fleet::open(below, &site.credentials, silent);
    let fleet = fleet.unwrap_or_else(|error| panic!("{error}"));
    for address in fleet.addresses() {
        fleet
            .read(&address)
            .unwrap_or_else(|error| panic!("{error}"));
    }
    fleet.addresses().count()
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
