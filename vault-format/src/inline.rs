//! Encrypted values inside a YAML text.
//!
//! A value is found and replaced as a range of bytes, so that everything around it stays as it
//! is. The scanner reads YAML line by line, as far as is needed to tell where a value is: it
//! follows block scalars, quoted scalars and comments, and does not build a document.
//!
//! ```
//! use vault_format::inline::{self, Value};
//!
//! let text = "# users\nname: admin # the first\npassword: !vault |  # keep\n    $ANSIBLE_VAULT;1.1;AES256\n    6161\nport: 1\n";
//! let values = inline::values(text);
//! assert_eq!(values[0].path(), "password");
//! assert_eq!(values[0].vault(), b"$ANSIBLE_VAULT;1.1;AES256\n6161\n");
//!
//! let text = inline::replace(text, &[(&values[0], b"$ANSIBLE_VAULT;1.1;AES256\n6262\n")]);
//! assert!(text.contains("password: !vault |  # keep\n    $ANSIBLE_VAULT;1.1;AES256\n    6262\nport"));
//! ```

mod scalar;

use std::ops::Range;

use crate::encryptor::to_u64;
use crate::yaml::{self, Line, Paths, Token};

pub use self::scalar::{Scalar, Unsupported, conceal, reveal, scalars};

/// An encrypted value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Value {
    path: String,
    line: usize,
    /// From the tag to the indicator of a block scalar, or the tag alone.
    tag: Range<usize>,
    /// The lines of a block scalar, or a quoted scalar with its quotes.
    range: Range<usize>,
    style: Style,
    vault: Vec<u8>,
}

impl Value {
    /// Where the value is: keys and, in brackets, positions, joined by dots.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The line of the tag, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The vault, without indentation.
    #[must_use]
    pub fn vault(&self) -> &[u8] {
        &self.vault
    }

    /// Where in the text a line and a column of the vault are, each counted from 1.
    ///
    /// [`None`] for a quoted scalar, whose line breaks are escaped.
    #[must_use]
    pub fn position(&self, line: u64, column: u64) -> Option<(u64, u64)> {
        match &self.style {
            // Line 1 of the vault follows that of the tag.
            Style::Block { indent, .. } => {
                Some((to_u64(self.line) + line, to_u64(indent.len()) + column))
            }
            Style::Quoted => None,
        }
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Style {
    /// A block scalar with this indentation, and this line break after each line.
    Block {
        indent: String,
        line_break: &'static str,
    },
    Quoted,
}

/// The tags of encrypted values.
const TAGS: [&str; 4] = [
    "!vault-encrypted",
    "!<!vault-encrypted>",
    "!<!vault>",
    "!vault",
];

/// Finds the encrypted values of a YAML text.
#[must_use]
pub fn values(text: &str) -> Vec<Value> {
    let mut values = Vec::new();
    tags(text, |_, value| values.extend(value));
    values
}

/// The lines of tags of encrypted values, counted from 1, behind which no value was understood:
/// the indicator `|` or the quoted text is not on the same line, say.
#[must_use]
pub fn overlooked(text: &str) -> Vec<usize> {
    let mut lines = Vec::new();
    tags(text, |line, value| {
        if value.is_none() {
            lines.push(line);
        }
    });
    lines
}

/// Calls `visit` with the line of each tag of an encrypted value, and the value if there is one.
fn tags(text: &str, mut visit: impl FnMut(usize, Option<Value>)) {
    // What stands inside of a value is none of its own.
    let mut end = 0;
    yaml::scan(text, |line, paths| {
        for token in &line.tokens {
            let is_tag = TAGS.contains(&&line.text[token.range.clone()]);
            if !is_tag || line.start + token.range.start < end {
                continue;
            }
            let value = tagged(text, line, token, paths);
            end = value.as_ref().map_or(end, |value| value.range.end);
            visit(line.number, value);
        }
    });
}

/// The value behind a tag.
fn tagged(text: &str, line: &Line<'_>, token: &Token, paths: &Paths) -> Option<Value> {
    let after = token.range.end;
    let (range, style, vault) = match &line.block {
        Some(block) if line.block_header >= after => from_block(text, block),
        _ => from_quoted(text, line, token)?,
    };
    let tag_end = match style {
        Style::Block { .. } => line.block_header_end(),
        Style::Quoted => after,
    };
    Some(Value {
        path: paths.path_of(token),
        line: line.number,
        tag: line.start + token.range.start..line.start + tag_end,
        range,
        style,
        vault,
    })
}

/// Puts other vaults in the place of values of this text.
///
/// Each value keeps its style and indentation.
#[must_use]
pub fn replace(text: &str, replacements: &[(&Value, &[u8])]) -> String {
    let edits = replacements.iter().map(|(value, vault)| {
        let vault = String::from_utf8_lossy(vault);
        let written = match &value.style {
            Style::Block { indent, line_break } => vault
                .lines()
                .flat_map(|line| [indent, line, line_break])
                .collect(),
            Style::Quoted => format!("\"{}\"", vault.replace('\n', "\\n")),
        };
        (value.range.clone(), written)
    });
    splice(text, edits)
}

/// Puts texts in the place of ranges that do not overlap.
fn splice(text: &str, edits: impl Iterator<Item = (Range<usize>, String)>) -> String {
    let mut edits: Vec<_> = edits.collect();
    edits.sort_by_key(|(range, _)| range.start);
    let mut spliced = String::with_capacity(text.len());
    let mut copied = 0;
    for (range, written) in edits {
        spliced.push_str(&text[copied..range.start]);
        spliced.push_str(&written);
        copied = range.end;
    }
    spliced.push_str(&text[copied..]);
    spliced
}

fn from_block(text: &str, block: &Range<usize>) -> (Range<usize>, Style, Vec<u8>) {
    let content = &text[block.clone()];
    let (indent, lines) = yaml::dedent(content);
    let mut vault = Vec::new();
    for line in lines {
        vault.extend_from_slice(line.as_bytes());
        vault.push(b'\n');
    }
    // Blank lines after the value belong to what follows.
    let kept = content.trim_end_matches([' ', '\n', '\r']).len();
    let end = content[kept..]
        .find('\n')
        .map_or(content.len(), |at| kept + at + 1);
    while vault.ends_with(b"\n\n") {
        vault.pop();
    }
    let line_break = if content[..end].ends_with("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    let style = Style::Block {
        indent: indent.to_owned(),
        line_break,
    };
    (block.start..block.start + end, style, vault)
}

/// A double-quoted scalar, which may go on over several lines.
fn from_quoted(
    text: &str,
    line: &Line<'_>,
    token: &Token,
) -> Option<(Range<usize>, Style, Vec<u8>)> {
    let start = line.start + token.range.end;
    let skipped = text[start..].len() - text[start..].trim_start_matches(' ').len();
    let start = start + skipped;
    let end = start + yaml::closing(&text[start..], '"')?;
    let behind = text[end..].trim_start_matches([' ', '\t']);
    let is_last = behind.is_empty() || behind.starts_with(['\r', '\n', '#']);
    if !is_last && (token.flow.is_empty() || !behind.starts_with([',', '}', ']'])) {
        return None;
    }
    let vault = text[start + 1..end - 1]
        .replace("\\n", "\n")
        .replace("\\r", "\r")
        .into_bytes();
    Some((start..end, Style::Quoted, vault))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: &[u8] = b"$ANSIBLE_VAULT;1.1;AES256\n6161\n";

    fn paths(text: &str) -> Vec<String> {
        values(text)
            .into_iter()
            .map(|value| {
                assert_eq!(value.vault(), VAULT, "{text}");
                value.path().to_owned()
            })
            .collect()
    }

    fn block(before: &str, indent: usize, after: &str) -> String {
        let blanks = " ".repeat(indent);
        format!("{before}\n{blanks}$ANSIBLE_VAULT;1.1;AES256\n{blanks}6161\n{after}")
    }

    #[test]
    fn values_are_found_wherever_they_stand() {
        for (text, path) in [
            (block("a: !vault |", 10, "b: 1\n"), "a"),
            (block("a: !vault |-", 2, ""), "a"),
            (block("a: !vault |+", 2, "\n\nb: 1\n"), "a"),
            (block("a: !vault |4", 4, "b: 1\n"), "a"),
            (block("a: !vault | # note", 1, ""), "a"),
            (block("a: &anchor !vault |", 2, ""), "a"),
            (block("a: !vault &anchor |", 2, ""), "a"),
            (block("a: !<!vault> |", 2, ""), "a"),
            (block("a: !vault-encrypted |", 2, ""), "a"),
            (block("a:\n  b:\n    c: !vault |", 6, "    d: 1\n"), "a.b.c"),
            (block("a:\n- x\n- !vault |", 4, "- y\n"), "a.[1]"),
            (block("a:\n  - b: 1\n    c: !vault |", 6, ""), "a.[0].c"),
            (block("- - !vault |", 6, ""), "[0].[0]"),
            (block("\"a b\": !vault |", 2, ""), "a b"),
            (block("!vault |", 2, ""), ""),
            (block("--- !vault |", 0, ""), ""),
            (
                block("x: |\n  a: !vault |\n  text\ny: !vault |", 2, ""),
                "y",
            ),
            (block("# z: !vault |\ny: !vault |", 2, ""), "y"),
            (block("x: 'a: !vault |'\ny: !vault |", 2, ""), "y"),
        ] {
            assert_eq!(paths(&text), [path], "{text}");
        }
        let quoted = r#"a: !vault "$ANSIBLE_VAULT;1.1;AES256\n6161\n" # x"#;
        assert_eq!(paths(quoted), ["a"]);
        let value = r#"!vault "$ANSIBLE_VAULT;1.1;AES256\n6161\n""#;
        for (text, found) in [
            (format!("a: {{b: {value}, c: 1}}"), &["a.b"][..]),
            (format!("a: [x, {value}, {value}]"), &["a.[1]", "a.[2]"]),
            (format!("a:\n- {{\"b c\": [{value}]}}"), &["a.[0].b c.[0]"]),
            (
                format!("a: [x,\n  {value},\n  {{c: {value}}}]\nd: {value}"),
                &["a.[1]", "a.[2].c", "d"],
            ),
            (format!("a: x, {value}\nb: {value}"), &["b"]),
        ] {
            assert_eq!(paths(&text), found, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_value_is_none() {
        for text in [
            "a: \"!vault |\"\n  x\n",
            "# a: !vault |\n#   x\n",
            "a: |\n  b: !vault |\n    $ANSIBLE_VAULT;1.1;AES256\n",
            "a: x !vault |\n",
            "a: !vaults |\n  x\n",
            "a: !vault\n",
            "",
        ] {
            assert_eq!(values(text), [], "{text}");
        }
    }

    #[test]
    fn tags_without_a_value_are_told() {
        let vault = "    $ANSIBLE_VAULT;1.1;AES256\n    6161\n";
        let text = format!(
            "a: !vault |\n{vault}b: !vault\n  |\n{vault}c: !vault\n  \"x\"\nd: !vault 'x'\n# !vault\ne: x !vault\n"
        );
        assert_eq!(overlooked(&text), [4, 8, 10]);
        assert_eq!(values(&text).len(), 1);
    }

    #[test]
    fn all_but_the_values_stays_byte_for_byte() {
        let text = block("# first\na:   !vault |  # note", 7, "\n\n# last\nb: \t1\n");
        let text = block(&format!("{text}c: !vault |"), 3, "# end");
        let other = b"$ANSIBLE_VAULT;1.2;AES256;x\n6262\n6363\n";
        let found = values(&text);
        let pairs: Vec<_> = found.iter().map(|value| (value, &other[..])).collect();
        let replaced = replace(&text, &pairs);
        assert_ne!(replaced, text);
        let again = values(&replaced);
        assert!(again.iter().all(|value| value.vault() == other));
        let back: Vec<_> = again.iter().map(|value| (value, VAULT)).collect();
        assert_eq!(replace(&replaced, &back), text);
    }

    #[test]
    fn line_breaks_of_windows_are_kept() {
        let text = block("a: !vault |", 4, "b: 1\n").replace('\n', "\r\n");
        let found = values(&text);
        assert_eq!(found[0].vault(), VAULT);
        assert_eq!(replace(&text, &[(&found[0], VAULT)]), text);
    }
}
