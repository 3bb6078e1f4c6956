use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use pki_core::lint;

use super::pages::{self, Page, SUBJECTS};
use super::{near, render};

fn crate_file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let codes: Vec<&str> = lint::all().map(|lint| lint.code).collect();
    let pages: Vec<&str> = pages::all().map(|page| page.code).collect();
    let missing: Vec<_> = codes.iter().filter(|code| !pages.contains(code)).collect();
    assert!(
        missing.is_empty(),
        "write rules/CODE.md and list it in pages.rs: {missing:?}"
    );
    let once: BTreeSet<_> = pages.iter().collect();
    assert_eq!(once.len(), pages.len());
    assert!(pages::all().all(|page| page.lint().is_some()));
    let files: BTreeSet<String> = std::fs::read_dir(crate_file("rules"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let wanted = codes.iter().map(|code| format!("{code}.md"));
    assert_eq!(files, wanted.collect());
}

/// The text of a page as one line, so that it may be filled.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_page_says_what_the_rule_says() {
    for page in pages::all() {
        let Page { code, text } = page;
        let lint = page.lint().unwrap();
        let head = format!("# {code} **{}**: {}. ", lint.severity, lint.rule);
        assert!(flat(text).starts_with(&head), "{code}: {head}");
        let foot = format!(" ## Source {}", flat(lint.source));
        assert!(flat(text).ends_with(&foot), "{code}: {foot}");
        let todo = text.split("## What to do\n").nth(1).unwrap_or_default();
        let todo = todo.split("##").next().unwrap_or_default();
        assert!(todo.len() > 10, "{code}: nothing to do");
        let why = text.split("\n## ").next().unwrap_or_default();
        let why = why.split("\n\n").nth(2).unwrap_or_default();
        assert!(why.len() > 20, "{code}: no reason");
    }
}

#[test]
fn the_index_lists_every_page() {
    let mut wanted = INDEX.to_owned();
    for subject in SUBJECTS {
        let _ = write!(wanted, "\n## {}\n\n", subject.title);
        for page in subject.pages {
            let lint = page.lint().unwrap();
            let Page { code, .. } = page;
            let _ = writeln!(
                wanted,
                "- [{code}](../../pki-cli/rules/{code}.md) ({}): {}",
                lint.severity, lint.rule
            );
        }
    }
    let index = std::fs::read_to_string(crate_file("../docs/rules/README.md")).unwrap();
    assert!(index == wanted, "docs/rules/README.md is to be:\n{wanted}");
}

const INDEX: &str = "\
# Rules

What `etcdpki verify` and `etcdpki doctor` find has a code. Here is a page for each, which `etcdpki explain CODE`
prints too. Codes do not change their meaning.

An error is something that a verifier refuses or that breaks a MUST; a warning is something that some verifier refuses,
or that fails later; a notice is worth knowing.
";

#[test]
fn pages_are_filled_to_the_width_and_lose_their_marks() {
    let markdown =
        "# code\n\n**error**: one two\nthree.\n\n## What to do\n\n```console\n$ x\n```\n";
    let text = anstream::adapter::strip_str(&render::page(markdown, 16)).to_string();
    assert_eq!(
        text,
        "code\n\nerror: one two\nthree.\n\nWhat to do\n\n    $ x\n"
    );
    let wide = anstream::adapter::strip_str(&render::page(markdown, usize::MAX)).to_string();
    assert!(wide.contains("error: one two three.\n"), "{wide}");
}

#[test]
fn near_codes_are_named() {
    assert!(near("member-trust-stael").contains("`member-trust-stale`"));
    assert!(near("trust-stale").contains("`trust-stale`"));
    assert_eq!(near("xyzzy"), "`etcdpki explain` lists every code");
    assert_eq!(near(""), "`etcdpki explain` lists every code");
}
