//! The options of `etcdpki report`.

use std::path::PathBuf;

use clap::Args;
use time::OffsetDateTime;

use super::instant;

/// Write one HTML page that shows the chain, when everything ends, and what was found
///
/// The page needs nothing besides itself: no network, no fonts, no program. It holds the
/// authorities with what they sign, a time line, every certificate, what `etcdpki verify` finds
/// without keys, what is revoked, and the next step of a rotation. No passphrase is needed and no
/// secret is in it: it can be sent to whoever may know the names of the cluster.
///
/// An older page in its place is replaced, whole or not at all. Exit code 0 says that the page is
/// written, whatever it tells: `status` and `verify` are for monitors.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::etcdpki) struct Report {
    /// Write the page here; `-` is standard output
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "etcdpki-report.html"
    )]
    pub(in crate::etcdpki) out: PathBuf,
    /// Show how things stand at this instant, such as 2027-01-31 or 2027-01-31T12:00:00Z
    /// [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(in crate::etcdpki) at: Option<OffsetDateTime>,
}

const EXAMPLES: &str = "\
Examples:
  etcdpki report
  etcdpki report --out /var/www/pki/index.html
  etcdpki report --out - --at 2027-06-01 >next-summer.html";
