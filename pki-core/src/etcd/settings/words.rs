//! Lines, words, and what is put in for variables: how systemd, a shell and the kubelet see them.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// A word of a command line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) line: u64,
    /// Whether a part of it is known on the host alone, or only when it is started.
    pub(super) is_open: bool,
}

impl Word {
    pub(super) fn new(text: impl Into<String>, line: u64) -> Self {
        Self {
            text: text.into(),
            line,
            is_open: false,
        }
    }
}

/// Who takes a command line apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Dialect {
    /// The kubelet: words are given, `$(NAME)` is filled in.
    Kubelet,
    /// A shell.
    Shell,
    /// systemd: `systemd.syntax(7)`, and COMMAND LINES in `systemd.service(5)`.
    Systemd,
}

/// Lines that end in a backslash, joined with the one after them; each with the line that it
/// begins on. Joined lines keep their newline, so that words know their line.
pub(super) fn logical_lines(text: &str, comment: impl Fn(&str) -> bool) -> Vec<(u64, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(u64, String)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        if comment(line) {
            if let Some((_, before)) = &mut open {
                before.push('\n');
            }
            continue;
        }
        let (part, goes_on) = match line.strip_suffix('\\') {
            Some(part) => (part, true),
            None => (line, false),
        };
        match &mut open {
            Some((_, before)) => {
                before.push('\n');
                before.push_str(part);
            }
            None => open = Some((number, part.to_owned())),
        }
        if !goes_on {
            lines.extend(open.take());
        }
    }
    lines.extend(open);
    lines
}

/// The words of a text whose first character stands on `line`; `None` where a quote is not closed.
pub(super) fn split(text: &str, line: u64, dialect: Dialect) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut quote = None;
    let mut line = line;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let number = line;
        line += u64::from(c == '\n');
        match (quote, c) {
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_with(|| Word::new("", number));
            }
            (Some(open), c) if c == open => quote = None,
            (open, '\\') if !(open == Some('\'') && dialect == Dialect::Shell) => {
                let into = word.get_or_insert_with(|| Word::new("", number));
                escape(&mut rest, open, dialect, &mut into.text);
            }
            // What Ansible fills in is one part of a word, blanks and quotes and all.
            (_, '{') if template(rest.as_str()).is_some() => {
                let length = template(rest.as_str()).unwrap_or_default();
                let (inner, after) = rest.as_str().split_at(length);
                let into = word.get_or_insert_with(|| Word::new("", number));
                into.text.push(c);
                into.text.push_str(inner);
                into.is_open = true;
                rest = after.chars();
            }
            (open, c) => {
                let into = word.get_or_insert_with(|| Word::new("", number));
                into.text.push(c);
                // A shell would put in what only it knows.
                let fills_in = dialect == Dialect::Shell && open != Some('\'');
                into.is_open |= fills_in && matches!(c, '$' | '`');
            }
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// How long what stands behind the first brace of `{{ … }}` is.
fn template(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('{')?;
    let end = inner.find("}}")?;
    (!inner[..end].contains('\n')).then_some(end + 3)
}

/// Reads what follows a backslash.
fn escape(
    rest: &mut std::str::Chars<'_>,
    quote: Option<char>,
    dialect: Dialect,
    into: &mut String,
) {
    let Some(c) = rest.clone().next() else {
        into.push('\\');
        return;
    };
    if dialect != Dialect::Systemd {
        // Between double quotes the backslash stays before most characters.
        if quote == Some('"') && !matches!(c, '"' | '\\' | '$' | '`' | '\n') {
            into.push('\\');
        } else {
            rest.next();
            if c != '\n' {
                into.push(c);
            }
        }
        return;
    }
    let plain = match c {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        's' => ' ',
        't' => '\t',
        'v' => '\u{b}',
        '"' | '\'' | '\\' => c,
        'x' => return coded(rest, 1, 2, 16, into),
        'u' => return coded(rest, 1, 4, 16, into),
        'U' => return coded(rest, 1, 8, 16, into),
        '0'..='7' => return coded(rest, 0, 3, 8, into),
        // systemd leaves what it does not know.
        _ => return into.push('\\'),
    };
    rest.next();
    into.push(plain);
}

/// Reads a character that is written as a number, after `skipped` characters; leaves what is none.
fn coded(
    rest: &mut std::str::Chars<'_>,
    skipped: usize,
    digits: usize,
    radix: u32,
    into: &mut String,
) {
    let number: String = rest.clone().skip(skipped).take(digits).collect();
    let code = u32::from_str_radix(&number, radix).ok();
    let whole = number.chars().all(|c| c.is_digit(radix)) && number.chars().count() == digits;
    match code.and_then(char::from_u32) {
        Some(c) if whole => {
            into.push(c);
            for _ in 0..skipped + digits {
                rest.next();
            }
        }
        _ => into.push('\\'),
    }
}

/// What stands for the variables of a command line.
#[derive(Debug, Default)]
pub(super) struct Variables<'a> {
    /// Each variable, and whether a part of its value is open.
    pub(super) values: BTreeMap<&'a str, (&'a str, bool)>,
    /// Whether there may be others.
    pub(super) is_open: bool,
}

/// Puts in values for variables; the names that were asked for go into `used`.
pub(super) fn expand(
    words: Vec<Word>,
    variables: &Variables<'_>,
    dialect: Dialect,
    used: &mut Vec<String>,
) -> Vec<Word> {
    let mut expanded = Vec::with_capacity(words.len());
    for mut word in words {
        // `$NAME` as a word of its own is taken apart at blanks, or nothing where it is empty.
        let alone = word.text.strip_prefix('$').filter(|name| is_name(name));
        match (dialect, alone) {
            (Dialect::Shell, _) => expanded.push(word),
            (Dialect::Systemd, Some(name)) => {
                used.push(name.to_owned());
                match variables.values.get(name) {
                    Some((value, is_open)) => {
                        expanded.extend(value.split_whitespace().map(|part| Word {
                            text: part.to_owned(),
                            is_open: *is_open,
                            ..word
                        }));
                    }
                    None if variables.is_open => expanded.push(Word {
                        is_open: true,
                        ..word
                    }),
                    None => {}
                }
            }
            (Dialect::Systemd | Dialect::Kubelet, _) => {
                let text = match dialect {
                    Dialect::Systemd => specifiers(&word.text, &mut word.is_open),
                    _ => Cow::Borrowed(word.text.as_str()),
                };
                let text = fill_in(&text, variables, dialect, used, &mut word.is_open);
                expanded.push(Word { text, ..word });
            }
        }
    }
    expanded
}

/// `%%` is a percent sign; any other specifier is known on the host alone.
pub(super) fn specifiers<'a>(text: &'a str, is_open: &mut bool) -> Cow<'a, str> {
    *is_open |= text.replace("%%", "").contains('%');
    match text.contains("%%") {
        true => Cow::Owned(text.replace("%%", "%")),
        false => Cow::Borrowed(text),
    }
}

fn fill_in(
    text: &str,
    variables: &Variables<'_>,
    dialect: Dialect,
    used: &mut Vec<String>,
    is_open: &mut bool,
) -> String {
    let (open, close) = match dialect {
        Dialect::Kubelet => ("$(", ')'),
        Dialect::Shell | Dialect::Systemd => ("${", '}'),
    };
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, here) = rest.split_at(at);
        filled.push_str(before);
        let reference = here
            .strip_prefix(open)
            .and_then(|inner| inner.split_once(close))
            .filter(|(name, _)| is_name(name));
        rest = match (reference, here.strip_prefix("$$")) {
            (Some((name, after)), _) => {
                used.push(name.to_owned());
                match variables.values.get(name) {
                    Some((value, open)) => {
                        filled.push_str(value);
                        *is_open |= open;
                    }
                    // The kubelet leaves what it does not know; systemd puts in nothing.
                    None if variables.is_open || dialect == Dialect::Kubelet => {
                        *is_open = true;
                        filled.push_str(&here[..here.len() - after.len()]);
                    }
                    None => {}
                }
                after
            }
            (None, Some(after)) => {
                filled.push('$');
                after
            }
            (None, None) => {
                filled.push('$');
                &here[1..]
            }
        };
    }
    filled.push_str(rest);
    filled
}

/// Whether it can be the name of an environment variable.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.bytes().all(plain)
        && text
            .bytes()
            .next()
            .is_some_and(|first| !first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, dialect: Dialect) -> Vec<String> {
        let words = split(text, 1, dialect).unwrap();
        words.into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn systemd_takes_quotes_and_escapes_away() {
        let text = r#"a "b c" 'd "e' --f="g h" i\x20j \u00e9 k\sl m\qn \101 \xzz"#;
        assert_eq!(
            texts(text, Dialect::Systemd),
            [
                "a", "b c", "d \"e", "--f=g h", "i j", "é", "k l", r"m\qn", "A", r"\xzz"
            ]
        );
        assert_eq!(split("\"open", 1, Dialect::Systemd), None);
        assert_eq!(texts("end\\", Dialect::Systemd), ["end\\"]);
    }

    #[test]
    fn a_shell_does_so_in_its_own_way() {
        let text = r#"a\ b 'c\d' "e\f\"" "#;
        assert_eq!(texts(text, Dialect::Shell), ["a b", r"c\d", r#"e\f""#]);
        let words = split("$a '$b'", 1, Dialect::Shell).unwrap();
        assert_eq!([words[0].is_open, words[1].is_open], [true, false]);
    }

    #[test]
    fn templates_are_kept_together() {
        let words = split("a={{ x | f('y') }}/b {{c", 1, Dialect::Systemd).unwrap();
        assert_eq!(words[0].text, "a={{ x | f('y') }}/b");
        assert_eq!([words[0].is_open, words[1].is_open], [true, false]);
    }

    #[test]
    fn words_know_their_line() {
        let comment = |line: &str| line.starts_with('#');
        let lines = logical_lines("x\na \\\n# no\n  b \\\n  c\nd\\", comment);
        assert_eq!(lines.len(), 3);
        let words = split(&lines[1].1, lines[1].0, Dialect::Systemd).unwrap();
        let places: Vec<_> = words.iter().map(|word| (&*word.text, word.line)).collect();
        assert_eq!(places, [("a", 2), ("b", 4), ("c", 5)]);
    }

    #[test]
    fn variables_are_put_in() {
        let mut variables = Variables::default();
        variables.values.insert("A", ("x y", false));
        let expanded = |text: &str, variables: &Variables<'_>, dialect| -> Vec<(String, bool)> {
            let words = split(text, 1, dialect).unwrap();
            let words = expand(words, variables, dialect, &mut Vec::new());
            words
                .into_iter()
                .map(|word| (word.text, word.is_open))
                .collect()
        };
        let own = |words: &[(&str, bool)]| -> Vec<(String, bool)> {
            words
                .iter()
                .map(|(text, open)| ((*text).to_owned(), *open))
                .collect()
        };
        let text = "$A -${A}- $NO a${NO}b $$A 5%% %H $(A)";
        assert_eq!(
            expanded(text, &variables, Dialect::Systemd),
            own(&[
                ("x", false),
                ("y", false),
                ("-x y-", false),
                ("ab", false),
                ("$A", false),
                ("5%", false),
                ("%H", true),
                ("$(A)", false)
            ])
        );
        assert_eq!(
            expanded("$(A) $(NO) $$(A) ${A}", &variables, Dialect::Kubelet),
            own(&[
                ("x y", false),
                ("$(NO)", true),
                ("$(A)", false),
                ("${A}", false)
            ])
        );
        variables.is_open = true;
        assert_eq!(
            expanded("$NO a${NO}b", &variables, Dialect::Systemd),
            own(&[("$NO", true), ("a${NO}b", true)])
        );
    }
}
