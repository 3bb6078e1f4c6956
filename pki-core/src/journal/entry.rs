//! What a line tells.

use serde::{Deserialize, Serialize};

use crate::certificate::Certificate;
use crate::crl::Crl;
use crate::revocation::Revocation;

/// What happened.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// An agent was admitted: from now on it is handed the keys of its owner.
    Admitted,
    /// A private key was written for use elsewhere.
    Exported,
    /// Something is there of which no line tells: it was put there by hand, or the command that
    /// made it was killed.
    Found,
    /// A certificate that was made elsewhere was taken over.
    Imported,
    /// A token for an agent was made.
    Invited,
    /// A certificate was issued.
    Issued,
    /// A revocation was taken back.
    Released,
    /// A certificate was revoked.
    Revoked,
    /// A revocation list was signed.
    SignedCrl,
    /// A key slot was added, removed or changed.
    SlotChanged,
    /// An agent, or a token for one, was withdrawn.
    Withdrawn,
}

impl Event {
    /// The name in the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Exported => "exported",
            Self::Found => "found",
            Self::Imported => "imported",
            Self::Invited => "invited",
            Self::Issued => "issued",
            Self::Released => "released",
            Self::Revoked => "revoked",
            Self::SignedCrl => "signed-crl",
            Self::SlotChanged => "slot-changed",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Something to be recorded. It must hold no secret.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// What happened.
    pub event: Event,
    /// Where it is in the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The serial number, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The SHA-256 of the certificate, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The certificate's subject as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// More, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Entry {
    /// An event without any detail.
    pub fn new(event: Event) -> Self {
        Self {
            event,
            path: None,
            serial: None,
            fingerprint: None,
            subject: None,
            detail: None,
        }
    }

    /// An event about a certificate.
    pub fn of(event: Event, certificate: &Certificate) -> Self {
        Self {
            serial: Some(certificate.serial_text()),
            fingerprint: Some(certificate.fingerprint().to_string()),
            subject: Some(certificate.subject.clone()),
            ..Self::new(event)
        }
    }

    /// A revocation, or that it was taken back.
    pub(crate) fn of_revocation(revocation: &Revocation) -> Self {
        let event = match revocation.is_active() {
            true => Event::Revoked,
            false => Event::Released,
        };
        Self {
            serial: Some(revocation.serial_text()),
            fingerprint: revocation.fingerprint.clone(),
            subject: revocation.subject.clone(),
            detail: Some(revocation.reason.to_string()),
            ..Self::new(event)
        }
    }

    /// A revocation list that was signed.
    pub(crate) fn of_crl(crl: &Crl) -> Self {
        let number = crl.number.as_ref().map(ToString::to_string);
        Self {
            detail: Some(format!(
                "number {}, {} revoked",
                number.as_deref().unwrap_or("none"),
                crl.entries.len()
            )),
            subject: Some(crl.issuer.clone()),
            ..Self::new(Event::SignedCrl)
        }
    }

    /// Says where it is in the store.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Says more, in words.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}
