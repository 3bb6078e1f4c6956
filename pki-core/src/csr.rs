//! Certification requests (PKCS#10, RFC 2986): read, held against a policy, and made.
//!
//! A request proves that somebody holds a key, and no more. What the certificate says is decided
//! by a [`Policy`]: the role that the operator named, the names that the description or the
//! operator allows. Its owner is named by the operator, or by the request where that is nobody in
//! particular ([`CertificateRequest::owner`]). Whatever else a request asks for is refused or dropped, never granted.

mod owner;
mod policy;

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;

pub use owner::NoOwner;
pub use policy::{Decision, Excess, Policy, PolicyError};

use crate::certificate::{AlternativeName, AuthorityConstraints, common_name, name_text};
use crate::key::{PublicKey, PublicKeyKind, WeakKey};
use crate::pem::{self, InvalidBlock};
use crate::verify;

/// A certification request whose signature is its own key's, and whose key is fit to be certified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertificateRequest {
    der: Vec<u8>,
    /// The subject asked for, as text.
    pub subject: String,
    /// The last common name of the subject.
    pub common_name: Option<String>,
    /// The key, octet by octet as it stands in the request.
    pub public_key: PublicKey,
    /// What kind of key that is.
    pub kind: PublicKeyKind,
    /// The subject alternative names asked for.
    pub names: Vec<AlternativeName>,
    /// The basicConstraints asked for, if with cA.
    pub authority: Option<AuthorityConstraints>,
    /// Every other extension and attribute: by its name in RFC 5280, or as dotted numbers.
    pub others: Vec<String>,
}

impl CertificateRequest {
    /// Reads a request: one PEM block, `CERTIFICATE REQUEST` or with `NEW` before it, or DER.
    ///
    /// # Errors
    ///
    /// When it is not exactly one request, is not signed with its own key, or its key is too weak.
    pub fn read(content: &[u8]) -> Result<Self, InvalidRequest> {
        if content.first() == Some(&DER_SEQUENCE) {
            return Self::from_der(content);
        }
        let blocks = pem::read(content)?;
        let labels = [pem::CERTIFICATE_REQUEST, pem::NEW_CERTIFICATE_REQUEST];
        let mut requests = blocks
            .iter()
            .filter(|block| labels.contains(&block.label.as_str()));
        match (requests.next(), requests.next()) {
            (Some(_), Some(_)) => Err(InvalidRequest::Several),
            (Some(request), None) => Self::from_der(&request.content),
            (None, _) => Err(InvalidRequest::Missing),
        }
    }

    /// Reads a request from DER.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidRequest> {
        let parsed = match X509CertificationRequest::from_der(der) {
            Ok(([], parsed)) => parsed,
            Ok(_) => return Err(InvalidRequest::Malformed("octets follow it".to_owned())),
            Err(error) => {
                let why = pem::instead_of_der(der, "CertificateRequest::read", error);
                return Err(InvalidRequest::Malformed(why));
            }
        };
        let info = &parsed.certification_request_info;
        let public_key = PublicKey::from_spki_der(info.subject_pki.raw)?;
        if !is_self_signed(&parsed, &public_key) {
            return Err(InvalidRequest::Signature);
        }
        let mut request = Self {
            der: der.to_vec(),
            subject: name_text(&info.subject),
            common_name: common_name(&info.subject),
            kind: public_key.kind()?,
            public_key,
            names: Vec::new(),
            authority: None,
            others: Vec::new(),
        };
        for attribute in info.iter_attributes() {
            match attribute.parsed_attribute() {
                ParsedCriAttribute::ExtensionRequest(asked) => {
                    for extension in &asked.extensions {
                        request.read_extension(extension)?;
                    }
                }
                ParsedCriAttribute::ChallengePassword(_) => {
                    request.others.push("challengePassword".to_owned());
                }
                _ => request.others.push(attribute.oid.to_id_string()),
            }
        }
        Ok(request)
    }

    /// The request as DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The request as a PEM block.
    pub fn to_pem(&self) -> String {
        pem::encode(pem::CERTIFICATE_REQUEST, &self.der)
    }

    fn read_extension(&mut self, extension: &X509Extension<'_>) -> Result<(), InvalidRequest> {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(asked) => {
                let names = asked.general_names.iter();
                self.names.extend(names.map(AlternativeName::from_general));
            }
            ParsedExtension::BasicConstraints(basic) => {
                self.authority = basic.ca.then_some(AuthorityConstraints {
                    path_len: basic.path_len_constraint,
                });
            }
            // Silence about names that nobody could read would look like consent.
            ParsedExtension::ParseError { .. } if extension.oid.to_id_string() == SAN => {
                return Err(InvalidRequest::Malformed(
                    "its subject alternative names cannot be read".to_owned(),
                ));
            }
            _ => self
                .others
                .push(extension_name(&extension.oid.to_id_string())),
        }
        Ok(())
    }
}

/// Octets that are no request that can be answered.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRequest {
    /// A PEM block is cut or holds characters that are not base64.
    #[error(transparent)]
    Damaged(#[from] InvalidBlock),
    /// The octets are not a request.
    #[error("not a certification request (PKCS#10): {0}")]
    Malformed(String),
    /// No request at all.
    #[error("no `-----BEGIN CERTIFICATE REQUEST-----` block in it")]
    Missing,
    /// More than one request.
    #[error("more than one request in it: give them one at a time")]
    Several,
    /// The signature is not that of the key in the request.
    #[error(
        "its signature is not that of its own key, or is made with a digest too weak to count (SHA-1): have the request made again"
    )]
    Signature,
    /// The key is too weak.
    #[error(transparent)]
    Weak(#[from] WeakKey),
}

/// The digest may be any that path validation takes: it need not go with the curve.
fn is_self_signed(parsed: &X509CertificationRequest<'_>, key: &PublicKey) -> bool {
    let algorithm = verify::oid_der(parsed.signature_algorithm.algorithm.as_bytes());
    let message = parsed.certification_request_info.raw;
    verify::verifies(key, &algorithm, message, &parsed.signature_value.data)
}

fn extension_name(oid: &str) -> String {
    let name = match oid {
        "2.5.29.14" => "subjectKeyIdentifier",
        "2.5.29.15" => "keyUsage",
        "2.5.29.30" => "nameConstraints",
        "2.5.29.31" => "cRLDistributionPoints",
        "2.5.29.32" => "certificatePolicies",
        "2.5.29.35" => "authorityKeyIdentifier",
        "2.5.29.37" => "extKeyUsage",
        "1.3.6.1.5.5.7.1.1" => "authorityInfoAccess",
        "1.3.6.1.5.5.7.1.24" => "tlsfeature",
        other => other,
    };
    name.to_owned()
}

/// The first octet of every request as DER.
const DER_SEQUENCE: u8 = 0x30;
const SAN: &str = "2.5.29.17";
