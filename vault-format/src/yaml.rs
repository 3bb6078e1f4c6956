//! As much of YAML as it takes to find the scalars of a text, and where in it they are.
//!
//! Indentation, block scalars, flow collections, and plain and quoted scalars over several lines
//! are followed as PyYAML does, which Ansible reads with. Nothing is resolved: tags, anchors and
//! aliases are told as they stand there. A stretch that is no YAML is told as not understood, and
//! the line after it is read on its own, as many texts are only nearly YAML.

mod block;
mod double;
mod flow;
mod paths;
mod scanner;
mod words;

use std::ops::Range;

pub(crate) use self::block::Block;
pub(crate) use self::double::decode;
use self::scanner::Scanner;

/// What a value can be: a scalar, a collection, or nothing.
#[derive(Debug)]
pub(crate) struct Node {
    /// Keys and, in brackets, positions, joined by dots.
    pub(crate) path: String,
    /// Where it starts, properties included.
    pub(crate) start: usize,
    /// Its line, counted from 1.
    pub(crate) line: usize,
    /// The column of the block collection around it.
    pub(crate) parent: Option<usize>,
    /// Whether it is inside of a flow collection.
    pub(crate) in_flow: bool,
    /// Its tags and anchors.
    pub(crate) properties: Vec<Range<usize>>,
    pub(crate) content: Content,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    Alias,
    /// A block scalar.
    Block(Block),
    /// A block collection that has properties.
    Collection,
    Empty,
    /// A flow collection.
    Flow(Range<usize>),
    /// A key that has properties.
    Key,
    /// A stretch that is no YAML; nodes may have been found in it all the same.
    NotUnderstood(Range<usize>),
    Plain(Range<usize>),
    /// With its quotation marks.
    Quoted(Range<usize>),
}

/// Finds all scalars, and what else has properties.
pub(crate) fn nodes(text: &str) -> Vec<Node> {
    Scanner::new(text).run()
}
