//! What the PKI keeps of agents.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::letters::Message;
use crate::base64;
use crate::seal::AgeRecipient;

/// An agent that was admitted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// The node or client that it acts for.
    pub owner: String,
    /// To whom its deliveries are encrypted.
    pub recipient: AgeRecipient,
    /// When it was admitted.
    #[serde(with = "time::serde::rfc3339")]
    pub admitted: OffsetDateTime,
    /// The invitation that it came with, unless a person admitted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<String>,
    /// When it was withdrawn: it is handed nothing from then on.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub withdrawn: Option<OffsetDateTime>,
}

/// What the PKI keeps of a token: who has the token can prove it, and who reads this cannot.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// A random name, in hexadecimal.
    pub id: String,
    /// The node or client whose agent is invited.
    pub owner: String,
    /// Until when.
    #[serde(with = "time::serde::rfc3339")]
    pub expires: OffsetDateTime,
    /// When an agent was admitted with it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub used: Option<OffsetDateTime>,
    /// The public half of the token's key: SubjectPublicKeyInfo.
    #[serde(with = "base64")]
    pub(super) key: Vec<u8>,
}

impl Agent {
    /// The same, withdrawn now.
    pub fn withdrawn(&self, now: OffsetDateTime) -> Self {
        Self {
            withdrawn: Some(now.replace_nanosecond(0).unwrap_or(now)),
            ..self.clone()
        }
    }
}

impl Invitation {
    /// Whether its token still is good.
    pub fn is_good(&self, now: OffsetDateTime) -> bool {
        self.used.is_none() && now < self.expires
    }

    /// The same, good no longer.
    pub fn withdrawn(&self, now: OffsetDateTime) -> Self {
        Self {
            expires: now.replace_nanosecond(0).unwrap_or(now),
            ..self.clone()
        }
    }
}

impl Message for Agent {
    const WHAT: &'static str = "agent";
}

impl Message for Invitation {
    const WHAT: &'static str = "invitation";
}
