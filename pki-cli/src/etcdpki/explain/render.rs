//! A page for the terminal.

use std::fmt::Write as _;

use pki_core::lint::Severity;

use crate::etcdpki::output::{self, HEADING};

/// Headings are bold, code is indented, and paragraphs are filled to `width`.
pub(super) fn page(markdown: &str, width: usize) -> String {
    let width = width.min(WIDEST);
    let mut text = String::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        } else if in_code {
            let _ = writeln!(text, "    {line}");
        } else if line.is_empty() {
            fill(&mut text, &std::mem::take(&mut paragraph), width);
            text.push('\n');
        } else if let Some(heading) = line.strip_prefix('#') {
            let heading = heading.trim_start_matches('#').trim_start();
            let _ = writeln!(text, "{HEADING}{heading}{HEADING:#}");
        } else {
            paragraph.push(line);
        }
    }
    fill(&mut text, &paragraph, width);
    text
}

/// A paragraph of these lines, without the marks in them.
fn fill(text: &mut String, lines: &[&str], width: usize) {
    let words = lines.iter().flat_map(|line| line.split_whitespace());
    let words: Vec<_> = words
        .map(|word| {
            let plain = word.replace("**", "");
            match severity(word).map(output::of_severity) {
                Some(style) => format!("{style}{plain}{style:#}"),
                None => plain,
            }
        })
        .collect();
    if !words.is_empty() {
        text.push_str(&output::paragraph(&words.join(" "), width));
        text.push('\n');
    }
}

/// The severity that a page says.
fn severity(word: &str) -> Option<Severity> {
    Severity::ALL
        .into_iter()
        .find(|severity| word == format!("**{severity}**:"))
}

/// Longer lines are hard to read.
const WIDEST: usize = 100;
