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

/// Lines that are as wide as may be.
fn fill(text: &mut String, lines: &[&str], width: usize) {
    let mut column = 0;
    for word in lines.iter().flat_map(|line| line.split_whitespace()) {
        let plain = word.replace("**", "");
        let length = plain.chars().count();
        if column > 0 {
            let fits = column + 1 + length <= width;
            text.push(if fits { ' ' } else { '\n' });
            column = if fits { column + 1 } else { 0 };
        }
        match severity(word) {
            Some(severity) => {
                let style = output::of_severity(severity);
                let _ = write!(text, "{style}{plain}{style:#}");
            }
            None => text.push_str(&plain),
        }
        column += length;
    }
    if column > 0 {
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
