//! How messages show names and instants.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// An instant to the second, as 2026-11-23T08:00:00Z (RFC 3339), in UTC.
pub fn instant(at: OffsetDateTime) -> String {
    let second = at.replace_nanosecond(0).unwrap_or(at);
    second
        .format(&Rfc3339)
        .unwrap_or_else(|_| second.to_string())
}

/// A text of which a stranger may be the author: on one line, its control characters written out, so
/// that it neither looks like two nor steers a terminal.
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() {
            true => printable.extend(c.escape_default()),
            false => printable.push(c),
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_strangers_are_written_out() {
        assert_eq!(
            printable("CN=evil\u{1b}[31m\nline é"),
            "CN=evil\\u{1b}[31m\\nline é"
        );
    }
}
