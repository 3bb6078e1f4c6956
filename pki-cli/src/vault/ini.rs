//! The syntax of `ansible.cfg`.

use std::collections::HashMap;

/// The keys and values of one section; of keys that come twice the last one.
pub(super) fn section(text: &str, name: &str) -> HashMap<String, String> {
    let mut values = HashMap::new();
    let mut inside = false;
    let mut last: Option<String> = None;
    for line in text.lines() {
        let content = without_comment(line).trim_end();
        let trimmed = content.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if let Some(header) = trimmed
            .strip_prefix('[')
            .and_then(|rest| rest.split(']').next())
        {
            inside = header == name;
            last = None;
        } else if let (true, Some(key)) = (content.len() > trimmed.len(), &last) {
            // An indented line goes on with the value before it.
            values.entry(key.clone()).and_modify(|value: &mut String| {
                value.push('\n');
                value.push_str(trimmed);
            });
        } else if inside && let Some((key, value)) = trimmed.split_once(['=', ':']) {
            let key = key.trim_end().to_lowercase();
            values.insert(key.clone(), value.trim_start().to_owned());
            last = Some(key);
        }
    }
    values
}

/// A semicolon starts a comment at the start of a line and after a blank.
fn without_comment(line: &str) -> &str {
    let starts = |(at, _): &(usize, &str)| line[..*at].ends_with(char::is_whitespace) || *at == 0;
    line.match_indices(';')
        .find(starts)
        .map_or(line, |(at, _)| &line[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_configparser_reads_them() {
        let text = "x = 0\n[other]\nvault_identity = no\n[defaults]\n# a = 1\n; b = 2\n\
                    Vault_Identity=prod ; comment\npassword: a;b # c\nlist = a,\n  b,\n\n  c\n\
                    [more]\npassword = no\n";
        let values = section(text, "defaults");
        assert_eq!(section("[defaults]\na = 1\u{b};b", "defaults")["a"], "1");
        assert_eq!(values["vault_identity"], "prod");
        assert_eq!(values["password"], "a;b # c");
        assert_eq!(values["list"], "a,\nb,\nc");
        assert_eq!(values.len(), 3);
    }

    #[test]
    fn anything_may_come() {
        for text in [
            "",
            "=",
            "[",
            "[defaults",
            "[defaults]\n=\n:",
            "[defaults]\n  x",
            ";[",
            "]",
        ] {
            let _ = section(text, "defaults");
        }
        assert_eq!(section("[defaults]\n a = 1", "defaults")["a"], "1");
    }
}
