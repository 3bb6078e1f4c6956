//! `etcdpki rotate ca etcd --plan`, the plan and its proof, at growing sizes.
//!
//! No peer plans a rotation. The proof of n leaves validates each of them, old and new, under each
//! CA file of before and after a step, so it should grow as n does.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::process::Command;

use benches::{Contestant, Row, Table, build_program, compete, make_pki, process, rounds};
use tempfile::TempDir;

/// Nodes and clients; each node has two certificates.
const SIZES: [(usize, usize); 4] = [(3, 2), (30, 40), (300, 400), (1500, 2000)];
/// Milliseconds for three nodes.
const LIMIT: f64 = 50.0;

fn main() {
    let etcdpki = build_program("etcdpki");
    let directories: Vec<(String, TempDir)> = SIZES
        .iter()
        .map(|(nodes, clients)| {
            let directory =
                tempfile::tempdir().unwrap_or_else(|error| panic!("no directory: {error}"));
            make_pki(&etcdpki, directory.path(), *nodes, *clients);
            (format!("{nodes} nodes, {clients} clients"), directory)
        })
        .collect();
    let mut contestants: Vec<_> = directories
        .iter()
        .map(|(name, directory)| {
            let plan = || {
                let mut command = Command::new(&etcdpki);
                command.arg("-C").arg(directory.path());
                process(command.args(["rotate", "ca", "etcd", "--plan"]))
            };
            Contestant::new(name, plan)
        })
        .collect();
    let series = compete(rounds(7), &mut contestants);
    let mut table = Table::new(
        format!("plan and proof; medians of {}", series[0].samples.len()),
        ["wall", "CPU", "wall a leaf"],
    );
    for (one, (nodes, clients)) in series.iter().zip(SIZES) {
        let leaves = u32::try_from(2 * nodes + clients).map_or(f64::NAN, f64::from);
        let wall = one.median(|sample| sample.wall);
        table.push(Row::new(
            &one.name,
            [
                format!("{wall:.1} ms"),
                format!("{:.1} ms", one.median(|sample| sample.cpu)),
                format!("{:.2} ms", wall / leaves),
            ],
        ));
    }
    println!("\n{table}");
    let least = series[0].median(|sample| sample.wall);
    let met = if least < LIMIT { "met" } else { "MISSED" };
    println!("three nodes: {least:.1} ms; limit {LIMIT} ms: {met}");
}
