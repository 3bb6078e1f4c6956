//! Tips for what was mistyped, where the parser has none, or one that leads astray.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};
use similar::TextDiff;

/// Sets the tips of an error right, of what was typed.
pub(super) fn correct(error: &mut Error, command: &Command, typed: &[OsString]) {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else {
        return;
    };
    if error.kind() != ErrorKind::UnknownArgument {
        return;
    }
    let name = option.trim_start_matches('-').to_owned();
    if let Some(path) = subcommand(command, typed, &name) {
        error.remove(ContextKind::SuggestedArg);
        let tip = StyledStr::from(format!("'{name}' is a command, without dashes: '{path}'"));
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
        return;
    }
    let astray = match error.get(ContextKind::SuggestedArg) {
        Some(ContextValue::String(known)) => !is_near(&name, known.trim_start_matches('-')),
        _ => false,
    };
    if astray {
        error.remove(ContextKind::SuggestedArg);
        // It is the usage with what would have been suggested.
        error.remove(ContextKind::Usage);
    }
}

/// The whole command that a name stands for, among those of the command that was typed.
fn subcommand(command: &Command, typed: &[OsString], name: &str) -> Option<String> {
    let mut path = vec![command.get_name().to_owned()];
    let mut current = command;
    for word in typed.iter().skip(1).filter_map(|word| word.to_str()) {
        if let Some(below) = current.find_subcommand(word) {
            path.push(below.get_name().to_owned());
            current = below;
        }
    }
    path.push(current.find_subcommand(name)?.get_name().to_owned());
    Some(path.join(" "))
}

/// Whether one may have been typed for the other: its beginning, or most of its letters in their order.
fn is_near(typed: &str, known: &str) -> bool {
    known.starts_with(typed) || TextDiff::from_chars(typed, known).ratio() > 0.65
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_near_that_differ_by_a_slip() {
        for (typed, known) in [
            ("renw", "renew"),
            ("domian", "domain"),
            ("passphrase", "passphrase-file"),
            ("nodes", "node"),
        ] {
            assert!(is_near(typed, known), "{typed} {known}");
        }
        for (typed, known) in [("force", "store"), ("quiet", "wait"), ("yes", "key")] {
            assert!(!is_near(typed, known), "{typed} {known}");
        }
    }
}
