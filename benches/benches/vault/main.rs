//! `vault` against ansible-core, the crate `ansible-vault` and ansible-core-rs: whole processes,
//! in turn, on the same files; and the codec alone against HMAC-SHA256.
//!
//! Words on the command line choose rows by what their titles contain, a number is the number of
//! rounds: `cargo bench -p benches --bench vault -- view rekey 21`.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

mod floor;
mod throughput;
mod tool;
mod work;

use std::path::Path;

use benches::{Contestant, Row, Sample, Series, Table, compete, process, rounds};

use self::tool::Tool;
use self::work::{Peak, Work};

fn main() {
    let tools = Tool::all();
    let directory = tempfile::tempdir().unwrap_or_else(|error| panic!("no directory: {error}"));
    for work in work::all() {
        if is_chosen(work.title) {
            side_by_side(&work, &tools, directory.path());
        }
    }
    if is_chosen(work::THREE_SECRETS) {
        three_secrets(&tools, directory.path());
    }
    for direction in throughput::all() {
        if is_chosen(direction.title) {
            direction.report();
        }
    }
}

/// Whether the command line asks for this row, or for none in particular.
fn is_chosen(title: &str) -> bool {
    let is_word =
        |argument: &String| !argument.starts_with('-') && argument.parse::<u32>().is_err();
    let mut words = std::env::args().skip(1).filter(is_word).peekable();
    words.peek().is_none() || words.any(|word| title.contains(&word))
}

/// One kind of work by every tool that can do it, and the part of it that nobody can do without.
fn side_by_side(work: &Work, tools: &[Tool], directory: &Path) {
    let able: Vec<_> = tools.iter().filter(|tool| tool.can(work)).collect();
    let peaks: Vec<_> = able.iter().map(|tool| work.peak(tool, directory)).collect();
    let mut contestants: Vec<_> = able
        .iter()
        .map(|tool| {
            let turn = move || {
                work.prepare(directory);
                process(&mut work.command(tool, directory))
            };
            Contestant::new(tool.name, turn)
        })
        .collect();
    contestants.extend(floor::contestant(work, directory));
    let series = compete(rounds(work.rounds), &mut contestants);
    print_table(work.title, &series, &peaks);
    let (by_tools, floor) = series.split_at(able.len());
    let (ours, ansible) = (&by_tools[0], &by_tools[1]);
    verdict(
        "ansible-core / ours",
        ansible.ratio_to(ours, wall),
        work.times_ansible,
    );
    let others = able.iter().zip(by_tools);
    let others = others.filter(|(tool, _)| tool.is_other());
    let next_best = |one: &Series| {
        let ratios = others.clone().map(|(_, other)| other.ratio_to(one, wall));
        ratios.fold(f64::INFINITY, f64::min)
    };
    if let Some(goal) = work.times_next {
        verdict("next best / ours", next_best(ours), goal);
    }
    if let Some(goal) = work.memory {
        verdict(
            "memory of ansible-core / ours",
            peaks[1].ratio_to(peaks[0]),
            goal,
        );
    }
    for floor in floor {
        println!(
            "nothing passes: ansible-core / {}: {:.1}; next best: {:.1}",
            floor.name,
            ansible.ratio_to(floor, wall),
            next_best(floor)
        );
    }
    println!();
}

/// Our own program with one secret and with three of which the last one fits.
fn three_secrets(tools: &[Tool], directory: &Path) {
    const LIMIT: f64 = 1.3;

    let work = work::view();
    work.prepare(directory);
    let others = ["--vault-id", "new", "--vault-id", "other"];
    let mut contestants =
        [("one secret", &[][..]), ("three secrets", &others)].map(|(name, more)| {
            let (tool, work) = (&tools[0], &work);
            let turn = move || {
                let mut command = tool.command("view", directory);
                process(
                    command
                        .args(more)
                        .args(["--vault-id", "old"])
                        .args(work.files()),
                )
            };
            Contestant::new(name, turn)
        });
    let series = compete(rounds(101), &mut contestants);
    print_table(work::THREE_SECRETS, &series, &[]);
    let ratio = series[1].ratio_to(&series[0], wall);
    println!(
        "three / one: {ratio:.2}; limit {LIMIT}: {}\n",
        met(ratio <= LIMIT)
    );
}

fn print_table(title: &str, series: &[Series], peaks: &[Peak]) {
    let title = format!("{title}; medians of {}", series[0].samples.len());
    let mut table = Table::new(
        title,
        ["wall", "CPU", "memory", "wall / ours", "CPU / ours"],
    );
    for (at, one) in series.iter().enumerate() {
        table.push(Row::new(
            &one.name,
            [
                format!("{:.1} ms", one.median(wall)),
                format!("{:.1} ms", one.median(cpu)),
                peaks.get(at).map(Peak::to_string).unwrap_or_default(),
                format!("{:.1}", one.ratio_to(&series[0], wall)),
                format!("{:.1}", one.ratio_to(&series[0], cpu)),
            ],
        ));
    }
    print!("\n{table}");
}

fn verdict(what: &str, ratio: f64, goal: f64) {
    println!("{what}: {ratio:.1}; goal {goal}: {}", met(ratio >= goal));
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}

fn wall(sample: &Sample) -> f64 {
    sample.wall
}

fn cpu(sample: &Sample) -> f64 {
    sample.cpu
}
