//! The key derivation of the vault codec, PBKDF2-HMAC-SHA256 with 10 000 iterations for 80
//! bytes, against what the processor allows and against other implementations.
//!
//! Three blocks of 10 000 iterations of two compressions make 60 000 compressions. Two limits
//! are put beside them, both measured in the run:
//!
//! - `compress256` called 60 000 times with as many independent calls in flight as are best:
//!   what safe code can reach;
//! - the 64 cycles in which a processor with SHA-NI can issue the 32 `sha256rnds2` of one
//!   compression, at the clock that it has now: what assembly could reach at the best.
//!
//! Both are limits of one core. Ours takes a second one if that is free: the CPU time says what it
//! costs, which is what counts where many vaults are opened at once.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::hint::black_box;
use std::num::NonZeroU32;
use std::process::Command;
use std::time::Instant;

use benches::{Contestant, Row, Sample, Series, Table, compete, in_process, median, rounds};
use sha2::block_api::compress256;

const PASSWORD: &[u8] = b"correct horse battery staple";
const SALT: [u8; 32] = [0x5a; 32];
const ITERATIONS: NonZeroU32 = NonZeroU32::new(10_000).unwrap();
const COMPRESSIONS: usize = 60_000;
/// How much longer than its limit our derivation may take.
const LIMIT: f64 = 1.6;

fn main() {
    let (lanes, _) = best_lanes();
    let bound = cycle_bound();
    let mut contestants = [
        Contestant::new("vault-format", vault_format()),
        Contestant::new(
            format!("limit: {lanes} compressions in flight"),
            move || in_process(|| compressions(lanes)),
        ),
        Contestant::new("RustCrypto pbkdf2", || in_process(rustcrypto)),
        Contestant::new("ring", || in_process(ring)),
        Contestant::new("Python hashlib (OpenSSL)", python),
    ];
    report(&compete(rounds(101), &mut contestants), bound);
}

/// Decrypts a vault of a few bytes, which takes nothing but the derivation.
fn vault_format() -> impl FnMut() -> Sample {
    let fail = |error| -> ! { panic!("vault-format: {error}") };
    let secret = vault_format::Secret::new(PASSWORD).unwrap_or_else(|error| fail(error));
    let vault = vault_format::encrypt(b"few", &secret, None).unwrap_or_else(|error| fail(error));
    move || {
        in_process(|| vault_format::decrypt(&vault, &secret).unwrap_or_else(|error| fail(error)))
    }
}

fn rustcrypto() -> [u8; 80] {
    let mut keys = [0; 80];
    pbkdf2::pbkdf2_hmac::<sha2::Sha256>(PASSWORD, &SALT, ITERATIONS.get(), &mut keys);
    keys
}

fn ring() -> [u8; 80] {
    let mut keys = [0; 80];
    ring::pbkdf2::derive(
        ring::pbkdf2::PBKDF2_HMAC_SHA256,
        ITERATIONS,
        &SALT,
        PASSWORD,
        &mut keys,
    );
    keys
}

/// Measured by Python itself, without its start.
fn python() -> Sample {
    let script = "import hashlib, time\n\
                  start = time.perf_counter()\n\
                  hashlib.pbkdf2_hmac('sha256', b'correct horse', bytes(32), 10000, 80)\n\
                  print((time.perf_counter() - start) * 1e3)";
    let outcome = fixtures::run(Command::new("python3").args(["-c", script])).expect_success();
    let wall = outcome.stdout.trim().parse();
    let wall = wall.unwrap_or_else(|error| panic!("python3 printed no number: {error}\n{outcome}"));
    Sample { wall, cpu: wall }
}

/// The number of independent chains of compressions that is fastest, and its milliseconds.
fn best_lanes() -> (usize, f64) {
    let time = |lanes| median((0..15).map(|_| in_process(|| compressions(lanes)).wall));
    (1..=6)
        .map(|lanes| (lanes, time(lanes)))
        .min_by(|(_, one), (_, other)| one.total_cmp(other))
        .unwrap_or((1, f64::NAN))
}

fn compressions(lanes: usize) {
    match lanes {
        1 => chains::<1>(),
        2 => chains::<2>(),
        3 => chains::<3>(),
        4 => chains::<4>(),
        5 => chains::<5>(),
        _ => chains::<6>(),
    }
}

/// Makes all compressions, in `LANES` chains of which each waits for itself alone.
fn chains<const LANES: usize>() {
    const { assert!(COMPRESSIONS.is_multiple_of(LANES)) };

    let mut states = [[0x6a09_e667; 8]; LANES];
    let block = black_box([[0x5a; 64]]);
    for _ in 0..COMPRESSIONS / LANES {
        for state in &mut states {
            compress256(state, &block);
        }
    }
    black_box(states);
}

/// The milliseconds in which SHA-NI could issue all compressions, and the clock in GHz.
fn cycle_bound() -> Option<(f64, f64)> {
    const CYCLES: f64 = 64.0 * 60_000.0;

    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("sha") {
        let clock = median((0..15).map(|_| measured_clock()));
        return Some((CYCLES / clock / 1e6, clock));
    }
    None
}

/// The clock in GHz, from multiplications that wait for each other: three cycles each on every
/// processor that has SHA-NI.
fn measured_clock() -> f64 {
    const SQUARINGS: u32 = 1_000_000;

    let mut number = black_box(0x9e37_79b9_7f4a_7c15_u64);
    let started = Instant::now();
    for _ in 0..SQUARINGS {
        number = number.wrapping_mul(number);
    }
    black_box(number);
    3.0 * f64::from(SQUARINGS) / started.elapsed().as_secs_f64() / 1e9
}

fn report(series: &[Series], bound: Option<(f64, f64)>) {
    let wall = |sample: &Sample| sample.wall;
    let [ours, limit, ..] = series else {
        panic!("contestants are missing")
    };
    let mut table = Table::new(
        format!("80 bytes of key; medians of {}", ours.samples.len()),
        ["time", "CPU", "time / ours", "time / limit"],
    );
    for one in series {
        let figures = [
            format!("{:.2} ms", one.median(wall)),
            format!("{:.2} ms", one.median(|sample| sample.cpu)),
            format!("{:.2}", one.ratio_to(ours, wall)),
            format!("{:.2}", one.ratio_to(limit, wall)),
        ];
        table.push(Row::new(&one.name, figures));
    }
    println!("\n{table}");

    verdict("what safe code can reach", ours.ratio_to(limit, wall));
    match bound {
        Some((bound, clock)) => {
            let name = format!("64 cycles a compression at {clock:.2} GHz, {bound:.2} ms");
            verdict(&name, ours.median(wall) / bound);
        }
        None => println!("this processor has no SHA-NI, so there is no bound by its cycles"),
    }
}

fn verdict(limit: &str, ratio: f64) {
    let met = if ratio <= LIMIT { "met" } else { "MISSED" };
    println!("ours / {limit}: {ratio:.2}; limit {LIMIT}: {met}");
}
