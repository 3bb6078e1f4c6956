//! As much of YAML as it takes to find a scalar.

use std::ops::Range;

/// A line that is not inside a scalar that began before it.
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: usize,
    /// Where it starts in the text.
    pub(crate) start: usize,
    pub(crate) text: &'a str,
    /// What stands between blanks, outside quotes and comments, without flow punctuation.
    pub(crate) tokens: Vec<Range<usize>>,
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

    /// Where the key stands, behind indentation and dashes.
    pub(crate) fn key_column(&self) -> usize {
        self.text.len() - self.text.trim_start_matches([' ', '-']).len()
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
        let levels = self
            .levels
            .iter()
            .filter(|(at, _)| *at < column || column == 0);
        levels
            .map(|(_, name)| name.as_str())
            .collect::<Vec<_>>()
            .join(".")
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
    let mut quote = None;
    while start < text.len() {
        let end = line_end(text, start);
        let line = text[start..end].trim_end_matches(['\n', '\r']);
        if quote.is_none() {
            paths.enter(line);
        }
        let tokens = tokenize(line, &mut quote);
        let header = tokens
            .last()
            .filter(|token| is_block_header(&line[(*token).clone()]))
            .cloned();
        let block = header.clone().map(|_| end..block_end(text, end, line));
        let next = block.as_ref().map_or(end, |block| block.end);
        let block_header = header.map_or(0, |header| header.start);
        visit(
            &Line {
                number,
                start,
                text: line,
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

/// Splits a line; `quote` is the quotation mark that is open at its start and at its end.
fn tokenize(line: &str, quote: &mut Option<char>) -> Vec<Range<usize>> {
    // Nothing begins right behind a scalar that began on an earlier line.
    let continues = quote.is_some();
    let mut tokens = Vec::new();
    let mut start = None;
    let mut escaped = false;
    let mut previous = ' ';
    for (at, c) in line.char_indices() {
        if let Some(mark) = *quote {
            if c == mark && !escaped {
                *quote = None;
            }
            escaped = mark == '"' && c == '\\' && !escaped;
        } else if matches!(c, ' ' | '\t' | ',' | '{' | '}' | '[' | ']') {
            tokens.extend(start.take().map(|start| start..at));
        } else if c == '#' && matches!(previous, ' ' | '\t') {
            break;
        } else if matches!(c, '"' | '\'') && start.is_none() {
            *quote = Some(c);
        } else if start.is_none() {
            start = Some(at);
        }
        previous = c;
    }
    tokens.extend(start.map(|start| start..line.len()));
    if continues {
        Vec::new()
    } else {
        keep_node_properties(line, tokens)
    }
}

/// A tag counts only where a value may begin: not behind other text.
fn keep_node_properties(line: &str, tokens: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut plain = false;
    let mut kept = Vec::new();
    for token in tokens {
        let text = &line[token.clone()];
        let property = text.starts_with(['!', '&']) || is_block_header(text);
        let starts_value = text.ends_with(':') || text == "-" || text == "?" || text == "---";
        if property && !plain {
            kept.push(token);
        }
        plain = !property && !starts_value;
    }
    kept
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
