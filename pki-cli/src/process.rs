//! What both programs do before anything else.

use std::sync::Arc;

use rustix::process::{Resource, Rlimit, setrlimit};
use signal_hook::consts::SIGXFSZ;

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

/// The first descriptor after standard error.
const FIRST: i32 = 3;
