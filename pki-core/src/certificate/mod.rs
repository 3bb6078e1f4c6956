//! X.509 certificates, read once into plain values.

pub mod bundle;
pub(crate) mod encoding;
mod names;

use std::fmt::Write as _;

use time::OffsetDateTime;
use x509_parser::asn1_rs::Oid;
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate, X509Name};

use bundle::InvalidPem;
pub(crate) use encoding::Encoding;
pub use names::{AlternativeName, ExtendedKeyUsage, NameConstraints};

use crate::key::{Fingerprint, PublicKey};
use crate::lifetime::Validity;
use crate::pem;
use crate::role::Usage;
use crate::text::printable;
use crate::verify;

/// An X.509 certificate (RFC 5280 section 4.1). Reading it checks its form, not its signature;
/// [`crate::lint`] checks what a form can hold and must not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    der: Vec<u8>,
    /// The subject as text, most significant attribute first.
    pub subject: String,
    /// The last common name of the subject.
    pub common_name: Option<String>,
    /// The issuer as text.
    pub issuer: String,
    /// The serial number, most significant octet first.
    pub serial: Vec<u8>,
    /// When it holds.
    pub validity: Validity,
    /// The certified key.
    pub public_key: PublicKey,
    /// The certified key's algorithm as text, such as `P-256`.
    pub key_algorithm: String,
    /// The basicConstraints extension with cA true.
    pub authority: Option<AuthorityConstraints>,
    /// The keyUsage bits that are set, by their names in RFC 5280.
    pub key_usages: Vec<&'static str>,
    /// The extended key usages; those that etcd does not know as dotted numbers.
    pub extended_key_usages: Vec<ExtendedKeyUsage>,
    /// The subject alternative names.
    pub alternative_names: Vec<AlternativeName>,
    /// The permitted subtrees of the nameConstraints extension.
    pub name_constraints: Option<NameConstraints>,
    /// The excluded subtrees of the nameConstraints extension.
    pub excluded_names: Option<NameConstraints>,
    /// The subject key identifier.
    pub subject_key_identifier: Option<Vec<u8>>,
    /// The authority key identifier.
    pub authority_key_identifier: Option<Vec<u8>>,
    /// How it is written.
    pub(crate) encoding: Encoding,
    raw_subject: Vec<u8>,
    raw_issuer: Vec<u8>,
}

impl Certificate {
    /// Reads a certificate from DER; [`from_pem`](Self::from_pem) reads PEM.
    ///
    /// # Errors
    ///
    /// When the octets are not exactly one X.509 certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidCertificate> {
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|error| {
            let why = pem::instead_of_der(der, "Certificate::from_pem or bundle::read", error);
            InvalidCertificate(format!("not an X.509 certificate: {why}"))
        })?;
        if !rest.is_empty() {
            return Err(InvalidCertificate(
                "octets follow the certificate".to_owned(),
            ));
        }
        let mut certificate = Self {
            der: der.to_vec(),
            subject: name_text(&parsed.subject),
            common_name: common_name(&parsed.subject),
            issuer: name_text(&parsed.issuer),
            serial: parsed.serial.to_bytes_be(),
            validity: Validity {
                not_before: instant(parsed.validity.not_before.timestamp())?,
                not_after: instant(parsed.validity.not_after.timestamp())?,
            },
            public_key: PublicKey::from_parts(
                parsed.public_key().raw.to_vec(),
                parsed.public_key().subject_public_key.data.to_vec(),
            ),
            key_algorithm: key_algorithm(&parsed),
            authority: None,
            key_usages: Vec::new(),
            extended_key_usages: Vec::new(),
            alternative_names: Vec::new(),
            name_constraints: None,
            excluded_names: None,
            subject_key_identifier: None,
            authority_key_identifier: None,
            encoding: Encoding::of(&parsed),
            raw_subject: parsed.subject.as_raw().to_vec(),
            raw_issuer: parsed.issuer.as_raw().to_vec(),
        };
        for extension in parsed.extensions() {
            certificate.read_extension(extension.parsed_extension())?;
        }
        Ok(certificate)
    }

    /// Reads the one certificate of a PEM text; other blocks and text around them are passed over.
    /// [`bundle::read`] reads a chain.
    ///
    /// # Errors
    ///
    /// When there is none, or more than one, or it cannot be read.
    pub fn from_pem(text: &[u8]) -> Result<Self, InvalidPem> {
        let mut certificates = bundle::read(text)?;
        match (certificates.pop(), certificates.len()) {
            (Some(certificate), 0) => Ok(certificate),
            (None, _) => Err(InvalidPem::Missing),
            (Some(_), others) => Err(InvalidPem::Several { number: others + 1 }),
        }
    }

    /// The certificate as DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate as a PEM block.
    pub fn to_pem(&self) -> String {
        pem::encode(pem::CERTIFICATE, &self.der)
    }

    /// The SHA-256 of the certificate.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.der)
    }

    /// The serial number in hexadecimal.
    pub fn serial_text(&self) -> String {
        const_hex::encode(&self.serial)
    }

    /// Whether subject and issuer are the same name.
    pub fn is_self_issued(&self) -> bool {
        self.raw_subject == self.raw_issuer
    }

    /// Whether `issuer`'s subject is this certificate's issuer, octet by octet.
    pub fn names_issuer(&self, issuer: &Self) -> bool {
        self.raw_issuer == issuer.raw_subject
    }

    /// Whether `issuer` signed this certificate, going by names and key identifiers; where one of
    /// the identifiers is missing, by the signature.
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        let identifiers = (
            &self.authority_key_identifier,
            &issuer.subject_key_identifier,
        );
        self.names_issuer(issuer)
            && match identifiers {
                (Some(own), Some(its)) => own == its,
                _ => verify::is_signed_by(self, issuer),
            }
    }

    /// Whether it certifies the same name and key, whoever signed the one and the other: what the
    /// one signed holds under the other.
    pub fn is_twin_of(&self, other: &Self) -> bool {
        self.raw_subject == other.raw_subject && self.public_key == other.public_key
    }

    /// Whether its keyUsage, if it has one, lets it sign revocation lists.
    pub(crate) fn signs_lists(&self) -> bool {
        self.key_usages.is_empty() || self.key_usages.contains(&"cRLSign")
    }

    /// Whether `name`, a distinguished name as DER, is this certificate's subject.
    pub(crate) fn is_named(&self, name: &[u8]) -> bool {
        self.raw_subject == name
    }

    /// What was signed, the object identifier of the algorithm as DER, and the signature.
    pub(crate) fn signed_parts(&self) -> Option<(Vec<u8>, Vec<u8>, Vec<u8>)> {
        let (_, parsed) = X509Certificate::from_der(&self.der).ok()?;
        let algorithm = verify::oid_der(parsed.signature_algorithm.algorithm.as_bytes());
        let message = parsed.tbs_certificate.as_ref().to_vec();
        Some((message, algorithm, parsed.signature_value.data.to_vec()))
    }

    /// Whether this authority's name constraints let it sign `name`.
    pub(crate) fn may_sign(&self, name: &AlternativeName) -> bool {
        let permitted = self.name_constraints.as_ref();
        let excluded = self.excluded_names.as_ref();
        permitted.is_none_or(|constraints| constraints.permits(name))
            && !excluded.is_some_and(|constraints| constraints.lists(name))
    }

    /// Whether every extended key usage in `usages`, and no other, is present.
    pub(crate) fn has_exactly(&self, usages: &[Usage]) -> bool {
        self.extended_key_usages.len() == usages.len()
            && usages.iter().all(|usage| {
                self.extended_key_usages
                    .contains(&ExtendedKeyUsage::Known(*usage))
            })
    }

    fn read_extension(
        &mut self,
        extension: &ParsedExtension<'_>,
    ) -> Result<(), InvalidCertificate> {
        match extension {
            ParsedExtension::BasicConstraints(basic) if basic.ca => {
                self.authority = Some(AuthorityConstraints {
                    path_len: basic.path_len_constraint,
                });
            }
            ParsedExtension::KeyUsage(usage) => {
                self.key_usages = KEY_USAGES
                    .iter()
                    .enumerate()
                    .filter(|(bit, _)| usage.flags >> bit & 1 == 1)
                    .map(|(_, name)| *name)
                    .collect();
            }
            ParsedExtension::ExtendedKeyUsage(usage) => {
                self.extended_key_usages = [
                    (
                        usage.server_auth,
                        ExtendedKeyUsage::Known(Usage::ServerAuth),
                    ),
                    (
                        usage.client_auth,
                        ExtendedKeyUsage::Known(Usage::ClientAuth),
                    ),
                    (
                        usage.any,
                        ExtendedKeyUsage::Other("anyExtendedKeyUsage".to_owned()),
                    ),
                    (
                        usage.code_signing,
                        ExtendedKeyUsage::Other("codeSigning".to_owned()),
                    ),
                    (
                        usage.email_protection,
                        ExtendedKeyUsage::Other("emailProtection".to_owned()),
                    ),
                    (
                        usage.time_stamping,
                        ExtendedKeyUsage::Other("timeStamping".to_owned()),
                    ),
                    (
                        usage.ocsp_signing,
                        ExtendedKeyUsage::Other("OCSPSigning".to_owned()),
                    ),
                ]
                .into_iter()
                .filter_map(|(present, usage)| present.then_some(usage))
                .chain(
                    usage
                        .other
                        .iter()
                        .map(|oid| ExtendedKeyUsage::Other(dotted(oid))),
                )
                .collect();
            }
            ParsedExtension::SubjectAlternativeName(names) => {
                self.alternative_names = names
                    .general_names
                    .iter()
                    .map(AlternativeName::from_general)
                    .collect();
            }
            ParsedExtension::NameConstraints(constraints) => {
                let permitted = constraints.permitted_subtrees.iter().flatten();
                self.name_constraints = Some(NameConstraints::permitting(
                    permitted.map(|subtree| &subtree.base),
                )?);
                if let Some(excluded) = &constraints.excluded_subtrees {
                    let excluded = excluded.iter().map(|subtree| &subtree.base);
                    self.excluded_names = Some(NameConstraints::permitting(excluded)?);
                }
            }
            ParsedExtension::SubjectKeyIdentifier(id) => {
                self.subject_key_identifier = Some(id.0.to_vec());
            }
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                self.authority_key_identifier = id.key_identifier.as_ref().map(|id| id.0.to_vec());
            }
            _ => {}
        }
        Ok(())
    }
}

/// What a certificate authority may sign below itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AuthorityConstraints {
    /// How many authorities may follow it in a path; none is no limit.
    pub path_len: Option<u32>,
}

/// Octets that are not a certificate.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidCertificate(String);

fn instant(timestamp: i64) -> Result<OffsetDateTime, InvalidCertificate> {
    OffsetDateTime::from_unix_timestamp(timestamp)
        .map_err(|_| InvalidCertificate("its validity is out of range".to_owned()))
}

/// Attributes as `O=…, CN=…`; a name without any is `(empty)`.
pub(crate) fn name_text(name: &X509Name<'_>) -> String {
    match name.iter_attributes().next() {
        Some(_) => printable(&name.to_string()),
        None => "(empty)".to_owned(),
    }
}

/// The last common name, which Go and with it etcd takes for the name of a client.
pub(crate) fn common_name(name: &X509Name<'_>) -> Option<String> {
    let last = name.iter_common_name().last()?;
    last.as_str().ok().map(printable)
}

/// An object identifier as dotted numbers.
fn dotted(oid: &Oid<'_>) -> String {
    let Some(numbers) = oid.iter() else {
        return oid.to_id_string();
    };
    let mut text = String::with_capacity(24);
    for number in numbers {
        if !text.is_empty() {
            text.push('.');
        }
        let _ = write!(text, "{number}");
    }
    text
}

fn key_algorithm(certificate: &X509Certificate<'_>) -> String {
    let key = certificate.public_key();
    let oid = dotted(&key.algorithm.algorithm);
    let curve = key
        .algorithm
        .parameters
        .as_ref()
        .and_then(|parameters| parameters.as_oid().ok());
    match (oid.as_str(), curve.map(|curve| dotted(&curve)).as_deref()) {
        ("1.2.840.10045.2.1", Some("1.2.840.10045.3.1.7")) => "P-256".to_owned(),
        ("1.2.840.10045.2.1", Some("1.3.132.0.34")) => "P-384".to_owned(),
        ("1.2.840.10045.2.1", Some("1.3.132.0.35")) => "P-521".to_owned(),
        ("1.3.101.112", _) => "Ed25519".to_owned(),
        ("1.2.840.113549.1.1.1", _) => match key.parsed() {
            Ok(parsed) => format!("RSA {}", parsed.key_size()),
            Err(_) => "RSA".to_owned(),
        },
        (other, _) => other.to_owned(),
    }
}

/// The bits of keyUsage in their order (RFC 5280 section 4.2.1.3).
const KEY_USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::Authority;
    use crate::key::{KeyAlgorithm, PrivateKey};
    use crate::profile::{Profile, Subject};

    #[test]
    fn identifiers_are_dotted_numbers() {
        for text in [
            "2.5.29.17",
            "1.3.6.1.4.1.99999.1",
            "0.9.2342.19200300.100.1.25",
            "1.3.101.112",
        ] {
            let oid: Oid<'_> = text.parse().unwrap();
            assert_eq!(dotted(&oid), text);
        }
        // A number that no machine word holds.
        let long = [&[0x69][..], &[0xff; 12], &[0x7f]].concat();
        let oid = Oid::new(long.into());
        assert_eq!(dotted(&oid), oid.to_id_string());
    }

    #[test]
    fn pem_is_read_as_pem_and_named_where_der_is_wanted() {
        let profile = Profile::authority(Subject::common("root"), 0, None);
        let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        let validity = Validity {
            not_before: OffsetDateTime::UNIX_EPOCH,
            not_after: OffsetDateTime::UNIX_EPOCH + time::Duration::DAY,
        };
        let root = Authority::self_signed(&profile, key, validity).unwrap();
        let certificate = root.certificate().clone();
        let text = format!("0 of 1\n{}", certificate.to_pem());
        assert_eq!(Certificate::from_pem(text.as_bytes()).unwrap(), certificate);
        let error = Certificate::from_der(text.as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "not an X.509 certificate: it is PEM, not DER: read it with Certificate::from_pem or \
             bundle::read"
        );
        let two = bundle::write([&certificate, &certificate]);
        let error = Certificate::from_pem(two.as_bytes()).unwrap_err();
        assert!(
            matches!(error, InvalidPem::Several { number: 2 }),
            "{error}"
        );
        let error = Certificate::from_pem(certificate.der()).unwrap_err();
        assert!(matches!(error, InvalidPem::Missing), "{error}");
    }

    #[test]
    fn rubbish_is_refused() {
        assert!(Certificate::from_der(b"").is_err());
        assert!(Certificate::from_der(&[0x30, 0x03, 0x02, 0x01, 0x01]).is_err());
    }
}
