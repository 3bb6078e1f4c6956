//! Authorities: a certificate with its key, ready to sign.

use std::fmt;

use rcgen::{
    CertificateParams, CertificateRevocationList, CertificateRevocationListParams, Issuer,
};
use rustls_pki_types::CertificateDer;

use crate::certificate::{AlternativeName, Certificate, InvalidCertificate};
use crate::crl::InvalidCrl;
use crate::csr::InvalidRequest;
use crate::key::{PrivateKey, PublicKey, WeakKey};
use crate::lifetime::Validity;
use crate::profile::Profile;
use crate::serial::Serial;
use crate::signer::{Adapter, Certified, Nothing, SignError, SignatureAlgorithm, Signer};

/// A certificate authority that can sign.
pub struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, Adapter<Key>>,
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
        Self::self_signed_by(profile, Key::Here(key), validity)
    }

    /// The same with a key that is elsewhere.
    ///
    /// # Errors
    ///
    /// The same, and when the signer does not sign or signs with another key.
    pub fn self_signed_with(
        profile: &Profile,
        signer: Box<dyn Signer>,
        validity: Validity,
    ) -> Result<Self, IssueError> {
        Self::self_signed_by(profile, Key::Elsewhere(signer), validity)
    }

    /// Joins an authority's certificate with its key.
    ///
    /// # Errors
    ///
    /// When the key is another one's, or the certificate is not an authority's or has a name
    /// that would not be written back as it is.
    pub fn new(certificate: Certificate, key: PrivateKey) -> Result<Self, IssueError> {
        Self::joined(certificate, Key::Here(key).adapter()?)
    }

    /// Joins an authority's certificate with a key that is elsewhere. What it signs is verified
    /// before it is used.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn with_signer(
        certificate: Certificate,
        signer: Box<dyn Signer>,
    ) -> Result<Self, IssueError> {
        Self::joined(certificate, Key::Elsewhere(signer).adapter()?)
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its key, if that is here.
    pub fn key(&self) -> Option<&PrivateKey> {
        match self.issuer.key().signer() {
            Key::Elsewhere(_) => None,
            Key::Here(key) => Some(key),
        }
    }

    /// Has the key sign something that is no certificate, to see that it can be reached.
    ///
    /// # Errors
    ///
    /// When it does not sign, or another key does.
    pub(crate) fn try_key(&self) -> Result<(), IssueError> {
        let key = self.issuer.key();
        let signed = rcgen::SigningKey::sign(key, b"etcdpki: is the key there?");
        signed.map(|_| ()).map_err(|error| reason(key, error))
    }

    /// Signs a certificate for `key`, its validity cut to this authority's.
    ///
    /// # Errors
    ///
    /// When this authority may not sign it: a name outside its constraints, an authority deeper
    /// than its path length, a validity past its end, a key that is too weak. When the signed
    /// certificate, read again, is not what was asked for.
    pub fn issue(
        &self,
        profile: &Profile,
        key: &PublicKey,
        validity: Validity,
    ) -> Result<Certificate, IssueError> {
        let certified = Certified::new(key)?;
        let validity = validity.clamped_to(&self.certificate.validity);
        self.check(profile, &validity)?;
        let mut parameters = profile.parameters(key, &Serial::random()?, &validity)?;
        parameters.use_authority_key_identifier_extension =
            self.certificate.subject_key_identifier.is_some();
        let signed = parameters
            .signed_by(&certified, &self.issuer)
            .map_err(|error| reason(self.issuer.key(), error))?;
        let certificate = Certificate::from_der(signed.der())?;
        if certificate.public_key != *key && !certified.is_written_back() {
            return Err(rcgen::Error::UnsupportedSignatureAlgorithm.into());
        }
        if !certificate.names_issuer(&self.certificate) || certificate.public_key != *key {
            return Err(IssueError::Distorted {
                subject: profile.subject().to_string(),
            });
        }
        Ok(certificate)
    }

    /// Signs a certificate for its own key and under its own name, as a root does, that may hold
    /// longer than the one it has.
    ///
    /// # Errors
    ///
    /// When its key does not sign.
    pub fn sign_itself(
        &self,
        profile: &Profile,
        validity: Validity,
    ) -> Result<Certificate, IssueError> {
        let key = self.issuer.key();
        let public_key = key.signer().public_key();
        let parameters = profile.parameters(public_key, &Serial::random()?, &validity)?;
        let signed = parameters
            .self_signed(key)
            .map_err(|error| reason(key, error))?;
        Ok(Certificate::from_der(signed.der())?)
    }

    fn self_signed_by(profile: &Profile, key: Key, validity: Validity) -> Result<Self, IssueError> {
        let parameters = profile.parameters(key.public_key(), &Serial::random()?, &validity)?;
        let adapter = key.adapter()?;
        let certificate = parameters
            .self_signed(&adapter)
            .map_err(|error| reason(&adapter, error))?;
        Self::joined(Certificate::from_der(certificate.der())?, adapter)
    }

    fn joined(certificate: Certificate, key: Adapter<Key>) -> Result<Self, IssueError> {
        check_authority(&certificate)?;
        if certificate.public_key != *key.signer().public_key() {
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
        for name in profile.names().iter().cloned().map(AlternativeName::from) {
            if !self.certificate.may_sign(&name) {
                return Err(IssueError::OutsideConstraints {
                    name: name.to_string(),
                    issuer: issuer(),
                });
            }
        }
        Ok(())
    }
}

/// Whether a certificate can be an authority of ours.
///
/// # Errors
///
/// When it is a leaf's, may not sign certificates, or has a name that would not be written back as
/// it is.
pub(crate) fn check_authority(certificate: &Certificate) -> Result<(), IssueError> {
    let subject = || certificate.subject.clone();
    if certificate.authority.is_none() {
        return Err(IssueError::NotAnAuthority { subject: subject() });
    }
    let usages = &certificate.key_usages;
    if !usages.is_empty() && !usages.contains(&"keyCertSign") {
        return Err(IssueError::MayNotSign { subject: subject() });
    }
    match keeps_its_name(certificate)? {
        true => Ok(()),
        false => Err(IssueError::Name { subject: subject() }),
    }
}

/// Whether the certificate's subject comes out octet by octet as the issuer of what it signs.
///
/// `rcgen` keeps a name as a map, so that of a repeated attribute (`DC=com, DC=example`) one would
/// be lost, and it may choose another string type.
fn keeps_its_name(certificate: &Certificate) -> Result<bool, IssueError> {
    let der = CertificateDer::from(certificate.der());
    let Ok(issuer) = Issuer::from_ca_cert_der(&der, Nothing) else {
        return Ok(false);
    };
    let mut parameters = CertificateParams::default();
    parameters.serial_number = Some(1_u64.into());
    let trial = parameters.signed_by(&Nothing, &issuer)?;
    Ok(Certificate::from_der(trial.der())?.names_issuer(certificate))
}

enum Key {
    Elsewhere(Box<dyn Signer>),
    Here(PrivateKey),
}

impl Key {
    fn adapter(self) -> Result<Adapter<Self>, IssueError> {
        let here = matches!(self, Self::Here(_));
        Ok(Adapter::new(self, here)?)
    }
}

impl Signer for Key {
    fn public_key(&self) -> &PublicKey {
        match self {
            Self::Elsewhere(signer) => signer.public_key(),
            Self::Here(key) => key.public(),
        }
    }

    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match self {
            Self::Elsewhere(signer) => signer.sign(algorithm, message),
            Self::Here(key) => key.sign(algorithm, message),
        }
    }
}

/// The signer's own reason, where it failed.
fn reason<S: Signer>(key: &Adapter<S>, error: rcgen::Error) -> IssueError {
    match key.take_failure() {
        Some(failure) => failure.into(),
        None => error.into(),
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
    /// The authority's keyUsage lacks keyCertSign.
    #[error(
        "`{subject}` may not sign certificates: its keyUsage lacks keyCertSign, have it made anew with that"
    )]
    MayNotSign {
        /// The certificate's subject.
        subject: String,
    },
    /// The authority's name is not one that can be written back.
    #[error(
        "the name `{subject}` would come out changed in what it signs, so that no path would hold: an attribute stands in it twice, or in a rare encoding; such an authority cannot be used"
    )]
    Name {
        /// The certificate's subject.
        subject: String,
    },
    /// The authority may not sign lists.
    #[error(
        "`{subject}` may not sign a CRL, so nothing that it signs could be revoked: its keyUsage lacks cRLSign, have it made anew with that"
    )]
    NotACrlIssuer {
        /// The authority.
        subject: String,
    },
    /// The certificate is a leaf.
    #[error(
        "`{subject}` is not an authority: its basicConstraints lack cA, give the certificate of one"
    )]
    NotAnAuthority {
        /// The certificate's subject.
        subject: String,
    },
    /// The key does not belong to the certificate.
    #[error("the key is not the one that `{subject}` certifies: give the one that belongs to it")]
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
    #[error(
        "the path length of `{issuer}` leaves no room for another authority below it: set `levels` or `issuing` of authorities back, or have it made anew with a longer one"
    )]
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
    /// The request that was made cannot be read again.
    #[error(transparent)]
    Request(#[from] InvalidRequest),
    /// The signer did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The key is too weak to be certified.
    #[error(transparent)]
    Weak(#[from] WeakKey),
}
