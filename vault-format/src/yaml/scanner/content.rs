//! What stands at a place: properties, a scalar or a flow collection.

use std::ops::Range;

use super::Scanner;
use crate::yaml::Content;
use crate::yaml::block::{Block, is_header};
use crate::yaml::flow::{collection, key_name};
use crate::yaml::words::{closing, indent, is_indicator, is_marker, line_length, plain, property};

impl Scanner<'_> {
    pub(super) fn properties(&mut self) -> Vec<Range<usize>> {
        let mut properties = Vec::new();
        while self.rest().starts_with(['!', '&']) {
            let end = self.at + property(self.rest(), false);
            properties.push(self.at..end);
            self.at = end;
            self.skip_blanks();
        }
        properties
    }

    /// What stands here, to the end of the line for plain scalars.
    pub(super) fn content(&mut self) -> Option<Content> {
        let (start, rest) = (self.at, self.rest());
        let c = rest.chars().next()?;
        let content = match c {
            '"' | '\'' => {
                let Some(length) = closing(rest, c) else {
                    self.in_vain += rest.len();
                    self.at = self.text.len();
                    return None;
                };
                self.at += length;
                Content::Quoted(start..self.at)
            }
            '|' | '>' => return self.block(),
            '[' | '{' => {
                match collection(self.text, start) {
                    Ok((end, found)) => (self.at, self.found) = (end, found),
                    Err(end) => {
                        self.in_vain += end - start;
                        self.at = end;
                        return None;
                    }
                }
                Content::Flow(start..self.at)
            }
            '*' => {
                self.at += property(rest, false);
                Content::Alias
            }
            ',' | ']' | '}' | '#' | '%' | '@' | '`' => return None,
            '-' | '?' | ':' if is_indicator(rest, c) => return None,
            _ => {
                self.at += plain(rest, false);
                Content::Plain(start..self.at)
            }
        };
        Some(content)
    }

    fn block(&mut self) -> Option<Content> {
        let header = self.at..self.at + property(self.rest(), false);
        self.at = header.end;
        self.skip_blanks();
        if !is_header(&self.text[header.clone()]) || !self.at_end_of_line() {
            return None;
        }
        self.next_line();
        let block = Block::new(self.text, header, self.at, self.paths.parent());
        self.at = block.lines.end;
        Some(Content::Block(block))
    }

    /// The name of the key that was just read, if it is one: a colon follows on the same line.
    pub(super) fn key_before_colon(&self, start: usize, content: &Content) -> Option<String> {
        let shown = &self.text[start..self.at];
        let behind = self.rest().trim_start_matches([' ', '\t']);
        if !is_indicator(behind, ':') || shown.contains('\n') {
            return None;
        }
        Some(match content {
            Content::Quoted(_) => key_name(shown),
            _ => shown.to_owned(),
        })
    }

    /// The lines on which a plain scalar goes on.
    pub(super) fn plain_lines(&mut self, mut range: Range<usize>) -> Range<usize> {
        // Behind a comment it does not.
        while self.rest()[..line_length(self.rest())].trim().is_empty() {
            let Some(start) = self.line_that_goes_on() else {
                break;
            };
            let length = plain(&self.text[start..], false);
            let behind = self.text[start + length..].trim_start_matches([' ', '\t']);
            if !is_indicator(behind, ':') {
                self.at = start + length;
            } else if self.paths.parent().is_none() {
                // At the top it is rather what came before that is no YAML.
                break;
            } else {
                // No key may stand there.
                self.at = start + line_length(&self.text[start..]);
                self.push(start, Vec::new(), Content::NotUnderstood(start..self.at));
            }
            range.end = self.at;
        }
        range
    }

    /// Where the text of the next line starts that is not blank, if it belongs to the plain scalar
    /// before it.
    fn line_that_goes_on(&self) -> Option<usize> {
        let mut start = self.at + self.rest().find('\n')? + 1;
        for line in self.text[start..].split_inclusive('\n') {
            let content = line.trim_end_matches(['\n', '\r']);
            let column = indent(content);
            if content.trim_matches([' ', '\t']).is_empty() {
                start += line.len();
                continue;
            }
            let outside = self.paths.parent().is_some_and(|parent| column <= parent);
            let ends = outside || is_marker(content) || content[column..].starts_with('#');
            return (!ends).then_some(start + column);
        }
        None
    }
}
