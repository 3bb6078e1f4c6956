//! From line to line.

mod content;

use std::ops::Range;

use super::flow::{Found, key_name};
use super::paths::Paths;
use super::words::{indent, is_indicator, is_line_end, is_marker, line_length};
use super::{Content, Node};

/// How often the whole text is searched for the ends of what is not closed before the rest of it is
/// given up.
const SEARCHES: usize = 64;

pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Where each line starts.
    lines: Vec<usize>,
    paths: Paths,
    /// Properties whose content comes on a later line.
    pending: Option<Pending>,
    /// How many bytes were searched in vain for the end of a scalar or a collection.
    in_vain: usize,
    /// What is in the flow collection that was just read.
    found: Vec<Found>,
    nodes: Vec<Node>,
}

struct Pending {
    properties: Vec<Range<usize>>,
    /// How many collections there are around it.
    depth: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let byte_order_mark = text.len() - text.trim_start_matches('\u{feff}').len();
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            at: byte_order_mark,
            lines: std::iter::once(byte_order_mark).chain(breaks).collect(),
            paths: Paths::default(),
            pending: None,
            in_vain: 0,
            found: Vec::new(),
            nodes: Vec::new(),
        }
    }

    pub(super) fn run(mut self) -> Vec<Node> {
        while self.at < self.text.len() {
            self.line();
        }
        self.settle(Content::Empty);
        self.nodes
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn line_number(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at)
    }

    fn column(&self) -> usize {
        self.at - self.lines[self.line_number(self.at) - 1]
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches([' ', '\t']).len();
    }

    fn next_line(&mut self) {
        let rest = self.rest();
        self.at += rest.find('\n').map_or(rest.len(), |at| at + 1);
    }

    /// Whether nothing but a comment is left of the line.
    fn at_end_of_line(&self) -> bool {
        let comment = self.rest().starts_with('#')
            && (self.column() == 0 || self.text[..self.at].ends_with([' ', '\t']));
        comment || is_line_end(self.rest())
    }

    fn line(&mut self) {
        if is_marker(self.rest()) {
            self.settle(Content::Empty);
            self.paths = Paths::default();
            let starts = self.rest().starts_with('-');
            self.at += 3;
            self.skip_blanks();
            return match starts && !self.at_end_of_line() {
                true => self.node(false),
                false => self.next_line(),
            };
        }
        let is_directive = self.rest().starts_with('%');
        self.at += indent(self.rest());
        let column = self.column();
        if self.rest().starts_with('\t') {
            self.skip_blanks();
            if !self.at_end_of_line() {
                return self.not_understood(self.at);
            }
        }
        if self.at_end_of_line() || is_directive {
            return self.next_line();
        }
        let rest = self.rest();
        let indicator = ['-', ':']
            .into_iter()
            .find(|mark| is_indicator(rest, *mark));
        self.paths.leave(column, indicator);
        if self
            .pending
            .as_ref()
            .is_some_and(|pending| pending.depth > self.paths.depth())
        {
            self.settle(Content::Empty);
        }
        self.entry();
    }

    /// Where a block collection may begin, or an entry of one.
    fn entry(&mut self) {
        loop {
            let column = self.column();
            let rest = self.rest();
            let indicator = ['-', '?', ':']
                .into_iter()
                .find(|mark| is_indicator(rest, *mark));
            match indicator {
                None => return self.node(true),
                Some('-') => {
                    self.settle(Content::Collection);
                    self.paths.item(column);
                }
                Some('?') => {
                    self.settle(Content::Collection);
                    self.paths.explicit_key(column);
                }
                Some(_) => self.paths.explicit_value(column),
            }
            self.at += 1;
            self.skip_blanks();
            if self.at_end_of_line() {
                return self.next_line();
            }
        }
    }

    /// A key with its value, or a value; a key only where there may be one.
    fn node(&mut self, may_be_key: bool) {
        let (start, column) = (self.at, self.column());
        let properties = self.properties();
        if self.at_end_of_line() {
            self.wait(properties);
            return self.next_line();
        }
        let from = self.at;
        let Some(content) = self.content() else {
            return self.not_understood(start);
        };
        if let Some(name) = self.key_before_colon(from, &content) {
            if !may_be_key {
                return self.not_understood(start);
            }
            self.found.clear();
            self.settle(Content::Collection);
            self.tell(start, properties, Content::Key);
            self.paths.key(column, &name);
            self.skip_blanks();
            self.at += 1;
            self.skip_blanks();
            return match self.at_end_of_line() {
                true => self.next_line(),
                false => self.node(false),
            };
        }
        let content = match content {
            Content::Plain(range) => Content::Plain(self.plain_lines(range)),
            content => content,
        };
        if !matches!(content, Content::Block(_)) {
            self.skip_blanks();
            if !self.at_end_of_line() {
                return self.not_understood(start);
            }
            self.next_line();
        }
        self.tell_flow();
        if !self.paths.in_explicit_key() {
            return self.settle_with(start, properties, content);
        }
        let name = match content {
            Content::Plain(range) => self.text[range].to_owned(),
            Content::Quoted(range) => key_name(&self.text[range]),
            _ => String::new(),
        };
        self.settle_with(start, properties, Content::Key);
        self.paths.name_explicit_key(name);
    }

    /// Tells that what was read from `start` on is no YAML, and goes on behind its first line, or
    /// nowhere if there was too much of that.
    ///
    /// What comes later in the stretch may be read in another way once something in it changes.
    fn not_understood(&mut self, start: usize) {
        self.found.clear();
        let end = self.at + line_length(self.rest());
        self.at = start;
        match self.in_vain / SEARCHES <= self.text.len() {
            true => self.next_line(),
            false => self.at = self.text.len(),
        }
        let stretch = start..self.at.max(end);
        self.settle_with(start, Vec::new(), Content::NotUnderstood(stretch));
    }

    fn wait(&mut self, properties: Vec<Range<usize>>) {
        let depth = self.paths.depth();
        let pending = self.pending.get_or_insert(Pending {
            properties: Vec::new(),
            depth,
        });
        pending.properties.extend(properties);
    }

    /// Tells what the properties of earlier lines belong to.
    fn settle(&mut self, content: Content) {
        if let Some(Pending { properties, .. }) = self.pending.take() {
            let start = properties.first().map_or(self.at, |first| first.start);
            self.tell(start, properties, content);
        }
    }

    /// Tells of a node, some of whose properties may have come on earlier lines.
    fn settle_with(&mut self, start: usize, properties: Vec<Range<usize>>, content: Content) {
        let pending = self.pending.take().map(|pending| pending.properties);
        let properties = [pending.unwrap_or_default(), properties].concat();
        let start = properties
            .first()
            .map_or(start, |first| first.start.min(start));
        self.push(start, properties, content);
    }

    /// Tells of what only is of interest if it has properties.
    fn tell(&mut self, start: usize, properties: Vec<Range<usize>>, content: Content) {
        if !properties.is_empty() {
            self.push(start, properties, content);
        }
    }

    fn push(&mut self, start: usize, properties: Vec<Range<usize>>, content: Content) {
        self.nodes.push(Node {
            path: self.paths.names().collect::<Vec<_>>().join("."),
            start,
            line: self.line_number(start),
            parent: self.paths.parent(),
            in_flow: false,
            properties,
            content,
        });
    }

    fn tell_flow(&mut self) {
        for found in std::mem::take(&mut self.found) {
            let names = self.paths.names();
            let names = names.chain(found.path.iter().map(String::as_str));
            self.nodes.push(Node {
                path: names.collect::<Vec<_>>().join("."),
                start: found.start,
                line: self.line_number(found.start),
                parent: self.paths.parent(),
                in_flow: true,
                properties: found.properties,
                content: found.content,
            });
        }
    }
}
