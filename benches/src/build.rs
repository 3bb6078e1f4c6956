//! The programs that are measured.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// Builds one of our programs as it is released, and returns where it is.
///
/// # Panics
///
/// When it cannot be built.
pub fn build_program(name: &str) -> PathBuf {
    build(&["--package", "pki-cli", "--bin", name]);
    release_directory().join(name)
}

/// Runs `cargo build --release` with these arguments.
///
/// # Panics
///
/// When it fails.
pub fn build(arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["build", "--quiet", "--release"])
        .args(arguments);
    let is_built = command.status().is_ok_and(|status| status.success());
    assert!(is_built, "{command:?} failed");
}

/// Where the binaries are: a benchmark is target/release/deps/NAME-….
///
/// # Panics
///
/// When this program is elsewhere.
pub fn release_directory() -> PathBuf {
    let own = env::current_exe().unwrap_or_else(|error| panic!("no path of its own: {error}"));
    let release = own.ancestors().nth(2);
    release
        .unwrap_or_else(|| panic!("not in target/release/deps"))
        .to_owned()
}
