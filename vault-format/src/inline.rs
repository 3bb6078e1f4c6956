//! Encrypted values inside a YAML text.
//!
//! A value is found and replaced as a range of bytes, so that everything around it stays as it
//! is.
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

mod kind;
mod scalar;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::encryptor::to_u64;
use crate::yaml::{self, Block, Content, Node};

pub use self::kind::Kind;
pub use self::scalar::{Scalar, Unsupported, conceal, reveal, scalars};

/// An encrypted value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Value {
    path: String,
    line: usize,
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
            Style::Block { first, indent, .. } => {
                Some((to_u64(*first) + line - 1, to_u64(*indent) + column))
            }
            Style::Quoted => None,
        }
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Style {
    Block {
        /// The indicators, such as `|-`.
        header: Range<usize>,
        /// The number of its first line.
        first: usize,
        indent: usize,
        /// What stands after each line.
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
    let nodes = yaml::nodes(text);
    nodes.iter().filter_map(|node| value(text, node)).collect()
}

/// The lines, counted from 1, where there may be an encrypted value that is not understood: it is
/// neither a literal block scalar (`|`) nor a double-quoted one, or what is around it is no YAML.
#[must_use]
pub fn overlooked(text: &str) -> Vec<usize> {
    let nodes = yaml::nodes(text);
    let mut lines: Vec<_> = nodes
        .iter()
        .filter_map(|node| suspect(text, node))
        .collect();
    // YAML ends lines there, and nobody else does.
    let lone = text.match_indices('\r');
    let mut lone = lone.filter(|(at, _)| !text[*at..].starts_with("\r\n"));
    if let Some((at, _)) = lone.next() {
        let mentioned = text[at..].contains(TAG);
        lines.extend(mentioned.then(|| line_after(text, 1, 0..at)));
    }
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// What all tags of encrypted values have in common.
const TAG: &str = "!vault";

fn suspect(text: &str, node: &Node) -> Option<usize> {
    if let Content::NotUnderstood(range) = &node.content {
        let at = range.start + text[range.clone()].find(TAG)?;
        return Some(line_after(text, node.line, node.start..at));
    }
    let tag = tags(text, node).find(|tag| TAGS.contains(&&text[tag.clone()]))?;
    let line = line_after(text, node.line, node.start..tag.start);
    value(text, node).is_none().then_some(line)
}

fn tags<'a>(text: &'a str, node: &'a Node) -> impl Iterator<Item = Range<usize>> + 'a {
    let properties = node.properties.iter().cloned();
    properties.filter(|range| text[range.clone()].starts_with('!'))
}

/// The number of the line at the end of a range that starts on this line.
fn line_after(text: &str, line: usize, range: Range<usize>) -> usize {
    line + text[range].matches('\n').count()
}

/// The value that a node is.
fn value(text: &str, node: &Node) -> Option<Value> {
    let mut tags = tags(text, node);
    let tag = tags
        .next()
        .filter(|tag| TAGS.contains(&&text[tag.clone()]))?;
    // Two tags are an error.
    if tags.next().is_some() {
        return None;
    }
    let (range, style, vault) = match &node.content {
        Content::Block(block) if text[block.header.clone()].starts_with('|') => {
            from_block(text, node, block)
        }
        Content::Quoted(range) if text[range.clone()].starts_with('"') => {
            let vault = yaml::decode(&text[range.start + 1..range.end - 1])?;
            (range.clone(), Style::Quoted, vault.as_bytes().to_vec())
        }
        _ => return None,
    };
    Some(Value {
        path: node.path.clone(),
        line: line_after(text, node.line, node.start..tag.start),
        tag,
        range,
        style,
        vault,
    })
}

fn from_block(text: &str, node: &Node, block: &Block) -> (Range<usize>, Style, Vec<u8>) {
    let mut vault = Vec::new();
    for line in block.dedent(text) {
        vault.extend_from_slice(line.as_bytes());
        vault.push(b'\n');
    }
    let lines = &block.lines;
    let style = Style::Block {
        header: block.header.clone(),
        first: line_after(text, node.line, node.start..lines.start),
        indent: block
            .indent
            .unwrap_or(node.parent.map_or(0, |column| column + 2)),
        line_break: line_break(&text[..lines.end]),
    };
    (lines.clone(), style, vault)
}

/// The line break that a text ends with.
fn line_break(text: &str) -> &'static str {
    match text.ends_with("\r\n") {
        true => "\r\n",
        false => "\n",
    }
}

/// Puts other vaults in the place of values of this text.
///
/// Each value keeps its style and indentation; one that is the same keeps its bytes.
#[must_use]
pub fn replace(text: &str, replacements: &[(&Value, &[u8])]) -> String {
    let other = |(value, vault): &&(&Value, &[u8])| value.vault != *vault;
    let edits = replacements.iter().filter(other).map(|(value, vault)| {
        let vault = String::from_utf8_lossy(vault);
        let written = match &value.style {
            Style::Block {
                indent, line_break, ..
            } => {
                let indent = " ".repeat(*indent);
                // A text may end with the indicators.
                let ended = text[..value.range.start].ends_with('\n');
                let missing = (!ended).then_some(*line_break);
                let lines = vault.lines();
                let lines = lines.flat_map(|line| [&indent, line, line_break]);
                missing.into_iter().chain(lines).collect()
            }
            Style::Quoted => scalar::quote(&vault),
        };
        (value.range.clone(), written)
    });
    splice(text, edits)
}

/// Puts texts in the place of ranges that do not overlap.
fn splice<S: AsRef<str>>(text: &str, edits: impl Iterator<Item = (Range<usize>, S)>) -> String {
    let mut edits: Vec<_> = edits.collect();
    edits.sort_by_key(|(range, _)| range.start);
    let removed: usize = edits.iter().map(|(range, _)| range.len()).sum();
    let added: usize = edits.iter().map(|(_, new)| new.as_ref().len()).sum();
    // It never grows, which would leave copies of what is secret in it behind.
    let mut spliced = String::with_capacity(text.len() - removed + added);
    let mut copied = 0;
    for (range, written) in edits {
        spliced.push_str(&text[copied..range.start]);
        spliced.push_str(written.as_ref());
        copied = range.end;
    }
    spliced.push_str(&text[copied..]);
    spliced
}
