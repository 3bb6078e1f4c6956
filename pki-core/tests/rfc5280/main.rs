//! Cases of path validation after RFC 5280, each held against what our verifier, OpenSSL
//! (`verify -x509_strict`), GnuTLS (certtool) and a running etcd answer.
//!
//! [`table`] says what each must answer, and why where they differ. Two rules hold over all of
//! it: ours accepts nothing that etcd refuses, and nothing that OpenSSL or GnuTLS refuses but
//! where the table says why that would be wrong.
//!
//! The table is of OpenSSL 3.0, GnuTLS 3.7 and etcd 3.4 built with Go 1.19. With others, what ours
//! answers is still compared, and that etcd accepts what ours does.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod issued;
mod judges;
#[path = "../support/keys.rs"]
mod keys;
mod scene;
mod table;

use std::fmt::Write as _;

use judges::{Judges, Verdicts};
use scene::{Case, Keys, Material, Scene};

#[test]
fn every_judge_answers_as_the_table_says() {
    let keys = Keys::new();
    let cases = table::cases();
    let materials: Vec<Material> = cases
        .iter()
        .map(|case| (case.make)(&Scene::new(&keys, case.name)))
        .collect();
    let judges = Judges::new(&materials);
    let mut wrong = String::new();
    let exactly = judges::are_those_of_the_table();
    for (case, material) in cases.iter().zip(&materials) {
        let answers = judges.ask(case.name, material);
        let is_right = match exactly {
            true => answers == case.expected,
            false => answers.ours == case.expected.ours && (!answers.ours || answers.etcd),
        };
        if !is_right {
            let _ = writeln!(
                wrong,
                "{:45} {} expected {}",
                case.name, answers, case.expected
            );
        }
    }
    assert!(
        wrong.is_empty(),
        "ours openssl gnutls etcd, A accepts:\n{wrong}"
    );
}

#[test]
fn the_table_keeps_its_own_rules() {
    let cases = table::cases();
    let mut names: Vec<_> = cases.iter().map(|case| case.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), cases.len(), "a name stands in the table twice");
    for Case {
        name,
        expected,
        why,
        ..
    } in &cases
    {
        let Verdicts {
            ours,
            openssl,
            gnutls,
            etcd,
        } = *expected;
        assert!(!ours || etcd, "{name}: ours accepts what etcd refuses");
        let all_agree = ours == openssl && ours == gnutls && ours == etcd;
        assert_eq!(
            all_agree,
            why.is_empty(),
            "{name}: a reason where judges differ, and only there"
        );
    }
}
