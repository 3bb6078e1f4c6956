//! The table.

mod constraints;
mod encoding;
mod paths;
mod usages;

use crate::judges::Verdicts;
use crate::scene::{Case, Material, Scene};

/// Every case.
pub(crate) fn cases() -> Vec<Case> {
    [
        paths::cases(),
        usages::cases(),
        constraints::cases(),
        encoding::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A case on which the judges agree or, with a reason, do not: ours, OpenSSL, GnuTLS, etcd.
fn case(
    name: &'static str,
    expected: &[u8; 4],
    why: &'static str,
    make: fn(&Scene<'_>) -> Material,
) -> Case {
    Case {
        name,
        expected: Verdicts::parse(expected),
        why,
        make,
    }
}

const DAY: i64 = 86_400;
