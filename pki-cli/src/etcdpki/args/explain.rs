//! The options of `etcdpki explain`.

use clap::Args;

/// Explain a finding: what its code says, why that is a rule, and what to do
///
/// Codes are those that `verify` and `doctor` print in brackets. Without CODE every code is listed,
/// by subject.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::etcdpki) struct Explain {
    /// The code of a finding, such as member-trust-stale [default: list every code]
    #[arg(value_name = "CODE")]
    pub(in crate::etcdpki) code: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  etcdpki explain member-trust-stale
  etcdpki explain | grep crl";
