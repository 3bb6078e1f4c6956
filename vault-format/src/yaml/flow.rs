//! Flow collections: lists and mappings in brackets.

use std::ops::Range;

use super::words::{closing, is_blank, is_marker, plain, property};
use super::{Content, double};

/// Deeper ones are not understood; PyYAML does not get as far as this.
const DEEPEST: usize = 500;

/// What was found in a collection.
pub(super) struct Found {
    /// Keys and positions inside of the collection.
    pub(super) path: Vec<String>,
    pub(super) start: usize,
    pub(super) properties: Vec<Range<usize>>,
    pub(super) content: Content,
}

/// Reads the collection that starts at `start`; tells where it ends, and what in it has properties.
///
/// The error is where it stops being one.
pub(super) fn collection(text: &str, start: usize) -> Result<(usize, Vec<Found>), usize> {
    let mut reader = Reader {
        text,
        at: start,
        open: Vec::new(),
        properties: Vec::new(),
        content: None,
        found: Vec::new(),
    };
    match reader.run() {
        Some(()) => Ok((reader.at, reader.found)),
        None => Err(reader.at),
    }
}

enum Open {
    /// At this key, if it was read already.
    Mapping(Option<String>),
    /// At this position.
    Sequence(usize),
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    open: Vec<Open>,
    properties: Vec<Range<usize>>,
    content: Option<Content>,
    found: Vec<Found>,
}

impl Reader<'_> {
    /// To the end of the outermost collection.
    fn run(&mut self) -> Option<()> {
        loop {
            let rest = &self.text[self.at..];
            let c = rest.chars().next()?;
            let after_blank = self.text[..self.at].ends_with([' ', '\t', '\n']);
            match c {
                '\n' if is_marker(&rest[1..]) => return None,
                ' ' | '\t' | '\r' | '\n' => self.at += 1,
                '#' if after_blank => self.at += rest.find('\n').unwrap_or(rest.len()),
                '[' | '{' => self.enter(c)?,
                ']' | '}' => {
                    self.leave(c)?;
                    if self.open.is_empty() {
                        return Some(());
                    }
                }
                ',' => {
                    self.finish();
                    match self.open.last_mut()? {
                        Open::Mapping(key) => *key = None,
                        Open::Sequence(number) => *number += 1,
                    }
                    self.at += 1;
                }
                '"' | '\'' => {
                    let start = self.at;
                    let length = closing(rest, c);
                    self.at += length.unwrap_or(rest.len());
                    length?;
                    self.put(Content::Quoted(start..self.at))?;
                }
                '!' | '&' => {
                    let end = self.at + property(rest, true);
                    self.properties.push(self.at..end);
                    self.at = end;
                }
                '*' => {
                    let end = self.at + property(rest, true);
                    self.put(Content::Alias)?;
                    self.at = end;
                }
                ':' if self.is_colon(&rest[1..]) => self.key()?,
                '?' if is_blank(&rest[1..]) => self.at += 1,
                _ => self.plain()?,
            }
        }
    }

    fn enter(&mut self, c: char) -> Option<()> {
        if self.content.is_some() || self.open.len() >= DEEPEST {
            return None;
        }
        if !self.open.is_empty() {
            self.content = Some(Content::Collection);
            self.tell();
        }
        self.open.push(match c {
            '[' => Open::Sequence(0),
            _ => Open::Mapping(None),
        });
        self.at += 1;
        Some(())
    }

    fn leave(&mut self, c: char) -> Option<()> {
        self.finish();
        match (self.open.pop()?, c) {
            (Open::Mapping(_), '}') | (Open::Sequence(_), ']') => {}
            _ => return None,
        }
        self.at += 1;
        // It may be a key, and nothing else may follow before a comma.
        self.content = Some(Content::Collection);
        Some(())
    }

    fn put(&mut self, content: Content) -> Option<()> {
        if self.content.is_some() {
            return None;
        }
        self.content = Some(content);
        Some(())
    }

    fn plain(&mut self) -> Option<()> {
        // Something has to be read, or this would not end.
        let end = self.at + plain(&self.text[self.at..], true);
        if end == self.at {
            return None;
        }
        let start = match &self.content {
            None => self.at,
            // It goes on on another line.
            Some(Content::Plain(range)) => range.start,
            Some(_) => return None,
        };
        self.content = Some(Content::Plain(start..end));
        self.at = end;
        Some(())
    }

    /// Behind a quoted key or a collection the value may follow at once.
    fn is_colon(&self, rest: &str) -> bool {
        let adjacent = matches!(
            &self.content,
            Some(Content::Quoted(_) | Content::Collection)
        );
        adjacent || is_blank(rest) || rest.starts_with([',', '[', ']', '{', '}'])
    }

    fn key(&mut self) -> Option<()> {
        let name = match self.content.take() {
            Some(Content::Plain(range)) => self.text[range].to_owned(),
            Some(Content::Quoted(range)) => key_name(&self.text[range]),
            _ => String::new(),
        };
        self.content = Some(Content::Key);
        self.tell();
        if let Open::Mapping(key) = self.open.last_mut()? {
            *key = Some(name);
        }
        self.at += 1;
        Some(())
    }

    /// Ends an entry.
    fn finish(&mut self) {
        if let Some(Open::Mapping(None)) = self.open.last()
            && self.content.is_some()
        {
            self.content = Some(Content::Key);
        }
        self.tell();
    }

    fn tell(&mut self) {
        let content = self.content.take().unwrap_or(Content::Empty);
        let properties = std::mem::take(&mut self.properties);
        let Some(first) = properties.first() else {
            return;
        };
        let name = |open: &Open| match open {
            Open::Mapping(key) => key.clone().unwrap_or_default(),
            Open::Sequence(number) => format!("[{number}]"),
        };
        self.found.push(Found {
            path: self.open.iter().map(name).collect(),
            start: first.start,
            properties,
            content,
        });
    }
}

/// The text of a quoted key.
pub(super) fn key_name(quoted: &str) -> String {
    let inner = &quoted[1..quoted.len() - 1];
    match quoted.starts_with('"') {
        true => match double::decode(inner) {
            Some(name) => name.as_str().to_owned(),
            None => inner.to_owned(),
        },
        false => inner.replace("''", "'"),
    }
}
