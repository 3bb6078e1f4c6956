//! Scalars in clear, to be encrypted, and how decrypted ones are written.

use std::ops::Range;

use super::{Value, splice};
use crate::yaml::{self, Line};

/// A scalar in clear.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scalar {
    path: String,
    line: usize,
    /// The scalar with its quotes or its indicator, on the line of its key.
    range: Range<usize>,
    /// The lines of a block scalar.
    block: Option<Range<usize>>,
    indent: usize,
    line_break: &'static str,
    text: Option<String>,
}

impl Scalar {
    /// Where the scalar is, as in [`Value::path`].
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The line of its key, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The text; [`None`] if it is written in a way that is not understood here: folded, over
    /// several lines, a collection, or with an anchor, an alias or a tag.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

/// Finds what stands behind the keys of a YAML text and is not encrypted.
#[must_use]
pub fn scalars(text: &str) -> Vec<Scalar> {
    let mut scalars = Vec::new();
    yaml::scan(text, |line, paths| {
        let Some(value) = value_range(line).filter(|_| !line.in_flow) else {
            return;
        };
        let path = paths.path_at(value.start);
        let shown = &line.text[value.clone()];
        let content = match &line.block {
            Some(block) => literal(shown, &text[block.clone()]),
            None if goes_on(text, line) => None,
            None => single_line(shown),
        };
        let after_line = &text[line.start + line.text.len()..];
        let line_break = if after_line.starts_with("\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        scalars.push(Scalar {
            path,
            line: line.number,
            range: line.start + value.start..line.start + value.end,
            block: line.block.clone(),
            indent: line.key_column() + 2,
            line_break,
            text: content,
        });
    });
    scalars
}

/// Puts vaults in the place of scalars in clear.
#[must_use]
pub fn conceal(text: &str, replacements: &[(&Scalar, &[u8])]) -> String {
    let edits = replacements.iter().map(|(scalar, vault)| {
        let line_end = text[scalar.range.end..].find(['\r', '\n']);
        let line_end = line_end.map_or(text.len(), |at| scalar.range.end + at);
        let mut written = format!("!vault |{}", &text[scalar.range.end..line_end]);
        for line in String::from_utf8_lossy(vault).lines() {
            written.push_str(scalar.line_break);
            written.push_str(&" ".repeat(scalar.indent));
            written.push_str(line);
        }
        let end = scalar.block.as_ref().map_or(line_end, |block| {
            // The line break before what follows the block stays.
            let kept = text[..block.end].trim_end_matches(['\r', '\n', ' ']).len();
            kept.max(line_end)
        });
        (scalar.range.start..end, written)
    });
    splice(text, edits)
}

/// Puts texts in clear in the place of encrypted values, as double-quoted scalars.
#[must_use]
pub fn reveal(text: &str, replacements: &[(&Value, &str)]) -> String {
    let edits = replacements.iter().map(|(value, plaintext)| {
        // A comment behind the indicator stays.
        let comment = text.get(value.tag.end..value.range.start);
        let written = quote(plaintext) + comment.unwrap_or_default();
        (value.tag.start..value.range.end.max(value.tag.end), written)
    });
    splice(text, edits)
}

/// A double-quoted scalar, which means the same to every reader.
fn quote(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{85}' | '\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// What stands behind the key of a line, without the comment.
fn value_range(line: &Line<'_>) -> Option<Range<usize>> {
    let key_start = line.key_column();
    let key = yaml::key(&line.text[key_start..])?;
    if line.text[key_start..].starts_with('#') {
        return None;
    }
    let quotes = if line.text[key_start..].starts_with(['"', '\'']) {
        2
    } else {
        0
    };
    let after = key_start + key.len() + quotes;
    let colon = after + line.text[after..].find(':')? + 1;
    let start = colon + (line.text[colon..].len() - line.text[colon..].trim_start().len());
    let value = &line.text[start..];
    if value.is_empty() || value.starts_with("!vault") || value.starts_with("!<!vault") {
        return None;
    }
    let end = match value.chars().next() {
        Some(mark @ ('"' | '\'')) => yaml::closing(value, mark).unwrap_or(value.len()),
        Some('#') => return None,
        _ => value
            .find(" #")
            .map_or(value.len(), |at| value[..at].trim_end().len()),
    };
    Some(start..start + value[..end].trim_end().len())
}

/// Whether a plain or quoted scalar goes on on the next line.
fn goes_on(text: &str, line: &Line<'_>) -> bool {
    let column = line.key_column();
    let rest = text[line.start..].lines().skip(1);
    let next = rest
        .map(str::trim_end)
        .find(|next| !next.trim_start().is_empty());
    next.is_some_and(|next| {
        let indent = next.len() - next.trim_start().len();
        indent > column && !next.trim_start().starts_with('#')
    })
}

fn single_line(shown: &str) -> Option<String> {
    match shown.chars().next()? {
        '"' => unescape(shown.strip_prefix('"')?.strip_suffix('"')?),
        '\'' => Some(
            shown
                .strip_prefix('\'')?
                .strip_suffix('\'')?
                .replace("''", "'"),
        ),
        '[' | '{' | '&' | '*' | '!' | '|' | '>' | '%' | '@' | '`' => None,
        _ => Some(shown.to_owned()),
    }
}

/// The escapes that are also those of JSON.
fn unescape(inner: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        text.push(match rest.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            c @ ('"' | '\\' | '/') => c,
            'u' => {
                let digits: String = rest.by_ref().take(4).collect();
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
            }
            _ => return None,
        });
    }
    Some(text)
}

/// A literal block scalar with the plain kinds of chomping.
fn literal(shown: &str, block: &str) -> Option<String> {
    if !matches!(shown, "|" | "|-") {
        return None;
    }
    if block.trim().is_empty() {
        return None;
    }
    let (_, lines) = yaml::dedent(block);
    let text = lines.collect::<Vec<_>>().join("\n");
    let text = text.trim_end_matches('\n');
    Some(if shown == "|" {
        format!("{text}\n")
    } else {
        text.to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inline::values;

    const VAULT: &[u8] = b"$ANSIBLE_VAULT;1.1;AES256\n6161\n";

    const TEXT: &str = "# top\na: plain text # note\nb: 'it''s'\nc:\n  d: \"x\\ny\"   # kept\n  e: |\n    \
                        one\n      two\n\n  f: [1, 2]\ng: over\n  two lines\nlist:\n- h: 5\n  i: >\n    \
                        folded\nj: &x 1\nk: https://example.org # url\n";

    #[test]
    fn scalars_are_understood_or_left_alone() {
        let found = scalars(TEXT);
        let texts: Vec<_> = found.iter().map(|s| (s.path(), s.text())).collect();
        assert_eq!(
            texts,
            [
                ("a", Some("plain text")),
                ("b", Some("it's")),
                ("c.d", Some("x\ny")),
                ("c.e", Some("one\n  two\n")),
                ("c.f", None),
                ("g", None),
                ("list.[0].h", Some("5")),
                ("list.[0].i", None),
                ("j", None),
                ("k", Some("https://example.org")),
            ]
        );
    }

    #[test]
    fn a_concealed_scalar_is_a_value_and_all_else_stays() {
        for scalar in scalars(TEXT)
            .iter()
            .filter(|scalar| scalar.text().is_some())
        {
            let concealed = conceal(TEXT, &[(scalar, VAULT)]);
            let found = values(&concealed);
            assert_eq!(found.len(), 1, "{concealed}");
            assert_eq!(
                (found[0].path(), found[0].vault()),
                (scalar.path(), VAULT),
                "{concealed}"
            );
            let others = |text: &str| {
                let all = scalars(text).into_iter().map(|s| (s.path, s.text));
                all.filter(|(path, _)| path != scalar.path())
                    .collect::<Vec<_>>()
            };
            assert_eq!(others(&concealed), others(TEXT), "{concealed}");
            for comment in ["# top", "# note", "# kept", "# url"] {
                assert!(concealed.contains(comment), "{concealed}");
            }
            let text = scalar.text().unwrap();
            let revealed = reveal(&concealed, &[(&found[0], text)]);
            let back = scalars(&revealed);
            let back = back.iter().find(|s| s.path() == scalar.path()).unwrap();
            assert_eq!(back.text(), Some(text), "{revealed}");
            assert_eq!(others(&revealed), others(TEXT), "{revealed}");
        }
    }
}
