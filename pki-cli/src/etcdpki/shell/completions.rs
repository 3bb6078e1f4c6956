//! Completions for shells.

use clap_complete::Shell;

use crate::etcdpki::args::Program;

/// The completions of a program for a shell.
pub(super) fn text(program: Program, shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut program.command(), program.name(), &mut text);
    String::from_utf8_lossy(&text).into_owned()
}
