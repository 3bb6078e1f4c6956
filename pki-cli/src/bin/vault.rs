//! The binary `vault`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    pki_cli::process::harden();
    pki_cli::vault::run(std::env::args_os())
}
