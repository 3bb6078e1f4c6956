//! Changing our keys in a file that a person may have added to.
//!
//! Lines are cut out and put in; all others stay as they are. The result is read again and must
//! be the old value with our keys changed and nothing else, or it is not used.

use std::ops::Range;

use super::Document;
use super::tree::{InvalidTree, Tree};
use crate::secret_text::SecretText;

pub(super) fn merge(document: &Document, old: &str) -> Result<Option<SecretText>, MergeError> {
    let present = Tree::from_yaml(old)?;
    let mut wanted = present.clone();
    let mut mapping = &mut wanted;
    for parent in document.parents {
        mapping = mapping.child(parent).ok_or(MergeError::Shape)?;
    }
    for (key, value) in &document.owned {
        mapping.set(key, value.clone());
    }
    if wanted == present {
        return Ok(None);
    }
    let new = splice(document, old);
    match Tree::from_yaml(new.as_str()) {
        Ok(result) if same(&result, &wanted) => Ok(Some(new)),
        _ => Err(MergeError::Shape),
    }
}

/// Why a file could not be changed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// It is not YAML.
    #[error(transparent)]
    Malformed(#[from] InvalidTree),
    /// Our keys cannot be changed without touching others.
    #[error(
        "our keys in this file cannot be changed without touching others: write it in block style with plain keys, or move it away and run this again"
    )]
    Shape,
}

fn splice(document: &Document, old: &str) -> SecretText {
    let lines: Vec<&str> = old.lines().collect();
    let mut block = 0..lines.len();
    let mut missing = document.parents;
    let mut depth = 0;
    while let [parent, rest @ ..] = missing {
        let Some(entry) = find(&lines, &block, parent) else {
            break;
        };
        block = entry.start + 1..entry.end;
        missing = rest;
        depth += 1;
    }
    let indent = width(&lines, &block).unwrap_or(2 * depth);
    let mut cuts: Vec<(Range<usize>, Option<SecretText>)> = Vec::new();
    let mut added = SecretText::default();
    for (offset, parent) in missing.iter().enumerate() {
        added.push_str(&" ".repeat(indent + 2 * offset));
        added.push_str(parent);
        added.push_str(":\n");
    }
    for (key, value) in &document.owned {
        let text = value
            .as_ref()
            .map(|value| at_indent(value, key, indent + 2 * missing.len()));
        let entry = if missing.is_empty() {
            find(&lines, &block, key)
        } else {
            None
        };
        match (entry, text) {
            (Some(entry), text) => cuts.push((entry, text)),
            (None, Some(text)) => added.push_str(text.as_str()),
            (None, None) => {}
        }
    }
    cuts.push((block.end..block.end, Some(added)));
    assemble(&lines, cuts)
}

fn assemble(lines: &[&str], mut cuts: Vec<(Range<usize>, Option<SecretText>)>) -> SecretText {
    cuts.sort_by_key(|(range, _)| range.start);
    let mut text = SecretText::default();
    let mut next = 0;
    let copy = |text: &mut SecretText, range: Range<usize>| {
        for line in lines.get(range).unwrap_or_default() {
            text.push_str(line);
            text.push_str("\n");
        }
    };
    for (range, new) in cuts {
        copy(&mut text, next..range.start);
        if let Some(new) = new {
            text.push_str(new.as_str());
        }
        next = range.end;
    }
    copy(&mut text, next..lines.len());
    text
}

/// The lines of `key` and its value among the entries of a block.
fn find(lines: &[&str], block: &Range<usize>, key: &str) -> Option<Range<usize>> {
    let indent = width(lines, block)?;
    let mut entries = block.clone().filter(|index| !is_filler(lines[*index]));
    let start = entries.find(|index| {
        let line = lines[*index];
        leading(line) == indent && names(line.trim_start(), key)
    })?;
    let end = entries
        .find(|index| leading(lines[*index]) <= indent)
        .unwrap_or(block.end);
    // Blank lines and comments above the next entry belong to that one.
    let last = (start..end).rev().find(|index| !is_filler(lines[*index]))?;
    Some(start..last + 1)
}

fn names(line: &str, key: &str) -> bool {
    let quoted = format!("\"{key}\"");
    [key, quoted.as_str()].iter().any(|key| {
        line.strip_prefix(key)
            .is_some_and(|rest| rest == ":" || rest.starts_with(": ") || rest.starts_with(":\t"))
    })
}

/// The indentation of the entries of a block: that of its first line with content.
fn width(lines: &[&str], block: &Range<usize>) -> Option<usize> {
    let first = lines
        .get(block.clone())?
        .iter()
        .find(|line| !is_filler(line))?;
    Some(leading(first))
}

fn is_filler(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#') || line == "---"
}

fn leading(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn at_indent(value: &Tree, key: &str, indent: usize) -> SecretText {
    let mut plain = SecretText::default();
    value.render(key, 0, &mut plain);
    let mut text = SecretText::default();
    let prefix = " ".repeat(indent);
    for line in plain.as_str().lines() {
        text.push_str(&prefix);
        text.push_str(line);
        text.push_str("\n");
    }
    text
}

/// Equal, whatever the order of keys.
fn same(left: &Tree, right: &Tree) -> bool {
    match (left, right) {
        (Tree::Map(left), Tree::Map(entries)) => {
            left.len() == entries.len()
                && left
                    .iter()
                    .all(|(key, value)| right.get(key).is_some_and(|other| same(value, other)))
        }
        _ => left == right,
    }
}
