//! As much of YAML as it takes to find a scalar.

mod token;

use std::ops::Range;

use self::token::{Open, tokenize};

pub(crate) use self::token::Token;

/// A line that is not inside a scalar that began before it.
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: usize,
    /// Where it starts in the text.
    pub(crate) start: usize,
    pub(crate) text: &'a str,
    /// Whether it goes on with a flow collection.
    pub(crate) in_flow: bool,
    /// The tags, anchors and indicators of block scalars.
    pub(crate) tokens: Vec<Token>,
    /// Where the indicator of a block scalar stands.
    pub(crate) block_header: usize,
    /// The lines of the block scalar that begins here.
    pub(crate) block: Option<Range<usize>>,
}

impl Line<'_> {
    /// Where the indicator of a block scalar ends.
    pub(crate) fn block_header_end(&self) -> usize {
        let rest = &self.text[self.block_header..];
        self.block_header + rest.find([' ', '\t']).unwrap_or(rest.len())
    }

    /// Where the key or the item of a sequence stands, behind indentation and dashes.
    pub(crate) fn content_column(&self) -> usize {
        let mut column = indent(self.text);
        for mark in ["--- ", "- "] {
            while self.text[column..].starts_with(mark) {
                column += mark.len();
                column += indent(&self.text[column..]);
            }
        }
        column
    }

    pub(crate) fn indent(&self) -> usize {
        indent(self.text)
    }

    /// Whether it is an item of a sequence.
    pub(crate) fn is_item(&self) -> bool {
        self.text[self.indent()..].starts_with("- ")
    }
}

/// Where in the document a line is.
#[derive(Default)]
pub(crate) struct Paths {
    /// Column and name of each level.
    levels: Vec<(usize, String)>,
    /// Column and number of the last item of each sequence.
    items: Vec<(usize, usize)>,
}

impl Paths {
    /// The path of what stands at this column.
    pub(crate) fn path_at(&self, column: usize) -> String {
        self.names_at(column).collect::<Vec<_>>().join(".")
    }

    /// The path of what a token belongs to.
    pub(crate) fn path_of(&self, token: &Token) -> String {
        if token.flow.is_empty() {
            return self.path_at(token.range.start);
        }
        // A flow collection belongs to what the block around it ended with.
        let names = self.names_at(usize::MAX);
        names
            .chain(token.flow.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(".")
    }

    fn names_at(&self, column: usize) -> impl Iterator<Item = &str> {
        let levels = self.levels.iter();
        levels
            .filter(move |(at, _)| *at < column || column == 0)
            .map(|(_, name)| name.as_str())
    }

    /// Takes in the dashes and the key that a line starts with.
    fn enter(&mut self, text: &str) {
        let mut column = indent(text);
        if column == text.trim_end().len() || text[column..].starts_with(['#', '%']) {
            return;
        }
        let is_item = |rest: &str| rest == "-" || rest.starts_with("- ");
        // A sequence may stand at the column of the key that it belongs to.
        let dash = is_item(text[column..].trim_end());
        self.levels
            .retain(|(at, name)| *at < column || dash && *at == column && !name.starts_with('['));
        self.items
            .retain(|(at, _)| *at < column || dash && *at == column);
        if text.starts_with("---") {
            *self = Self::default();
            return;
        }
        while is_item(text[column..].trim_end()) {
            let number = match self.items.last_mut() {
                Some((at, number)) if *at == column => {
                    *number += 1;
                    *number
                }
                _ => {
                    self.items.push((column, 0));
                    0
                }
            };
            self.levels.push((column, format!("[{number}]")));
            column += 1 + indent(&text[column + 1..]);
        }
        if let Some(key) = key(&text[column..]) {
            self.levels.push((column, key.to_owned()));
        }
    }
}

/// Calls `visit` with each line that is not inside a scalar.
pub(crate) fn scan(text: &str, mut visit: impl FnMut(&Line<'_>, &Paths)) {
    let mut paths = Paths::default();
    let mut start = 0;
    let mut number = 1;
    let mut open = Open::default();
    while start < text.len() {
        let end = line_end(text, start);
        let line = text[start..end].trim_end_matches(['\n', '\r']);
        let in_flow = !open.flow.is_empty();
        if open.quote.is_none() && !in_flow {
            paths.enter(line);
        }
        let tokens = tokenize(line, &mut open);
        let header = tokens
            .last()
            .map(|token| token.range.clone())
            .filter(|range| is_block_header(&line[range.clone()]));
        let block = header.clone().map(|_| end..block_end(text, end, line));
        let next = block.as_ref().map_or(end, |block| block.end);
        let block_header = header.map_or(0, |header| header.start);
        visit(
            &Line {
                number,
                start,
                text: line,
                in_flow,
                tokens,
                block_header,
                block,
            },
            &paths,
        );
        number += text[start..next].matches('\n').count();
        start = next;
    }
}

/// The end of the block scalar whose first line is at `start`.
fn block_end(text: &str, start: usize, header: &str) -> usize {
    // A document may consist of a block scalar, whose lines need no indentation.
    let is_document = header.starts_with(['|', '>', '!', '&']) || header.starts_with("---");
    let mut content = None;
    let mut position = start;
    let mut end = start;
    while position < text.len() {
        let next = line_end(text, position);
        let line = text[position..next].trim_end_matches(['\n', '\r']);
        let column = indent(line);
        if column < line.len() {
            let least = *content.get_or_insert(column);
            let outside = column < least || !is_document && column <= indent(header);
            if outside || line.starts_with("---") || line.starts_with("...") {
                break;
            }
            end = next;
        }
        position = next;
    }
    end
}

fn line_end(text: &str, start: usize) -> usize {
    text[start..]
        .find('\n')
        .map_or(text.len(), |at| start + at + 1)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_block_header(token: &str) -> bool {
    token.starts_with(['|', '>'])
        && token[1..]
            .chars()
            .all(|c| matches!(c, '+' | '-' | '1'..='9'))
        && token.len() <= 3
}

/// The key that a line starts with.
pub(crate) fn key(text: &str) -> Option<&str> {
    if let Some(mark @ ('"' | '\'')) = text.chars().next() {
        let (key, rest) = text[1..].split_once(mark)?;
        return rest.trim_start().starts_with(':').then_some(key);
    }
    // What is in a flow collection is no key of the block around it.
    if text.starts_with(['[', '{']) {
        return None;
    }
    let end = match text.find(": ") {
        Some(end) => end,
        None => text.trim_end().strip_suffix(':')?.len(),
    };
    Some(text[..end].trim_end())
}

/// The indentation of a block scalar, which its first line that is not blank decides, and the
/// lines without it.
pub(crate) fn dedent(block: &str) -> (&str, impl Iterator<Item = &str>) {
    let first = block.lines().find(|line| !line.trim().is_empty());
    let first = first.unwrap_or_default();
    let blanks = &first[..indent(first)];
    let without = move |line| &line[indent(line).min(blanks.len())..];
    (blanks, block.lines().map(without))
}

/// The end of the quoted scalar that `text` starts with, behind its closing mark.
pub(crate) fn closing(text: &str, mark: char) -> Option<usize> {
    let mut escaped = false;
    let mut inside = text.char_indices().peekable();
    inside.next_if(|(_, first)| *first == mark)?;
    while let Some((at, c)) = inside.next() {
        if c == mark && mark == '\'' && inside.peek().is_some_and(|(_, next)| *next == mark) {
            inside.next();
        } else if c == mark && !escaped {
            return Some(at + 1);
        }
        escaped = mark == '"' && c == '\\' && !escaped;
    }
    None
}
