//! Lines that are wider than the terminal, folded between words.

/// Folds each line that is wider. What goes on below hangs under the last column of the line, where it has
/// columns and there is room, else a little deeper than it begins.
pub(in crate::etcdpki) fn fold(text: &str, width: usize) -> String {
    let mut folded = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (line, ""),
        };
        let words: Vec<_> = Words(line).collect();
        fill(&mut folded, &words, width, hang(&words, width));
        folded.push_str(end);
    }
    folded.replace(NO_BREAK, " ")
}

/// A command, which is not folded: it is to be copied.
pub(in crate::etcdpki) fn whole(command: &str) -> String {
    command.replace(' ', NO_BREAK)
}

/// Folds one line, of which nothing hangs.
pub(in crate::etcdpki) fn paragraph(line: &str, width: usize) -> String {
    let mut folded = String::with_capacity(line.len());
    fill(&mut folded, &Words(line).collect::<Vec<_>>(), width, 0);
    folded
}

fn fill(text: &mut String, words: &[Word<'_>], width: usize, hang: usize) {
    let mut column = 0;
    for word in words {
        let fits = column + word.gap + word.columns <= width;
        // One that fits nowhere stays where it is: a path that is broken cannot be copied.
        let fits_below = hang + word.columns <= width;
        if column == 0 || fits || !fits_below {
            text.push_str(word.before);
            column += word.gap;
        } else {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', hang));
            text.extend(word.before.chars().filter(|letter| *letter != ' '));
            column = hang;
        }
        text.push_str(word.text);
        column += word.columns;
    }
}

fn hang(words: &[Word<'_>], width: usize) -> usize {
    let indented = words.first().map_or(0, |first| first.gap);
    let deeper = (indented + DEEPER).min(width / 2);
    let is_column = |(index, word): (usize, &Word<'_>)| index > 0 && word.gap > 1;
    let Some(last) = words.iter().enumerate().rposition(is_column) else {
        return deeper;
    };
    let (before, column) = words.split_at(last);
    let start: usize = before.iter().map(|word| word.gap + word.columns).sum();
    let start = start + column[0].gap;
    let widest = column.iter().map(|word| word.columns).max().unwrap_or(0);
    match start + widest.max(ROOM) <= width {
        true => start,
        false => deeper,
    }
}

/// A word, and what stands before it.
struct Word<'a> {
    /// Blanks, and changes of style between them.
    before: &'a str,
    /// How many blanks.
    gap: usize,
    text: &'a str,
    columns: usize,
}

/// The words of a line; the last one may be empty.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let (before, gap) = self.take(true);
        let (text, columns) = self.take(false);
        Some(Word {
            before,
            gap,
            text,
            columns,
        })
    }
}

impl<'a> Words<'a> {
    /// Takes what is blank, or what is not, with the changes of style in it; and how many columns it takes.
    fn take(&mut self, blank: bool) -> (&'a str, usize) {
        let (mut columns, mut end) = (0, 0);
        while let Some(letter) = self.0[end..].chars().next() {
            if letter == ESCAPE {
                end += style(&self.0[end..]);
            } else if (letter == ' ') == blank {
                columns += 1;
                end += letter.len_utf8();
            } else {
                break;
            }
        }
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        (taken, columns)
    }
}

/// How long the change of style is that a text begins with (ECMA-48, SGR).
fn style(text: &str) -> usize {
    text.find('m').map_or(text.len(), |end| end + 1)
}

/// A blank at which nothing is folded (U+00A0), until it is written.
const NO_BREAK: &str = "\u{a0}";
const ESCAPE: char = '\x1b';
/// How much deeper than its beginning a line goes on that has no columns.
const DEEPER: usize = 2;
/// A last column that is narrower is not gone on with.
const ROOM: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::etcdpki::output::{BAD, DIM};

    #[test]
    fn lines_are_folded_between_words_and_go_on_deeper() {
        for (text, folded) in [
            ("as it was\nand this\n", "as it was\nand this\n"),
            ("", ""),
            (
                "error: a b c d e f g h i j\n",
                "error: a b c d e f g\n  h i j\n",
            ),
            (
                "  one two three four five",
                "  one two three four\n    five",
            ),
            // What fits nowhere is not broken, nor moved.
            (
                "ls -ld /a/path/that/is/longer: refused",
                "ls -ld /a/path/that/is/longer:\n  refused",
            ),
            ("ä ö ü ä ö ü ä ö ü ä ö", "ä ö ü ä ö ü ä ö ü ä\n  ö"),
        ] {
            assert_eq!(fold(text, 20), folded);
        }
        assert_eq!(fold("a  b c", usize::MAX), "a  b c");
    }

    #[test]
    fn commands_are_not_folded() {
        let line = format!("  {}  what it is for", whole("cd a/b"));
        assert_eq!(fold(&line, 14), "  cd a/b  what\n    it is for");
        assert_eq!(
            fold(&line, 8),
            "  cd a/b\n    what\n    it\n    is\n    for"
        );
        assert_eq!(fold(&line, usize::MAX), "  cd a/b  what it is for");
    }

    #[test]
    fn columns_go_on_below_themselves_where_there_is_room() {
        let line = "name       value of so many words that they are too many";
        let folded = "name       value of so many words that\n           they are too many";
        assert_eq!(fold(line, 40), folded);
        let narrow = "name       value of so many words\n  that they are too many";
        assert_eq!(fold(line, 34), narrow);
        let digest = "  SHA-256     0123456789012345678901234567890123456789";
        let below = "  SHA-256\n    0123456789012345678901234567890123456789";
        assert_eq!(fold(digest, 44), below);
    }

    #[test]
    fn styles_take_no_room_and_are_kept() {
        let line = format!("{BAD}error{BAD:#} one two {DIM}three four{DIM:#}");
        let folded = fold(&line, 16);
        let plain = anstream::adapter::strip_str(&folded).to_string();
        assert_eq!(plain, "error one two\n  three four");
        let colours = |text: &str| text.matches('\x1b').count();
        assert_eq!(colours(&folded), colours(&line));
        // A style that ends between blanks.
        let line = format!("{BAD}error  {BAD:#} code-of-it  its rule is a long one indeed, longer");
        let plain = anstream::adapter::strip_str(&fold(&line, 50)).to_string();
        assert_eq!(
            plain,
            "error   code-of-it  its rule is a long one indeed,\n                    longer"
        );
    }

    #[test]
    fn no_width_is_too_small() {
        for width in 0..8 {
            let folded = fold("  a line   of words", width);
            let words = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(words(&folded), "alineofwords");
        }
        assert_eq!(paragraph("some words", 5), "some\nwords");
    }
}
