//! Block scalars.

use std::ops::Range;

use super::words::{indent, is_marker};

/// A block scalar.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The indicators, such as `|-`.
    pub(crate) header: Range<usize>,
    /// Its lines to the last one that is not blank, with their breaks.
    pub(crate) lines: Range<usize>,
    /// The indentation of its lines, if it has any.
    pub(crate) indent: Option<usize>,
}

impl Block {
    /// The lines without their indentation and their breaks.
    pub(crate) fn dedent<'a>(&self, text: &'a str) -> impl Iterator<Item = &'a str> {
        let columns = self.indent.unwrap_or_default();
        let without = move |line| &line[indent(line).min(columns)..];
        text[self.lines.clone()].lines().map(without)
    }

    /// Finds the lines that belong to a header, from the line after it.
    pub(super) fn new(
        text: &str,
        header: Range<usize>,
        start: usize,
        parent: Option<usize>,
    ) -> Self {
        // A document may consist of a block scalar, whose lines need no indentation.
        let least = parent.map_or(0, |column| column + 1);
        let digit = text[header.clone()].chars().find_map(|c| c.to_digit(10));
        let digit = digit.and_then(|digit| usize::try_from(digit).ok());
        let mut columns = digit.map(|digit| parent.unwrap_or(0) + digit);
        let (mut position, mut end) = (start, start);
        for line in text[start..].split_inclusive('\n') {
            position += line.len();
            let content = line.trim_end_matches(['\n', '\r']);
            let column = indent(content);
            // A blank line, which may be longer than the indentation.
            if column == content.len() {
                continue;
            }
            let outside = column < columns.unwrap_or(least);
            if outside || is_marker(content) {
                break;
            }
            columns.get_or_insert(column);
            end = position;
        }
        Self {
            header,
            lines: start..end,
            indent: columns,
        }
    }
}

/// Whether these are the indicators of a block scalar.
pub(super) fn is_header(word: &str) -> bool {
    let Some(indicators) = word.strip_prefix(['|', '>']) else {
        return false;
    };
    let count = |one: fn(char) -> bool| indicators.chars().filter(|c| one(*c)).count();
    let chomping = count(|c| matches!(c, '+' | '-'));
    let digits = count(|c| matches!(c, '1'..='9'));
    chomping <= 1 && digits <= 1 && chomping + digits == indicators.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_one_indicator_of_each_kind() {
        for header in ["|", ">", "|-", ">+", "|2", "|2-", ">+1"] {
            assert!(is_header(header), "{header}");
        }
        for word in ["", "-", "|x", "|--", "|+-", "|12", "|0", "|-2-", "||"] {
            assert!(!is_header(word), "{word}");
        }
    }
}
