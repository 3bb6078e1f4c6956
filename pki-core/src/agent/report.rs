//! What an agent tells of its machine.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::letters::Message;

/// What is on a machine, and what is loaded there.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The node or client that the agent acts for.
    pub owner: String,
    /// The delivery that is on the disk.
    pub number: u64,
    /// [`Content::fingerprint`](super::Content::fingerprint) of that.
    pub content: String,
    /// When the agent looked.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What a member has loaded of it; nothing is known of clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loaded: Option<Loaded>,
    /// What keeps the agent from going on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The version of the agent.
    pub agent: String,
}

/// What a member has loaded.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loaded {
    /// All of it.
    All,
    /// Nothing: it does not run.
    Nothing,
    /// Not the certificates: it presents others.
    OldCertificate,
    /// Not the trusted authorities: it was started before they were written.
    OldTrust,
}

impl Message for Report {
    const WHAT: &'static str = "report";
}
