//! Records of what is revoked.
//!
//! A record is a small YAML file, named after the serial number, whether the certificate is in
//! the store or not. So every revocation is written whole or not at all, two clones of a
//! repository that revoke different certificates merge without a conflict, and a list that was
//! lost can be signed anew. Records are never removed: one that was on hold and is taken back
//! says so in `released`.
//!
//! ```yaml
//! serial: 6bf1…
//! revoked: 2026-11-25T09:00:00Z
//! reason: keyCompromise
//! invalid_since: 2026-11-20T00:00:00Z   # where it is known
//! released: 2026-11-26T09:00:00Z        # of certificateHold alone
//! subject: CN=etcdctl                   # from here on: where the certificate is known
//! issuer: O=internal.domain, CN=etcd CA G1
//! issuer_key: 4a07…                     # the authorityKeyIdentifier
//! fingerprint: 18d2…                    # SHA-256 of the certificate
//! not_after: 2027-11-25T08:50:00Z
//! ```

mod carried;
mod record;

use time::OffsetDateTime;

pub use carried::Carried;

use crate::certificate::Certificate;
use crate::crl::{Entry, Reason};

/// A certificate that is revoked, or was.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Revocation {
    /// The serial number, most significant octet first, as in [`Certificate::serial`].
    pub serial: Vec<u8>,
    /// When it was revoked, in whole seconds.
    pub revoked: OffsetDateTime,
    /// Why.
    pub reason: Reason,
    /// Since when the key is not to be trusted, where that is known.
    pub invalid_since: Option<OffsetDateTime>,
    /// When it was taken back.
    pub released: Option<OffsetDateTime>,
    /// The certificate's subject as text.
    pub subject: Option<String>,
    /// The certificate's issuer as text.
    pub issuer: Option<String>,
    /// The certificate's authorityKeyIdentifier.
    pub issuer_key: Option<Vec<u8>>,
    /// The SHA-256 of the certificate, in hexadecimal.
    pub fingerprint: Option<String>,
    /// When the certificate expires.
    pub not_after: Option<OffsetDateTime>,
}

impl Revocation {
    /// Revokes a certificate.
    pub fn new(certificate: &Certificate, reason: Reason, now: OffsetDateTime) -> Self {
        Self {
            subject: Some(certificate.subject.clone()),
            issuer: Some(certificate.issuer.clone()),
            issuer_key: certificate.authority_key_identifier.clone(),
            fingerprint: Some(certificate.fingerprint().to_string()),
            not_after: Some(certificate.validity.not_after),
            ..Self::of_serial(certificate.serial.clone(), reason, now)
        }
    }

    /// Revokes a certificate of which no more is known than its serial number. It stays on the
    /// list for good, for nobody knows when it expires.
    pub fn of_serial(serial: Vec<u8>, reason: Reason, now: OffsetDateTime) -> Self {
        Self {
            serial,
            revoked: whole_seconds(now),
            reason,
            invalid_since: None,
            released: None,
            subject: None,
            issuer: None,
            issuer_key: None,
            fingerprint: None,
            not_after: None,
        }
    }

    /// What an entry of a list says, with what else a record knows of the certificate.
    pub(crate) fn of_entry(entry: &Entry, record: Option<Self>) -> Self {
        let known = record
            .unwrap_or_else(|| Self::of_serial(entry.serial.clone(), entry.reason, entry.revoked));
        Self {
            revoked: entry.revoked,
            reason: entry.reason,
            invalid_since: entry.invalid_since,
            released: None,
            ..known
        }
    }

    /// Checks that a reason fits a certificate: an authority is not revoked without one that is
    /// meant for it, since everything below it is refused then.
    ///
    /// # Errors
    ///
    /// When it does not fit.
    pub fn check_reason(certificate: &Certificate, reason: Reason) -> Result<(), UnfitReason> {
        let of_authorities = matches!(
            reason,
            Reason::CaCompromise | Reason::CessationOfOperation | Reason::Superseded
        );
        let subject = || certificate.subject.clone();
        match certificate.authority.is_some() {
            true if !of_authorities => Err(UnfitReason::Authority {
                subject: subject(),
                reason,
            }),
            false if reason == Reason::CaCompromise => {
                Err(UnfitReason::Leaf { subject: subject() })
            }
            _ => Ok(()),
        }
    }

    /// Says since when the key is not to be trusted.
    #[must_use]
    pub fn invalid_since(mut self, instant: Option<OffsetDateTime>) -> Self {
        self.invalid_since = instant.map(whole_seconds);
        self
    }

    /// Takes it back.
    ///
    /// # Errors
    ///
    /// When it is not on hold: every other revocation is final.
    pub fn release(mut self, now: OffsetDateTime) -> Result<Self, NotOnHold> {
        if !self.reason.is_hold() || self.released.is_some() {
            return Err(NotOnHold {
                serial: self.serial_text(),
                state: match self.released {
                    Some(_) => "taken back already".to_owned(),
                    None => format!("revoked for {}", self.reason),
                },
            });
        }
        self.released = Some(whole_seconds(now));
        Ok(self)
    }

    /// Whether it holds.
    pub fn is_active(&self) -> bool {
        self.released.is_none()
    }

    /// The serial number in hexadecimal.
    pub fn serial_text(&self) -> String {
        const_hex::encode(&self.serial)
    }

    /// Whether `authority` issued the certificate, as far as is known.
    pub fn is_of(&self, authority: &Certificate) -> bool {
        self.issuer_key.is_some() && self.issuer_key == authority.subject_key_identifier
            || self.issuer_key.is_none() && self.issuer.as_ref() == Some(&authority.subject)
    }

    /// What stands on a list.
    pub fn entry(&self) -> Entry {
        Entry {
            serial: self.serial.clone(),
            revoked: self.revoked,
            reason: self.reason,
            invalid_since: self.invalid_since,
        }
    }
}

/// A text that is not a record.
#[derive(Clone, Debug, thiserror::Error)]
#[error("not the record of a revocation: {0}")]
pub struct InvalidRevocation(String);

impl InvalidRevocation {
    pub(crate) fn not_text() -> Self {
        Self("it is not UTF-8 text".to_owned())
    }

    pub(crate) fn other_serial(serial: &str) -> Self {
        Self(format!(
            "it is about the serial number {serial}, which is not that of its name: rename it"
        ))
    }
}

/// A reason that does not fit a certificate.
#[derive(Clone, Debug, thiserror::Error)]
pub enum UnfitReason {
    /// Of an authority.
    #[error(
        "`{subject}` is an authority, and {reason} is no reason to refuse everything below it: give cACompromise, superseded or cessationOfOperation"
    )]
    Authority {
        /// The certificate's subject.
        subject: String,
        /// The reason given.
        reason: Reason,
    },
    /// Of a leaf.
    #[error(
        "`{subject}` is no authority, of which alone cACompromise can be said: give keyCompromise"
    )]
    Leaf {
        /// The certificate's subject.
        subject: String,
    },
}

/// A revocation that cannot be taken back.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "{serial} is {state}: only what is on hold (certificateHold) can be taken back; issue a new certificate"
)]
pub struct NotOnHold {
    /// The serial number.
    pub serial: String,
    /// What it is instead.
    pub state: String,
}

/// Lists hold whole seconds, in UTC.
fn whole_seconds(instant: OffsetDateTime) -> OffsetDateTime {
    let instant = instant.to_offset(time::UtcOffset::UTC);
    instant.replace_nanosecond(0).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(reason: Reason) -> Revocation {
        let now = OffsetDateTime::now_utc();
        Revocation::of_serial(vec![0x1f, 0, 0xff], reason, now)
            .invalid_since(Some(now - time::Duration::days(3)))
    }

    #[test]
    fn only_what_is_on_hold_can_be_taken_back() {
        let now = OffsetDateTime::now_utc();
        let released = record(Reason::CertificateHold).release(now).unwrap();
        assert!(!released.is_active());
        let error = released.release(now).unwrap_err();
        assert!(error.to_string().contains("taken back already"), "{error}");
        let error = record(Reason::KeyCompromise).release(now).unwrap_err();
        assert!(error.to_string().contains("keyCompromise"), "{error}");
    }
}
