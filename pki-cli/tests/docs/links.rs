//! Links from one page to another, and to files.

use std::path::{Component, Path, PathBuf};

use crate::pages::{self, Page};

#[test]
fn links_lead_somewhere() {
    let all = pages::all();
    let mut faults = Vec::new();
    for page in &all {
        for line in page.prose() {
            for target in targets(line) {
                if let Err(fault) = follow(page, target, &all) {
                    faults.push(format!("{}: {target}: {fault}", page.path.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What `[text](target)` names in a line, but for what is elsewhere.
fn targets(line: &str) -> Vec<&str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

fn follow(page: &Page, target: &str, all: &[Page]) -> Result<(), String> {
    let (path, anchor) = match target.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (target, None),
    };
    let path = match path {
        "" => page.path.clone(),
        _ => plain(&page.path.parent().unwrap().join(path)),
    };
    if !pages::top().join(&path).exists() {
        return Err("there is no such file".to_owned());
    }
    let Some(anchor) = anchor else {
        return Ok(());
    };
    let there = all.iter().find(|one| one.path == path);
    let anchors = there.ok_or("it is no page")?.anchors();
    match anchors.iter().any(|one| one == anchor) {
        true => Ok(()),
        false => Err(format!(
            "there is no such heading, but {}",
            anchors.join(", ")
        )),
    }
}

/// The same path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => assert!(plain.pop(), "{} leads out", path.display()),
            other => plain.push(other),
        }
    }
    plain
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let page = |path: &str, text: &str| Page {
        path: path.into(),
        text: text.to_owned(),
    };
    let all = [
        page("README.md", "# One, or `two`?\n## Three\n## Three\n"),
        page("docs/rotation.md", ""),
    ];
    let from = &all[1];
    for target in [
        "../README.md#one-or-two",
        "../README.md#three-1",
        "../README.md",
        "rotation.md",
    ] {
        assert_eq!(follow(from, target, &all), Ok(()), "{target}");
    }
    for target in ["../README.md#one", "missing.md", "#here"] {
        assert!(follow(from, target, &all).is_err(), "{target}");
    }
    let line = "[a](b.md), [c](https://c.example) and [d](#e)";
    assert_eq!(targets(line), ["b.md", "#e"]);
}
