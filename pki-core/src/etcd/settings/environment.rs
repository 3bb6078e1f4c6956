//! Environment files, as systemd reads them: `EnvironmentFile=` in `systemd.exec(5)`.

use super::source::{Content, Variable};
use super::words::{self, Word};

pub(super) fn read(text: &str) -> Content {
    let mut content = Content::default();
    let mut rest = text.chars().peekable();
    let mut line = 1;
    loop {
        // Blanks and empty lines before a name.
        while let Some(c) = rest.next_if(|c| c.is_whitespace()) {
            line += u64::from(c == '\n');
        }
        let Some(first) = rest.peek().copied() else {
            return content;
        };
        let start = line;
        let mut taken = String::new();
        while let Some(c) = rest.next_if(|c| !matches!(c, '=' | '\n')) {
            taken.push(c);
            // A comment goes on behind a backslash.
            if c == '\\' && matches!(first, '#' | ';') && rest.next_if_eq(&'\n').is_some() {
                line += 1;
            }
        }
        if matches!(first, '#' | ';') {
            while rest.next_if(|c| *c != '\n').is_some() {}
            continue;
        }
        let name = taken.trim();
        if rest.next_if_eq(&'=').is_none() {
            content.skipped.push(start);
            continue;
        }
        let value = value(&mut rest, &mut line);
        match words::is_name(name) {
            true => content.variables.push(Variable {
                name: name.to_owned(),
                value: Word::new(value, start),
            }),
            false => content.skipped.push(start),
        }
    }
}

/// Reads up to the end of the line, of which a backslash can take away the meaning.
fn value(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, line: &mut u64) -> String {
    let mut value = String::new();
    // How much of it is not blanks at its end.
    let mut kept = 0;
    let mut quote = None;
    let mut can_open = true;
    while let Some(c) = rest.next() {
        match (quote, c) {
            (None, '\n') => break,
            (None, '"' | '\'') if can_open => quote = Some(c),
            (None, c) if c.is_whitespace() && can_open => {}
            (None | Some('"'), '\\') => {
                can_open &= quote.is_some();
                match rest.next() {
                    Some('\n') => *line += 1,
                    Some(next) => {
                        if quote.is_some() && !matches!(next, '"' | '\\' | '`' | '$') {
                            value.push('\\');
                        }
                        value.push(next);
                    }
                    None => {}
                }
                kept = value.len();
            }
            (Some(open), c) if c == open => {
                quote = None;
                kept = value.len();
            }
            (_, c) => {
                *line += u64::from(c == '\n');
                can_open &= quote.is_some();
                value.push(c);
                if quote.is_some() || !c.is_whitespace() {
                    kept = value.len();
                }
            }
        }
    }
    *line += 1;
    value.truncate(kept);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_systemd_reads_them() {
        let text = concat!(
            "# ETCD_A=1\n",
            "; goes on \\\n",
            "ETCD_B=2\n",
            "  ETCD_C = a b  \n",
            "ETCD_D=\"x y\" \n",
            "ETCD_E='a\\b' \"c\\d\\\"\"\n",
            "ETCD_F=one\\\n",
            "two\\ \n",
            "ETCD_G=it's\n",
            "no assignment\n",
            "export ETCD_H=1\n",
            "ETCD_I=\n",
            "ETCD_J=\"open\n",
        );
        let content = read(text);
        let found: Vec<_> = content
            .variables
            .iter()
            .map(|one| (one.name.as_str(), one.value.text.as_str(), one.value.line))
            .collect();
        assert_eq!(
            found,
            [
                ("ETCD_C", "a b", 4),
                ("ETCD_D", "x y", 5),
                ("ETCD_E", "a\\bc\\d\"", 6),
                ("ETCD_F", "onetwo ", 7),
                ("ETCD_G", "it's", 9),
                ("ETCD_I", "", 12),
                ("ETCD_J", "open\n", 13),
            ]
        );
        assert_eq!(content.skipped, [10, 11]);
    }
}
