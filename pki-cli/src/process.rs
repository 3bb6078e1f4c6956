//! What both programs do before anything else.

use std::fs;
use std::sync::Arc;
use std::thread;

use rustix::process::{Resource, Rlimit, setrlimit};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

/// Keeps secrets in memory and in open files from leaving the process: no core dump is written,
/// no other process of the user can read the memory (Linux), and no program that we start
/// inherits a descriptor other than standard input, output and error.
///
/// A write beyond the limit of file sizes (`ulimit -f`) fails, as one on a full disk does, and ends
/// nothing.
pub fn harden() {
    // Failing to do so leaves us where every other program is.
    let _ = setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    );
    // Whoever writes is told by the error.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    // A core dump that goes to a pipe is not limited in size, but this forbids it.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    close_fds::set_fds_cloexec(FIRST, &[]);
}

/// Has a thread wait for signals that ask the process to end, and heed them.
pub(crate) fn on_request_to_end(heed: impl FnMut(i32) + Send + 'static) {
    if let Ok(mut signals) = Signals::new(requests_to_end()) {
        thread::spawn(move || signals.forever().for_each(heed));
    }
}

/// What asks a process to end and has not been ignored since it was started, as nohup has SIGHUP
/// ignored, and a shell without job control SIGINT in the background: a handler would undo that.
fn requests_to_end() -> Vec<i32> {
    // Linux tells; elsewhere only unsafe code could ask.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = ignored(&status);
    let mut signals = vec![SIGHUP, SIGINT, SIGTERM];
    signals.retain(|signal| ignored & (1 << (signal - 1)) == 0);
    signals
}

/// The signals that are ignored: a bit for each, the lowest for number 1 (proc(5)).
fn ignored(status: &str) -> u64 {
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// The first descriptor after standard error.
const FIRST: i32 = 3;
