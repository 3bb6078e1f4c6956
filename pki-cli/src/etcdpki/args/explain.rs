//! The options of `etcdpki explain`.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Args, Command};

use crate::etcdpki::explain;

/// Explain a finding: what its code says, why that is a rule, and what to do
///
/// Codes are those that `verify` and `doctor` print in brackets. Without CODE every code is listed,
/// by subject.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::etcdpki) struct Explain {
    /// The code of a finding, such as member-trust-stale [default: list every code]
    #[arg(value_name = "CODE", value_parser = Code, hide_possible_values = true)]
    pub(in crate::etcdpki) code: Option<String>,
}

/// Any word is taken, since what is no code is answered with those that may be meant; a shell is told of
/// every code.
#[derive(Clone)]
struct Code;

impl TypedValueParser for Code {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let codes = explain::rules().map(|lint| PossibleValue::new(lint.code).help(lint.rule));
        Some(Box::new(codes))
    }
}

const EXAMPLES: &str = "\
Examples:
  etcdpki explain member-trust-stale
  etcdpki explain | grep crl";
