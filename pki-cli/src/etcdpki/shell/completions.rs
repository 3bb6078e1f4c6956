//! Completions for shells.

use std::fmt::Write as _;

use clap::{Arg, Command};
use clap_complete::Shell;

use crate::etcdpki::args::Program;

/// The completions of a program for a shell.
pub(super) fn text(program: Program, shell: Shell) -> String {
    let mut command = program.command();
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, program.name(), &mut text);
    let mut text = String::from_utf8_lossy(&text).into_owned();
    if shell == Shell::Fish {
        add_arguments(program, &[], &command, &mut text);
    }
    text
}

/// The values of arguments that are no options, which the generator for fish leaves out, of a command and
/// of those below it.
fn add_arguments(program: Program, words: &[&str], command: &Command, text: &mut String) {
    let condition = match words {
        [] => None,
        [first] => Some(first.to_string()),
        [first, others @ ..] => {
            let seen = others.iter();
            let seen = seen.map(|word| format!("; and __fish_seen_subcommand_from {word}"));
            Some(format!("{first}{}", seen.collect::<String>()))
        }
    };
    if let Some(condition) = condition {
        let name = program.name();
        let values = command.get_positionals().flat_map(Arg::get_possible_values);
        for value in values.filter(|value| !value.is_hide_set()) {
            let _ = write!(
                text,
                "complete -c {name} -n \"__fish_{name}_using_subcommand {condition}\" -f -a {}",
                quoted(value.get_name()),
            );
            if let Some(help) = value.get_help() {
                let _ = write!(text, " -d {}", quoted(&help.to_string()));
            }
            text.push('\n');
        }
    }
    for below in command.get_subcommands() {
        let words: Vec<&str> = words.iter().copied().chain([below.get_name()]).collect();
        add_arguments(program, &words, below, text);
    }
}

/// A word of fish as it stands: <https://fishshell.com/docs/current/language.html#quotes>.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\\', r"\\").replace('\'', r"\'"))
}
