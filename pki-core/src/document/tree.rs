//! YAML values: read of any shape, written in the few shapes that our documents have.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use crate::secret_text::SecretText;

/// A YAML value. Texts are wiped from memory when they are dropped.
#[derive(Eq, PartialEq)]
pub enum Tree {
    /// A list.
    List(Vec<Self>),
    /// A mapping, in its order.
    Map(Vec<(String, Self)>),
    /// Nothing.
    Null,
    /// A number, a date or a truth value, as text.
    Other(String),
    /// A text.
    Text(Zeroizing<String>),
}

impl Tree {
    /// A mapping.
    pub fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        Self::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    }

    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(Zeroizing::new(text.to_owned()))
    }

    /// Reads a YAML document; an empty one is an empty mapping.
    ///
    /// # Errors
    ///
    /// When the text is not one YAML document.
    pub fn from_yaml(text: &str) -> Result<Self, InvalidTree> {
        let options = serde_saphyr::options! {
            duplicate_keys: serde_saphyr::DuplicateKeyPolicy::Error,
            with_snippet: false,
        };
        match serde_saphyr::from_str_with_options(text, options) {
            Ok(Self::Null) => Ok(Self::Map(Vec::new())),
            Ok(tree) => Ok(tree),
            Err(error) => Err(InvalidTree {
                place: error
                    .location()
                    .map(|at| format!("{}:{}", at.line(), at.column())),
            }),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries
                .iter()
                .find(|(own, _)| own == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// Every text below this value, with the keys that lead to it.
    pub fn texts(&self) -> Vec<(String, &str)> {
        let mut found = Vec::new();
        self.collect("", &mut found);
        found
    }

    /// Sets or removes the value of a key, at its place if it is there.
    pub(super) fn set(&mut self, key: &str, value: Option<Self>) {
        if !matches!(self, Self::Map(_)) {
            *self = Self::Map(Vec::new());
        }
        let Self::Map(entries) = self else { return };
        let place = entries.iter().position(|(own, _)| own == key);
        match (place, value) {
            (Some(place), Some(value)) => entries[place].1 = value,
            (Some(place), None) => drop(entries.remove(place)),
            (None, Some(value)) => entries.push((key.to_owned(), value)),
            (None, None) => {}
        }
    }

    /// The mapping under `key`, made if it is not there.
    pub(super) fn child(&mut self, key: &str) -> Option<&mut Self> {
        if self.get(key).is_none() {
            self.set(key, Some(Self::Map(Vec::new())));
        }
        match self {
            Self::Map(entries) => entries
                .iter_mut()
                .find(|(own, _)| own == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// Writes `key: value` at a depth of two blanks each. Texts of several lines, which end in a
    /// newline, become literal blocks; others are quoted.
    pub(super) fn render(&self, key: &str, depth: usize, text: &mut SecretText) {
        indent(text, depth);
        render_key(key, text);
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                text.push_str("\n");
                for (key, value) in entries {
                    value.render(key, depth + 1, text);
                }
            }
            Self::Text(value) if value.ends_with('\n') => {
                text.push_str(" |\n");
                for line in value.lines() {
                    indent(text, depth + 1);
                    text.push_str(line);
                    text.push_str("\n");
                }
            }
            Self::Text(value) => {
                text.push_str(" \"");
                text.push_str(value);
                text.push_str("\"\n");
            }
            Self::List(_) | Self::Map(_) | Self::Null | Self::Other(_) => text.push_str(" {}\n"),
        }
    }

    fn collect<'a>(&'a self, path: &str, found: &mut Vec<(String, &'a str)>) {
        let below = |key: &str| match path {
            "" => key.to_owned(),
            _ => format!("{path}.{key}"),
        };
        match self {
            Self::Map(entries) => {
                for (key, value) in entries {
                    value.collect(&below(key), found);
                }
            }
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.collect(&below(&index.to_string()), found);
                }
            }
            Self::Text(text) => found.push((path.to_owned(), text)),
            Self::Null | Self::Other(_) => {}
        }
    }
}

impl Clone for Tree {
    fn clone(&self) -> Self {
        match self {
            Self::List(items) => Self::List(items.clone()),
            Self::Map(entries) => Self::Map(entries.clone()),
            Self::Null => Self::Null,
            Self::Other(text) => Self::Other(text.clone()),
            Self::Text(text) => Self::Text(text.clone()),
        }
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(items) => f.debug_list().entries(items).finish(),
            Self::Map(entries) => f
                .debug_map()
                .entries(entries.iter().map(|(key, value)| (key, value)))
                .finish(),
            Self::Null => f.write_str("null"),
            Self::Other(_) | Self::Text(_) => f.write_str("****"),
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

/// A text that is not one YAML document. The text itself is not shown, for it may be secret.
#[derive(Clone, Debug, thiserror::Error)]
#[error("not a YAML document{}", .place.as_ref().map(|at| format!(": look at line and column {at}")).unwrap_or_default())]
pub struct InvalidTree {
    place: Option<String>,
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Other(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Other(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Other(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Other(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::text(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Text(Zeroizing::new(value)))
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Tree>()? {
            entries.push((key, value));
        }
        Ok(Tree::Map(entries))
    }
}

/// Two blanks for each step of depth.
pub(super) fn indent(text: &mut SecretText, depth: usize) {
    for _ in 0..depth {
        text.push_str("  ");
    }
}

/// Node and client names are quoted where YAML 1.1, which Ansible reads, sees another type in
/// them, such as a node called `no` or `1e3`.
fn render_key(key: &str, text: &mut SecretText) {
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        && !WORDS_OF_YAML.contains(&key.to_ascii_lowercase().as_str());
    let quote = if plain { "" } else { "\"" };
    for part in [quote, key, quote, ":"] {
        text.push_str(part);
    }
}

const WORDS_OF_YAML: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
