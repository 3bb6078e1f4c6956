//! The tokens of a line that tell where a value is.

use std::ops::Range;

use super::is_block_header;

/// A tag, an anchor or the indicator of a block scalar, where a value may begin.
#[derive(Debug)]
pub(crate) struct Token {
    /// Where in the line it stands.
    pub(crate) range: Range<usize>,
    /// The keys and positions inside of flow collections.
    pub(crate) flow: Vec<String>,
}

/// What is open at the end of a line.
#[derive(Debug, Default)]
pub(crate) struct Open {
    /// The quotation mark of a scalar.
    pub(crate) quote: Option<char>,
    /// Flow collections, the outermost first.
    pub(crate) flow: Vec<Flow>,
}

/// Where in a flow collection we are.
#[derive(Debug)]
pub(crate) enum Flow {
    /// At this key.
    Mapping(String),
    /// At this position.
    Sequence(usize),
}

/// Splits a line.
pub(crate) fn tokenize(line: &str, open: &mut Open) -> Vec<Token> {
    // Nothing begins right behind a scalar that began on an earlier line, except in a collection.
    let plain = open.quote.is_some();
    let mut tokenizer = Tokenizer {
        line,
        open,
        plain,
        keyed: plain,
        start: None,
        quoted: 0..0,
        tokens: Vec::new(),
    };
    tokenizer.run();
    tokenizer.tokens
}

struct Tokenizer<'a> {
    line: &'a str,
    open: &'a mut Open,
    /// Whether other text came before, behind which no value begins.
    plain: bool,
    /// Whether the key of the line was read, outside of flow collections.
    keyed: bool,
    start: Option<usize>,
    /// What stands between the last quotation marks.
    quoted: Range<usize>,
    tokens: Vec<Token>,
}

impl Tokenizer<'_> {
    fn run(&mut self) {
        let (mut escaped, mut previous) = (false, ' ');
        for (at, c) in self.line.char_indices() {
            let in_flow = !self.open.flow.is_empty();
            match (self.open.quote, c) {
                (Some(mark), _) => {
                    if c == mark && !escaped {
                        self.open.quote = None;
                        self.quoted.end = at;
                    }
                    escaped = mark == '"' && c == '\\' && !escaped;
                }
                (None, ' ' | '\t') => self.end(at),
                (None, '#') if matches!(previous, ' ' | '\t') => break,
                (None, ',') if in_flow => {
                    self.end(at);
                    self.next_item();
                }
                (None, '[' | '{') if self.start.is_none() && !self.plain => {
                    self.plain = false;
                    self.open.flow.push(match c {
                        '[' => Flow::Sequence(0),
                        _ => Flow::Mapping(String::new()),
                    });
                }
                (None, ']' | '}') if in_flow => {
                    self.end(at);
                    self.open.flow.pop();
                    self.plain = true;
                }
                (None, '"' | '\'') if self.start.is_none() => {
                    self.plain = true;
                    self.open.quote = Some(c);
                    self.quoted = at + 1..self.line.len();
                }
                (None, _) => {
                    self.start.get_or_insert(at);
                }
            }
            previous = c;
        }
        // A comment begins no token, and nothing else is left before it.
        let end = self.line.len();
        self.end(end);
    }

    fn next_item(&mut self) {
        self.plain = false;
        match self.open.flow.last_mut() {
            Some(Flow::Mapping(key)) => key.clear(),
            Some(Flow::Sequence(number)) => *number += 1,
            None => {}
        }
    }

    /// Ends a token.
    fn end(&mut self, at: usize) {
        let Some(start) = self.start.take() else {
            return;
        };
        let text = &self.line[start..at];
        // There are no block scalars in flow collections.
        let is_header = self.open.flow.is_empty() && is_block_header(text);
        let is_property = text.starts_with(['!', '&']) || is_header;
        if is_property && !self.plain {
            let flow = self.open.flow.iter().map(Flow::name).collect();
            self.tokens.push(Token {
                range: start..at,
                flow,
            });
        }
        if let (Some(key), Some(Flow::Mapping(current))) =
            (text.strip_suffix(':'), self.open.flow.last_mut())
        {
            let words = if key.is_empty() {
                &self.line[self.quoted.clone()]
            } else {
                key
            };
            current.push_str(words);
        }
        let ends_key = text.ends_with(':') && !(self.keyed && self.open.flow.is_empty());
        self.keyed |= ends_key;
        let starts_value = ends_key || matches!(text, "-" | "?" | "---");
        self.plain = !is_property && !starts_value;
    }
}

impl Flow {
    fn name(&self) -> String {
        match self {
            Self::Mapping(key) => key.clone(),
            Self::Sequence(number) => format!("[{number}]"),
        }
    }
}
