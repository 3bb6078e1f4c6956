//! The YAML of a record.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{InvalidRevocation, Revocation, whole_seconds};
use crate::serial::parse_serial;

impl Revocation {
    /// Reads a record.
    ///
    /// # Errors
    ///
    /// When the text is not one.
    pub fn from_yaml(text: &str) -> Result<Self, InvalidRevocation> {
        let written: Written = serde_saphyr::from_str(text)
            .map_err(|error| InvalidRevocation(error.without_snippet().to_string()))?;
        let octets = |field: &'static str, text: Option<String>| {
            text.map(|text| const_hex::decode(&text))
                .transpose()
                .map_err(|_| InvalidRevocation(format!("{field}: not hexadecimal")))
        };
        let invalid = |error: &dyn std::fmt::Display| InvalidRevocation(error.to_string());
        Ok(Self {
            serial: parse_serial(&written.serial).map_err(|error| invalid(&error))?,
            revoked: instant("revoked", &written.revoked)?,
            reason: written.reason.parse().map_err(|error| invalid(&error))?,
            invalid_since: optional_instant("invalid_since", written.invalid_since)?,
            released: optional_instant("released", written.released)?,
            subject: written.subject,
            issuer: written.issuer,
            issuer_key: octets("issuer_key", written.issuer_key)?,
            fingerprint: written.fingerprint,
            not_after: optional_instant("not_after", written.not_after)?,
        })
    }

    /// Writes the record.
    ///
    /// # Errors
    ///
    /// Never for dates in the years 0 to 9999.
    pub fn to_yaml(&self) -> Result<String, InvalidRevocation> {
        let text = |instant: OffsetDateTime| {
            instant
                .format(&Rfc3339)
                .map_err(|error| InvalidRevocation(error.to_string()))
        };
        let written = Written {
            serial: self.serial_text(),
            revoked: text(self.revoked)?,
            reason: self.reason.to_string(),
            invalid_since: self.invalid_since.map(text).transpose()?,
            released: self.released.map(text).transpose()?,
            subject: self.subject.clone(),
            issuer: self.issuer.clone(),
            issuer_key: self.issuer_key.as_ref().map(const_hex::encode),
            fingerprint: self.fingerprint.clone(),
            not_after: self.not_after.map(text).transpose()?,
        };
        let body = serde_saphyr::to_string(&written)
            .map_err(|error| InvalidRevocation(error.to_string()))?;
        Ok(format!("{HEADER}{body}"))
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    serial: String,
    revoked: String,
    reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invalid_since: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    released: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issuer_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
}

fn optional_instant(
    field: &'static str,
    text: Option<String>,
) -> Result<Option<OffsetDateTime>, InvalidRevocation> {
    text.map(|text| instant(field, &text)).transpose()
}

fn instant(field: &'static str, text: &str) -> Result<OffsetDateTime, InvalidRevocation> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map(whole_seconds)
        .map_err(|_| {
            InvalidRevocation(format!(
                "{field}: `{text}` is not a date and time such as 2026-11-25T09:00:00Z"
            ))
        })
}

const HEADER: &str = "\
# A certificate that was revoked. Keep this file: the CRLs in pki/crl are signed after it.
";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crl::Reason;

    fn record(reason: Reason) -> Revocation {
        let now = OffsetDateTime::now_utc();
        Revocation::of_serial(vec![0x1f, 0, 0xff], reason, now)
            .invalid_since(Some(now - time::Duration::days(3)))
    }

    #[test]
    fn a_record_reads_what_it_wrote() {
        let mut full = record(Reason::KeyCompromise);
        full.subject = Some("CN=no: \"x\"\n".to_owned());
        full.issuer_key = Some(vec![1, 2]);
        full.not_after = Some(full.revoked + time::Duration::days(9));
        for record in [full, record(Reason::Unspecified)] {
            let text = record.to_yaml().unwrap();
            assert_eq!(Revocation::from_yaml(&text).unwrap(), record, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let good = record(Reason::Superseded).to_yaml().unwrap();
        for (old, new, named) in [
            ("superseded", "lost", "lost"),
            ("1f00ff", "xyz", "xyz"),
            ("reason", "why", "why"),
            ("revoked: ", "revoked: x", "revoked"),
        ] {
            let error = Revocation::from_yaml(&good.replace(old, new)).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*", cut in 0_usize..400) {
            let _ = Revocation::from_yaml(&text);
            let good = record(Reason::Superseded).to_yaml().unwrap();
            if let Some(part) = good.get(..cut) {
                let _ = Revocation::from_yaml(&format!("{part}{text}"));
            }
        }
    }
}
