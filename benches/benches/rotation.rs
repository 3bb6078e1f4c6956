//! `etcdpki rotate ca etcd --plan`, the plan and its proof, and `etcdpki status`, at growing sizes.
//!
//! No peer plans a rotation. The proof of n leaves validates each of them, old and new, under each
//! CA file of before and after a step, so it should grow as n does; and so should what `status` reads.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::process::Command;

use benches::{
    Contestant, Row, Sample, Series, Table, build_program, compete, make_pki, process, rounds,
};
use tempfile::TempDir;

/// Nodes and clients; each node has two certificates.
const SIZES: [(usize, usize); 6] = [
    (3, 2),
    (10, 2),
    (100, 2),
    (500, 500),
    (1000, 2),
    (10_000, 2),
];
/// Which of them is the goal of 1,000 members and clients, and milliseconds for it.
const GOAL: (usize, f64) = (3, 1000.0);
/// Milliseconds for three nodes.
const LIMIT: f64 = 50.0;
/// How much more a leaf may cost of the most than of the next fewer.
const GROWTH: f64 = 1.25;

const COMMANDS: [(&str, &[&str]); 2] = [
    ("plan and proof", &["rotate", "ca", "etcd", "--plan"]),
    ("status", &["status"]),
];

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
    for (title, arguments) in COMMANDS {
        let mut contestants: Vec<_> = directories
            .iter()
            .map(|(name, directory)| {
                let run = || {
                    let mut command = Command::new(&etcdpki);
                    command.arg("-C").arg(directory.path());
                    process(command.args(arguments))
                };
                Contestant::new(name, run)
            })
            .collect();
        report(title, &compete(rounds(3), &mut contestants));
    }
}

fn report(title: &str, series: &[Series]) {
    let mut table = Table::new(
        format!("{title}; medians of {}", series[0].samples.len()),
        ["wall", "CPU", "wall a leaf"],
    );
    let each: Vec<f64> = series
        .iter()
        .zip(SIZES)
        .map(|(one, size)| one.median(wall) / leaves(size))
        .collect();
    for (one, each) in series.iter().zip(&each) {
        table.push(Row::new(
            &one.name,
            [
                format!("{:.1} ms", one.median(wall)),
                format!("{:.1} ms", one.median(|sample| sample.cpu)),
                format!("{each:.3} ms"),
            ],
        ));
    }
    println!("\n{table}");
    let least = series[0].median(wall);
    println!(
        "three nodes: {least:.1} ms; limit {LIMIT} ms: {}",
        met(least < LIMIT)
    );
    let goal = series[GOAL.0].median(wall);
    println!(
        "1,000 members and clients: {goal:.0} ms; goal {} ms: {}",
        GOAL.1,
        met(goal < GOAL.1)
    );
    let last = each.len() - 1;
    let growth = each[last] / each[last - 1];
    println!(
        "a leaf of the most / of the next fewer: {growth:.2}; limit {GROWTH}: {}",
        met(growth < GROWTH)
    );
}

fn wall(sample: &Sample) -> f64 {
    sample.wall
}

fn leaves((nodes, clients): (usize, usize)) -> f64 {
    u32::try_from(2 * nodes + clients).map_or(f64::NAN, f64::from)
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}
