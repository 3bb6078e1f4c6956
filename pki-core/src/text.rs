//! Texts of which a stranger may be the author.

/// The text on one line, its control characters written out, so that it neither looks like two nor
/// steers a terminal.
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
