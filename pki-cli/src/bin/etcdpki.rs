//! The binary `etcdpki`.

use std::process::ExitCode;

fn main() -> ExitCode {
    pki_cli::process::harden();
    pki_cli::etcdpki::run(std::env::args_os())
}
