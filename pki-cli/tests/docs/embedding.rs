//! The guide for who embeds the libraries: its programs are files here, which are compiled and run,
//! and stand in the page word for word.

use crate::pages;

#[test]
fn the_guide_shows_the_programs_that_run() {
    let page = pages::all()
        .into_iter()
        .find(|page| page.path.ends_with("docs/guides/embedding.md"))
        .unwrap();
    let blocks = page.blocks().into_iter();
    let shown: Vec<_> = blocks
        .filter(|block| block.language == "rust")
        .map(|block| block.lines.join("\n") + "\n")
        .collect();
    let run = [
        include_str!("embedding/vault.rs"),
        include_str!("embedding/inline.rs"),
        include_str!("embedding/directory.rs"),
        include_str!("embedding/rotation.rs"),
    ];
    assert_eq!(shown, run);
}

mod vault {
    include!("embedding/vault.rs");

    #[test]
    fn runs() {
        main().unwrap();
    }
}

mod inline {
    include!("embedding/inline.rs");

    #[test]
    fn runs() {
        main().unwrap();
    }
}

mod directory {
    include!("embedding/directory.rs");

    #[test]
    fn runs() {
        // What `main` does, but not where we are.
        let _: fn() -> Result<(), Box<dyn Error>> = main;
        let place = tempfile::tempdir().unwrap();
        make(&place.path().join("pki")).unwrap();
    }
}

mod rotation {
    #![allow(
        clippy::print_stdout,
        reason = "it is a program of its own in the guide"
    )]

    include!("embedding/rotation.rs");

    #[test]
    fn runs() {
        main().unwrap();
    }
}
