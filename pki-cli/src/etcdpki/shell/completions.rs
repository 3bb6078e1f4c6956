//! Completions for shells.

use std::collections::BTreeSet;
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
    match shell {
        Shell::Bash => pass_over_values(&command, &mut text),
        Shell::Fish => add_arguments(program, &[], &command, &mut text),
        _ => {}
    }
    text
}

/// What an option takes is no command, though it be called as one: the generator for bash looks for commands
/// in every word that was typed.
fn pass_over_values(command: &Command, text: &mut String) {
    let (mut with_value, mut flags) = (BTreeSet::new(), BTreeSet::new());
    sort_options(command, &mut with_value, &mut flags);
    let options: Vec<_> = with_value.difference(&flags).map(String::as_str).collect();
    // Bash has a = as a word of its own.
    let passed = format!(
        r#"    do
        if [[ -n "${{option}}" ]]; then
            [[ "${{i}}" == "=" ]] || option=""
            continue
        fi
        case "${{i}}" in
            {})
                option="${{i}}"
                continue
                ;;
        esac
{COMMANDS}"#,
        options.join("|")
    );
    *text = text.replacen(&format!("    do\n{COMMANDS}"), &passed, 1);
    *text = text.replacen(LOCALS, &format!("{LOCALS} option=\"\""), 1);
}

/// The options of a command and of those below it: those that take a value, and those that take none.
fn sort_options(
    command: &Command,
    with_value: &mut BTreeSet<String>,
    flags: &mut BTreeSet<String>,
) {
    for option in command.get_arguments().filter(|one| !one.is_positional()) {
        let least = option.get_num_args().map_or(0, |range| range.min_values());
        let known = match least {
            0 => &mut *flags,
            _ => &mut *with_value,
        };
        let letters = option.get_short_and_visible_aliases().unwrap_or_default();
        known.extend(letters.iter().map(|letter| format!("-{letter}")));
        let words = option.get_long().into_iter();
        let words = words.chain(option.get_all_aliases().unwrap_or_default());
        known.extend(words.map(|word| format!("--{word}")));
    }
    for below in command.get_subcommands() {
        sort_options(below, with_value, flags);
    }
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

/// Where the script for bash looks for commands.
const COMMANDS: &str = r#"        case "${cmd},${i}" in"#;
/// Where it has its variables.
const LOCALS: &str = "    local i cur prev opts cmd";
