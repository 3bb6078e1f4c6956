//! Authorities: a certificate with its key, ready to sign.

use std::fmt;

use rcgen::{
    CertificateRevocationList, CertificateRevocationListParams, Issuer, SubjectPublicKeyInfo,
};
use rustls_pki_types::CertificateDer;

use crate::certificate::{AlternativeName, Certificate, InvalidCertificate};
use crate::crl::InvalidCrl;
use crate::key::{PrivateKey, PublicKey};
use crate::lifetime::Validity;
use crate::profile::Profile;
use crate::serial::Serial;

/// A certificate authority that can sign.
pub struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, PrivateKey>,
}

impl Authority {
    /// Makes a root: a certificate signed with its own key.
    ///
    /// # Errors
    ///
    /// When the cryptographic library or the random number generator fails.
    pub fn self_signed(
        profile: &Profile,
        key: PrivateKey,
        validity: Validity,
    ) -> Result<Self, IssueError> {
        let parameters = profile.parameters(key.public(), &Serial::random()?, &validity)?;
        let certificate = parameters.self_signed(&key)?;
        Self::new(Certificate::from_der(certificate.der())?, key)
    }

    /// Joins an authority's certificate with its key.
    ///
    /// # Errors
    ///
    /// When the key is another one's, or the certificate is not an authority's.
    pub fn new(certificate: Certificate, key: PrivateKey) -> Result<Self, IssueError> {
        if certificate.authority.is_none() {
            return Err(IssueError::NotAnAuthority {
                subject: certificate.subject,
            });
        }
        if certificate.public_key != *key.public() {
            return Err(IssueError::OtherKey {
                subject: certificate.subject,
            });
        }
        let issuer = Issuer::from_ca_cert_der(&CertificateDer::from(certificate.der()), key)?;
        Ok(Self {
            certificate,
            issuer,
        })
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its key.
    pub fn key(&self) -> &PrivateKey {
        self.issuer.key()
    }

    /// Signs a certificate for `key`, its validity cut to this authority's.
    ///
    /// # Errors
    ///
    /// When this authority may not sign it: a name outside its constraints, an authority deeper
    /// than its path length, a validity past its end. When the signed certificate, read again,
    /// is not what was asked for.
    pub fn issue(
        &self,
        profile: &Profile,
        key: &PublicKey,
        validity: Validity,
    ) -> Result<Certificate, IssueError> {
        let validity = validity.clamped_to(&self.certificate.validity);
        self.check(profile, &validity)?;
        let mut parameters = profile.parameters(key, &Serial::random()?, &validity)?;
        parameters.use_authority_key_identifier_extension = true;
        let subject_key = SubjectPublicKeyInfo::from_der(key.spki_der())?;
        let signed = parameters.signed_by(&subject_key, &self.issuer)?;
        let certificate = Certificate::from_der(signed.der())?;
        // `rcgen` keeps a name as a map, so an issuer that was imported with a repeated
        // attribute would be written back without it; and it must not change the key.
        if !certificate.names_issuer(&self.certificate) || certificate.public_key != *key {
            return Err(IssueError::Distorted {
                subject: profile.subject().to_string(),
            });
        }
        Ok(certificate)
    }

    /// Signs a list as `rcgen` writes it.
    pub(crate) fn sign_list(
        &self,
        parameters: &CertificateRevocationListParams,
    ) -> Result<CertificateRevocationList, IssueError> {
        Ok(parameters.signed_by(&self.issuer)?)
    }

    fn check(&self, profile: &Profile, validity: &Validity) -> Result<(), IssueError> {
        let issuer = || self.certificate.subject.clone();
        if validity.not_before >= validity.not_after {
            return Err(IssueError::Expired { issuer: issuer() });
        }
        if let Some(below) = profile.path_len() {
            let own = self
                .certificate
                .authority
                .and_then(|constraints| constraints.path_len);
            if own.is_some_and(|own| u32::from(below) >= own) {
                return Err(IssueError::PathTooLong { issuer: issuer() });
            }
        }
        let Some(constraints) = &self.certificate.name_constraints else {
            return Ok(());
        };
        for name in profile.names().iter().cloned().map(AlternativeName::from) {
            if !constraints.permits(&name) {
                return Err(IssueError::OutsideConstraints {
                    name: name.to_string(),
                    issuer: issuer(),
                });
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("subject", &self.certificate.subject)
            .finish_non_exhaustive()
    }
}

/// Why a certificate or a CRL was not signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// What was signed is not what was asked for.
    #[error(
        "the certificate for `{subject}` came out with another issuer or key than asked for: do not use this authority"
    )]
    Distorted {
        /// The subject asked for.
        subject: String,
    },
    /// A list that was signed is not what was asked for.
    #[error(
        "the CRL of `{subject}` came out with another issuer or other entries than asked for: do not use this authority"
    )]
    DistortedCrl {
        /// The authority.
        subject: String,
    },
    /// The authority's own validity has ended or not begun.
    #[error("`{issuer}` is not valid at the time asked for: rotate it first, or check the clock")]
    Expired {
        /// The authority.
        issuer: String,
    },
    /// The signed octets cannot be read again.
    #[error(transparent)]
    Malformed(#[from] InvalidCertificate),
    /// A signed list cannot be read again.
    #[error(transparent)]
    MalformedCrl(#[from] InvalidCrl),
    /// The authority may not sign lists.
    #[error("`{subject}` may not sign a CRL: its keyUsage lacks cRLSign")]
    NotACrlIssuer {
        /// The authority.
        subject: String,
    },
    /// The certificate is a leaf.
    #[error("`{subject}` is not an authority: its basicConstraints lack cA")]
    NotAnAuthority {
        /// The certificate's subject.
        subject: String,
    },
    /// The key does not belong to the certificate.
    #[error("the key is not the one that `{subject}` certifies")]
    OtherKey {
        /// The certificate's subject.
        subject: String,
    },
    /// A name that the authority may not sign.
    #[error("`{name}` lies outside the name constraints of `{issuer}`")]
    OutsideConstraints {
        /// The name.
        name: String,
        /// The authority.
        issuer: String,
    },
    /// The authority may not have such an authority below it.
    #[error("the path length of `{issuer}` leaves no room for another authority below it")]
    PathTooLong {
        /// The authority.
        issuer: String,
    },
    /// The cryptographic library failed.
    #[error("the certificate could not be made: {0}")]
    Provider(#[from] rcgen::Error),
    /// The operating system has no random numbers to give.
    #[error("the operating system gave no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}
