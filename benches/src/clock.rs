//! What some work costs.

use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// What one run cost, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// From start to end.
    pub wall: f64,
    /// Of all processors, in user and in system mode.
    pub cpu: f64,
}

/// Runs `command` and measures it, and every process that it starts and waits for.
///
/// # Panics
///
/// When the command fails: a failure that is fast must not win.
#[track_caller]
pub fn process(command: &mut Command) -> Sample {
    let (sample, output) = measure(UsageWho::RUSAGE_CHILDREN, || {
        command.stdin(Stdio::null()).output()
    });
    let output = output.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    sample
}

/// Runs `work` in this process and measures it.
pub fn in_process<T>(work: impl FnOnce() -> T) -> Sample {
    let (sample, result) = measure(UsageWho::RUSAGE_SELF, work);
    std::hint::black_box(result);
    sample
}

fn measure<T>(who: UsageWho, work: impl FnOnce() -> T) -> (Sample, T) {
    let cpu_before = cpu_milliseconds(who);
    let started = Instant::now();
    let result = work();
    let wall = started.elapsed().as_secs_f64() * 1e3;
    (
        Sample {
            wall,
            cpu: cpu_milliseconds(who) - cpu_before,
        },
        result,
    )
}

fn cpu_milliseconds(who: UsageWho) -> f64 {
    let milliseconds =
        |usage: Usage| as_milliseconds(usage.user_time()) + as_milliseconds(usage.system_time());
    getrusage(who).map_or_else(|error| panic!("getrusage: {error}"), milliseconds)
}

#[expect(clippy::as_conversions, reason = "seconds of CPU are far below 2^52")]
fn as_milliseconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 * 1e3 + time.tv_usec() as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_of_grandchildren_counts() {
        // The outer shell does next to nothing, the inner one spins.
        let spin = "sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'; true";
        let sample = process(Command::new("sh").args(["-c", spin]));
        assert!(sample.cpu > 1.0, "{sample:?}");
    }

    #[test]
    #[should_panic(expected = "exit status: 3")]
    fn a_failure_is_no_result() {
        process(Command::new("sh").args(["-c", "exit 3"]));
    }
}
