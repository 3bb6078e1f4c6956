//! The binary `etcdpki`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Asks the kernel for huge pages. argon2id touches 64 MiB at once, and with pages of 4 KiB it
/// would spend a third of its time on faults.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    pki_cli::process::harden();
    pki_cli::etcdpki::run(std::env::args_os())
}
