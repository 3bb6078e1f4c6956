//! Paths as ansible reads them.

use std::env;
use std::path::{Path, PathBuf};

/// Replaces `~` at the start and `$VAR` and `${VAR}` anywhere; unknown variables stay.
pub(super) fn expand(path: &Path) -> PathBuf {
    let Some(text) = path.to_str() else {
        return path.to_owned();
    };
    let home = || {
        env::var("HOME")
            .ok()
            .or_else(|| Some(env::home_dir()?.to_str()?.to_owned()))
    };
    let text = match text.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            home().map_or_else(|| text.to_owned(), |home| format!("{home}{rest}"))
        }
        _ => text.to_owned(),
    };
    PathBuf::from(expand_variables(&text, |name| env::var(name).ok()))
}

fn expand_variables(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, length) = match after
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'))
        {
            Some((name, _)) => (name, name.len() + 2),
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                let name = &after[..end.unwrap_or(after.len())];
                (name, name.len())
            }
        };
        match value(name).filter(|_| !name.is_empty()) {
            Some(value) => expanded.push_str(&value),
            None => expanded.push_str(&rest[at..at + 1 + length]),
        }
        rest = &after[length..];
    }
    expanded.push_str(rest);
    expanded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced() {
        let value = |name: &str| (name == "A").then(|| "x".to_owned());
        for (text, expected) in [
            ("$A/${A}y/$B", "x/xy/$B"),
            ("$AA", "$AA"),
            ("${A", "${A"),
            ("$", "$"),
            ("a$/b", "a$/b"),
            ("${}", "${}"),
        ] {
            assert_eq!(expand_variables(text, value), expected);
        }
    }
}
