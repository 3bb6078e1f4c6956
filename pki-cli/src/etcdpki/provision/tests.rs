use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{ansible, terraform};

/// A template that is added to the directory and not to the table would silently not be written.
#[test]
fn every_template_is_in_its_table() {
    for (directory, table) in [
        ("ansible", ansible::TEMPLATES),
        ("terraform", terraform::TEMPLATES),
    ] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("templates")
            .join(directory);
        let mut found = BTreeSet::new();
        collect(&root, &root, &mut found);
        let listed: BTreeSet<_> = table.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(found, listed);
    }
}

fn collect(root: &Path, directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(root, &path, found),
            false => {
                found.insert(
                    path.strip_prefix(root)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned(),
                );
            }
        }
    }
}
