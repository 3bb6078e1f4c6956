//! Scalars in clear, to be encrypted, and how decrypted ones are written.

use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

use super::{Value, splice};
use crate::yaml::{self, Line};

/// A scalar in clear.
#[derive(Clone, Eq, PartialEq)]
pub struct Scalar {
    path: String,
    line: usize,
    /// The scalar with its quotes or its indicator, on the line of its key.
    range: Range<usize>,
    /// The lines of a block scalar.
    block: Option<Range<usize>>,
    indent: usize,
    line_break: &'static str,
    text: Result<Zeroizing<String>, Unsupported>,
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

    /// The text that it stands for.
    ///
    /// # Errors
    ///
    /// [`Unsupported`] if it is written in a way that is not understood here.
    pub fn text(&self) -> Result<&str, Unsupported> {
        self.text
            .as_ref()
            .map(|text| text.as_str())
            .map_err(|&why| why)
    }
}

/// Without the text, which may be a secret.
impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scalar")
            .field("path", &self.path)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// How a node is written that is not understood here.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// A block scalar with an indentation indicator or the chomping indicator `+`.
    #[error("is a block scalar with an indicator of its own; write it with '|' or '|-'")]
    BlockIndicator,
    /// A list or a mapping in brackets.
    #[error("is a collection in brackets; write each entry on a line of its own")]
    Collection,
    /// An escape of YAML's that JSON does not have, or a quotation mark that is not closed.
    #[error("has an escape that is not understood here; write it as a literal block ('|')")]
    Escape,
    /// A folded block scalar.
    #[error("is a folded scalar ('>'); write it as a literal one ('|')")]
    Folded,
    /// A plain or quoted scalar over several lines.
    #[error(
        "goes on over several lines; quote it on one line, or write it as a literal block ('|')"
    )]
    Lines,
    /// A node with an anchor or a tag, or an alias.
    #[error("has an anchor, a tag or an alias; write the value alone")]
    Properties,
    /// A character that no plain scalar starts with.
    #[error("starts with a character that is reserved in YAML; quote it")]
    Reserved,
}

/// Finds the values and items of a YAML text that are not encrypted.
#[must_use]
pub fn scalars(text: &str) -> Vec<Scalar> {
    let mut scalars = Vec::new();
    // The indentation of a scalar that goes on over lines which are no keys or items.
    let mut open = None;
    yaml::scan(text, |line, paths| {
        if line.in_flow || open.is_some_and(|open| line.indent() > open) {
            return;
        }
        open = None;
        let column = line.content_column();
        let Some(value) = value_range(line, column) else {
            return;
        };
        let shown = &line.text[value.clone()];
        // What belongs to an item stands right of its dash.
        let parent = match yaml::key(&line.text[column..]) {
            Some(_) => column,
            None => line.indent(),
        };
        let goes_on = line.block.is_none() && goes_on(text, line, parent);
        open = goes_on.then_some(parent);
        let content = match &line.block {
            Some(block) => literal(shown, &text[block.clone()]),
            None if goes_on && !shown.starts_with(['[', '{']) => Err(Unsupported::Lines),
            None => single_line(shown),
        };
        let after_line = &text[line.start + line.text.len()..];
        let line_break = if after_line.starts_with("\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        scalars.push(Scalar {
            path: paths.path_at(value.start),
            line: line.number,
            range: line.start + value.start..line.start + value.end,
            block: line.block.clone(),
            indent: column + 2,
            line_break,
            text: content.map(Zeroizing::new),
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
///
/// Ansible expands no template in an encrypted value: a text that looks like one is tagged
/// `!unsafe`, so that it still is not expanded.
#[must_use]
pub fn reveal(text: &str, replacements: &[(&Value, &str)]) -> String {
    let edits = replacements.iter().map(|(value, plaintext)| {
        // A comment behind the indicator stays.
        let comment = text.get(value.tag.end..value.range.start);
        let tag = match ["{{", "{%", "{#"]
            .iter()
            .any(|mark| plaintext.contains(mark))
        {
            true => "!unsafe ",
            false => "",
        };
        let written = format!("{tag}{}{}", quote(plaintext), comment.unwrap_or_default());
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

/// What stands behind the key or the dash of a line, without the comment.
fn value_range(line: &Line<'_>, column: usize) -> Option<Range<usize>> {
    let content = &line.text[column..];
    if content.starts_with('#') {
        return None;
    }
    let start = match yaml::key(content) {
        Some(key) => {
            let quotes = if content.starts_with(['"', '\'']) {
                2
            } else {
                0
            };
            let after = column + key.len() + quotes;
            let colon = after + line.text[after..].find(':')? + 1;
            colon + (line.text[colon..].len() - line.text[colon..].trim_start().len())
        }
        None if line.is_item() => column,
        None => return None,
    };
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
fn goes_on(text: &str, line: &Line<'_>, parent: usize) -> bool {
    let rest = text[line.start..].lines().skip(1);
    let next = rest
        .map(str::trim_end)
        .find(|next| !next.trim_start().is_empty());
    next.is_some_and(|next| {
        let indent = next.len() - next.trim_start().len();
        indent > parent && !next.trim_start().starts_with('#')
    })
}

fn single_line(shown: &str) -> Result<String, Unsupported> {
    let quoted = |mark| shown.strip_prefix(mark)?.strip_suffix(mark);
    match shown.chars().next() {
        Some('"') => quoted('"').and_then(unescape).ok_or(Unsupported::Escape),
        Some('\'') => quoted('\'')
            .map(|inner| inner.replace("''", "'"))
            .ok_or(Unsupported::Escape),
        Some('[' | '{') => Err(Unsupported::Collection),
        Some('&' | '*' | '!') => Err(Unsupported::Properties),
        Some('|' | '>' | '%' | '@' | '`') | None => Err(Unsupported::Reserved),
        _ => Ok(shown.to_owned()),
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
fn literal(shown: &str, block: &str) -> Result<String, Unsupported> {
    match shown {
        "|" | "|-" if !block.trim().is_empty() => {}
        _ if shown.starts_with('>') => return Err(Unsupported::Folded),
        _ if shown.starts_with(['!', '&']) => return Err(Unsupported::Properties),
        _ => return Err(Unsupported::BlockIndicator),
    }
    let (_, lines) = yaml::dedent(block);
    let text = Zeroizing::new(lines.collect::<Vec<_>>().join("\n"));
    let text = text.trim_end_matches('\n');
    Ok(if shown == "|" {
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
                        folded\nj: &x 1\nk: https://example.org # url\nitems:\n  - one # kept\n  - -5\n  \
                        - - deep\n  - two\n    lines\n  - |-\n    block\nl: |+\n  x\nm: over\n  - no item\n  n: no key\n";

    #[test]
    fn scalars_are_understood_or_left_alone() {
        let found = scalars(TEXT);
        let texts: Vec<_> = found.iter().map(|s| (s.path(), s.text())).collect();
        assert_eq!(
            texts,
            [
                ("a", Ok("plain text")),
                ("b", Ok("it's")),
                ("c.d", Ok("x\ny")),
                ("c.e", Ok("one\n  two\n")),
                ("c.f", Err(Unsupported::Collection)),
                ("g", Err(Unsupported::Lines)),
                ("list.[0].h", Ok("5")),
                ("list.[0].i", Err(Unsupported::Folded)),
                ("j", Err(Unsupported::Properties)),
                ("k", Ok("https://example.org")),
                ("items.[0]", Ok("one")),
                ("items.[1]", Ok("-5")),
                ("items.[2].[0]", Ok("deep")),
                ("items.[3]", Err(Unsupported::Lines)),
                ("items.[4]", Ok("block")),
                ("l", Err(Unsupported::BlockIndicator)),
                ("m", Err(Unsupported::Lines)),
            ]
        );
    }

    #[test]
    fn a_concealed_scalar_is_a_value_and_all_else_stays() {
        for scalar in scalars(TEXT).iter().filter(|scalar| scalar.text().is_ok()) {
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
            assert_eq!(back.text(), Ok(text), "{revealed}");
            assert_eq!(others(&revealed), others(TEXT), "{revealed}");
        }
    }
}
