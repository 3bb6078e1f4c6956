//! Signing a list: the one place that fills in `rcgen`'s parameters of lists.

use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};

use super::{Crl, CrlNumber, Entry};
use crate::authority::{Authority, IssueError};
use crate::lifetime::Validity;

impl Authority {
    /// Signs a list of its revoked certificates.
    ///
    /// `validity` is what becomes thisUpdate and nextUpdate, in whole seconds.
    ///
    /// # Errors
    ///
    /// When this authority may not sign lists, or the signed list, read again, is not what was
    /// asked for.
    pub fn sign_crl(
        &self,
        entries: &[Entry],
        number: &CrlNumber,
        validity: Validity,
    ) -> Result<Crl, IssueError> {
        let certificate = self.certificate();
        let subject = || certificate.subject.clone();
        let usages = &certificate.key_usages;
        if !usages.is_empty() && !usages.contains(&"cRLSign") {
            return Err(IssueError::NotACrlIssuer { subject: subject() });
        }
        // `rcgen` would derive the key identifier anew, by a method of its own.
        let key_identifier = certificate
            .subject_key_identifier
            .clone()
            .unwrap_or_else(|| certificate.public_key.key_identifier());
        let parameters = CertificateRevocationListParams {
            this_update: validity.not_before,
            next_update: validity.not_after,
            crl_number: SerialNumber::from_slice(number.as_bytes()),
            issuing_distribution_point: None,
            revoked_certs: entries.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::PreSpecified(key_identifier),
        };
        let signed = self.sign_list(&parameters)?;
        let crl = Crl::from_der(signed.der().as_ref())?;
        // As with certificates: a name with a repeated attribute would come out changed.
        if !crl.is_signed_by(certificate) || crl.entries != entries {
            return Err(IssueError::DistortedCrl { subject: subject() });
        }
        Ok(crl)
    }
}

fn revoked(entry: &Entry) -> RevokedCertParams {
    RevokedCertParams {
        serial_number: SerialNumber::from_slice(&entry.serial),
        revocation_time: entry.revoked,
        reason_code: Some(entry.reason.into()),
        invalidity_date: entry.invalid_since,
    }
}
