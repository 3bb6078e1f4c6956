//! `etcdpki explain`: the page of a code, or every code.

mod pages;
mod render;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::process::ExitCode;

use pki_core::lint::Lint;

use super::args::Explain;
use super::error::Error;
use super::output::{self, HEADING};
use pages::{Page, SUBJECTS};

/// Runs the command.
pub(super) fn run(arguments: &Explain) -> Result<ExitCode, Error> {
    match &arguments.code {
        None => output::print(&list())?,
        Some(code) => output::print_verbatim(&render::page(find(code)?.text, output::width()))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The rules that there is a page about.
pub(super) fn rules() -> impl Iterator<Item = &'static Lint> {
    pages::all().filter_map(Page::lint)
}

/// The page of a code, which may stand in brackets, as it does in findings.
fn find(code: &str) -> Result<&'static Page, Error> {
    let wanted = code.trim_matches(['[', ']']);
    let mut pages = pages::all();
    pages
        .find(|page| page.code == wanted)
        .ok_or_else(|| Error::NoSuchCode {
            code: wanted.to_owned(),
            hint: near(wanted),
        })
}

/// Which codes may be meant by another word: those that hold it, then those that look like it.
fn near(word: &str) -> String {
    let codes: Vec<&str> = pages::all().map(|page| page.code).collect();
    let holds = codes
        .iter()
        .copied()
        .filter(|code| !word.is_empty() && code.contains(word));
    let mut near: Vec<&str> = holds.take(MOST_NEAR).collect();
    if near.is_empty() {
        near = similar::get_close_matches(word, &codes, MOST_NEAR, LIKENESS);
    }
    let near: Vec<String> = near.iter().map(|code| format!("`{code}`")).collect();
    match near.is_empty() {
        true => "`etcdpki explain` lists every code".to_owned(),
        false => format!(
            "is {} meant? `etcdpki explain` lists every code",
            near.join(" or ")
        ),
    }
}

/// Every code with its rule.
fn list() -> String {
    let mut text = String::new();
    for subject in SUBJECTS {
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{gap}{HEADING}{}{HEADING:#}", subject.title);
        let pages = subject.pages.iter();
        let longest = pages.map(|page| page.code.len()).max().unwrap_or_default();
        for (page, lint) in subject
            .pages
            .iter()
            .filter_map(|page| Some((page, page.lint()?)))
        {
            let style = output::of_severity(lint.severity);
            let Page { code, .. } = page;
            let _ = writeln!(
                text,
                "  {style}{:<7}{style:#} {code:<longest$}  {}",
                lint.severity.as_str(),
                lint.rule
            );
        }
    }
    text
}

/// How many codes are named where one is not known.
const MOST_NEAR: usize = 3;

/// How like each other two codes are that may be taken for each other, of 1.
const LIKENESS: f32 = 0.7;
