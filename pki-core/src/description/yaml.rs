//! What the YAML parser finds wrong with a description, in words for who wrote it: by which keys
//! the place is reached, what is wrong there, and what to write instead.

use std::str::Utf8Error;

use serde_path_to_error::{Path, Segment};
use serde_saphyr::Error;

use super::{DescriptionError, Position};

/// The fault that `error` is, at the keys of `path`.
pub(super) fn fault(error: &Error, path: &Path) -> DescriptionError {
    let error = error.without_snippet();
    let position = error
        .location()
        .map(Position::from)
        .filter(|position| position.line > 0);
    let field = field(path, error);
    let message = match wrong(error, field.is_empty()) {
        Some(wrong) if field.is_empty() => wrong,
        Some(wrong) => format!("{field}: {wrong}"),
        // The parser has read on, or not so far: what it stands in says nothing of these.
        None => of_file(error),
    };
    DescriptionError::new(position, &message)
}

/// The fault of octets that are not UTF-8.
pub(super) fn not_text(content: &[u8], error: Utf8Error) -> DescriptionError {
    let (before, _) = content.split_at(error.valid_up_to());
    let line = before.iter().filter(|octet| **octet == b'\n').count() + 1;
    let start = before.iter().rposition(|octet| *octet == b'\n');
    let (_, last) = before.split_at(start.map_or(0, |end| end + 1));
    let column = String::from_utf8_lossy(last).chars().count() + 1;
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let position = Position {
        line: number(line),
        column: number(column),
    };
    let encoding = match content {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16",
        _ => "not UTF-8",
    };
    let message = format!("the text is {encoding}: save the file as UTF-8");
    DescriptionError::new(Some(position), &message)
}

/// The keys, as in other messages: `nodes: item 2: addresses`.
fn field(path: &Path, error: &Error) -> String {
    let mut parts: Vec<String> = path
        .iter()
        .filter_map(|segment| match segment {
            // What a place is remembered with; no key of a description is called so.
            Segment::Map { key } if key == "value" => None,
            Segment::Map { key } => Some(key.clone()),
            Segment::Seq { index } => Some(format!("item {}", index + 1)),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect();
    // What the message names itself is not said twice.
    if let Error::SerdeUnknownField { field, .. } = error
        && parts.last() == Some(field)
    {
        parts.pop();
    }
    parts.join(": ")
}

/// What is wrong with a key or a value, and what to write instead. At the top it is the file as a
/// whole.
fn wrong(error: &Error, at_top: bool) -> Option<String> {
    Some(match error {
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or_default();
            format!("duplicate key `{key}`: it stands here a second time: remove one")
        }
        Error::InvalidBooleanStrict { .. } => NO_BOOLEAN.to_owned(),
        Error::InvalidScalar { ty, .. } if ty.starts_with("bool") => NO_BOOLEAN.to_owned(),
        Error::InvalidScalar { .. } => {
            "it is not a whole number, or one too large: write digits alone, such as 2".to_owned()
        }
        Error::NullIntoString { .. } => {
            "the value is missing: write one, or leave the key out if it has a default".to_owned()
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            "an alias stands inside of what it names: write out what is meant".to_owned()
        }
        Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
            format!("it is of the wrong kind: write {expected}")
        }
        Error::SerdeMissingField { field, .. } => format!("missing key `{field}`: add it"),
        Error::SerdeUnknownField {
            field, expected, ..
        } => format!(
            "unknown key `{field}`: write one of {}",
            expected.join(", ")
        ),
        Error::TaggedScalarCannotDeserializeIntoString { .. } => {
            "a tag such as !!int stands before the value: remove it".to_owned()
        }
        Error::Unexpected { expected, .. } => match (*expected, at_top) {
            ("mapping start", true) => {
                "the file is no map of keys to values: write at least the keys domain and nodes, as KEY: VALUE"
            }
            ("mapping start", false) => {
                "keys with values are expected here: write KEY: VALUE lines, indented, or { KEY: VALUE }; leave the key out if there is nothing to say"
            }
            ("sequence start", _) => {
                "a list is expected here: write a line `- ITEM` for each, or [ITEM, ITEM]"
            }
            ("string scalar", _) => {
                "one value is expected here, not a list or a map: put it into quotes if it has `: ` or `, ` in it or begins with [ or {"
            }
            _ => return None,
        }
        .to_owned(),
        _ => return None,
    })
}

/// What is wrong with the file, or with its syntax: of that the parser tells in words alone, and
/// the advice follows them.
fn of_file(error: &Error) -> String {
    match error {
        Error::Eof { .. } => {
            return "the file is empty: write at least domain and nodes".to_owned();
        }
        Error::MultipleDocuments { .. } => {
            return "more than one YAML document: keep one, without a `---` line behind it"
                .to_owned();
        }
        Error::UnknownAnchor { .. } => {
            return "*NAME is an alias, and nothing is called so: write the value, in quotes if it begins with *"
                .to_owned();
        }
        _ => {}
    }
    let text = without_place(&error.to_string());
    let known = ADVICE.iter().find(|(part, _)| text.contains(part));
    let advice = known.map_or(LOOK, |(_, advice)| advice);
    format!("not YAML: {text}: {advice}")
}

/// Parts of the parser's messages, and what to do.
const ADVICE: &[(&str, &str)] = &[
    (
        "tab",
        "replace it by blanks: YAML takes no tabs for indentation",
    ),
    (
        "mapping values are not allowed",
        "indent the line as those beside it, and put a value with `: ` in it into quotes",
    ),
    (
        "did not find expected key",
        "indent the line as those beside it",
    ),
    ("unclosed", "close it"),
    (
        "simple key expected",
        "put a blank behind the colon: KEY: VALUE",
    ),
    (
        "unexpected character",
        "put the value into quotes, or remove the character if it does not show",
    ),
    (
        "escape",
        "write \\\\ for a backslash, or put the value into single quotes",
    ),
    (
        "limit",
        "no description is so deep or large: write it in a simpler way",
    ),
    ("YAML major version", "remove the line"),
];
const LOOK: &str = "look at the indentation and the quotes of this line and the one before it";
const NO_BOOLEAN: &str = "it is neither true nor false: write one of these";

/// The parser's text ends in the place, which the position tells already.
fn without_place(text: &str) -> String {
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}
