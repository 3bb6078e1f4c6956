//! The programs that are measured.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// Builds one of our programs as it is released, static on Linux, and returns where it is.
///
/// # Panics
///
/// When it cannot be built.
pub fn build_program(name: &str) -> PathBuf {
    build_released(&["--package", "pki-cli", "--bin", name]).join(name)
}

/// Builds one of our programs as `cargo install` does, and returns where it is.
///
/// # Panics
///
/// When it cannot be built.
pub fn build_installed(name: &str) -> PathBuf {
    build(&["--package", "pki-cli", "--bin", name]);
    release_directory().join(name)
}

/// Builds what these arguments choose as our programs are released, and returns where it is.
///
/// # Panics
///
/// When it cannot be built.
pub fn build_released(arguments: &[&str]) -> PathBuf {
    if !cfg!(target_os = "linux") {
        build(arguments);
        return release_directory();
    }
    let target = format!("{}-unknown-linux-musl", env::consts::ARCH);
    assert!(
        cargo(&[&["--target", &target], arguments].concat()),
        "cargo build --target {target} failed; it takes: rustup target add {target}, and \
         apt-get install musl-tools"
    );
    let target_directory = release_directory().join("..");
    target_directory.join(target).join("release")
}

/// Runs `cargo build --release` with these arguments.
///
/// # Panics
///
/// When it fails.
pub fn build(arguments: &[&str]) {
    assert!(cargo(arguments), "cargo build {arguments:?} failed");
}

fn cargo(arguments: &[&str]) -> bool {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["build", "--quiet", "--release"])
        .args(arguments);
    command.status().is_ok_and(|status| status.success())
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
