//! What was measured, as a table.

use fixtures::etcd::{Counts, Release};

/// What a procedure cost.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) procedure: String,
    pub(crate) release: Release,
    /// Of each member.
    pub(crate) restarts: usize,
    pub(crate) counts: Counts,
}

/// Shows the rows where the harness does not keep the output for itself.
#[expect(clippy::print_stdout, reason = "that is what the table is for")]
pub(crate) fn print(rows: &[Row]) {
    let mut text = format!(
        "{:44} {:>4} {:>8} {:>12} {:>13} {:>14}\n",
        "procedure", "etcd", "restarts", "acknowledged", "without retry", "with one retry"
    );
    for row in rows {
        let Row {
            procedure,
            release,
            restarts,
            counts,
        } = row;
        text += &format!(
            "{procedure:44} {release:>4} {restarts:>8} {:>12} {:>13} {:>14}\n",
            counts.acknowledged, counts.failed_without_retry, counts.failed_with_retry
        );
    }
    println!("\n{text}");
}
