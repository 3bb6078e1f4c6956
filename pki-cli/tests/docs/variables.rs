//! Variables of the environment.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::pages;

/// What the names of variables begin with that are ours, ansible-vault's or those of sops.
const BEGINNINGS: [&str; 3] = ["ANSIBLE_", "ETCDPKI_", "SOPS_"];

#[test]
fn every_variable_is_told_of_in_a_page() {
    let mut variables = BTreeSet::new();
    for library in ["pki-core/src", "pki-cli/src"] {
        collect(&pages::top().join(library), &mut variables);
    }
    assert!(variables.len() > 20, "{variables:?}");
    let pages = pages::all();
    let is_told = |variable: &String| {
        let quoted = [format!("`{variable}`"), format!("{variable}=")];
        let mut texts = pages.iter().map(|page| &page.text);
        texts.any(|text| quoted.iter().any(|quoted| text.contains(quoted)))
    };
    let untold: Vec<_> = variables.iter().filter(|name| !is_told(name)).collect();
    assert!(untold.is_empty(), "{untold:?}");
}

/// The texts in the code that are names of variables.
fn collect(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let code = fs::read_to_string(&path).unwrap();
            let texts = code.split('"').filter(|text| {
                let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
                BEGINNINGS.iter().any(|begin| text.starts_with(begin)) && text.chars().all(is_name)
            });
            found.extend(texts.map(str::to_owned));
        }
    }
}
