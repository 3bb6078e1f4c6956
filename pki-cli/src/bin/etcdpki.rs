//! The binary `etcdpki`.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    pki_cli::process::harden();
    pki_cli::etcdpki::run(std::env::args_os())
}
