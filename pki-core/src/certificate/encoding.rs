//! How a certificate is written, where that matters besides what it says.

use super::dotted;
use x509_parser::prelude::{GeneralName, ParsedExtension, X509Certificate, X509Extension};

/// The parts of a certificate's DER that no other value of it tells.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub(crate) struct Encoding {
    /// The version: 3 for every certificate that has extensions.
    pub(crate) version: u32,
    /// The content octets of the serial number: two's complement, so that 0x80 and above in the
    /// first is a negative number.
    pub(crate) serial: Vec<u8>,
    /// The signature algorithm, as dotted numbers.
    pub(crate) signature_algorithm: String,
    /// Whether the signed part names the same signature algorithm as the part beside it.
    pub(crate) algorithms_agree: bool,
    /// Whether the beginning of validity is a GeneralizedTime, not a UTCTime.
    pub(crate) not_before_generalized: bool,
    /// Whether the end of validity is a GeneralizedTime, not a UTCTime.
    pub(crate) not_after_generalized: bool,
    /// Whether it has an issuerUniqueID or subjectUniqueID.
    pub(crate) unique_identifiers: bool,
    /// The attributes of the subject, in their order.
    pub(crate) subject: Vec<Attribute>,
    /// Whether the issuer has no attributes.
    pub(crate) issuer_empty: bool,
    /// The modulus of an RSA key, in bits.
    pub(crate) rsa_bits: Option<usize>,
    /// Every extension, in its order, repetitions too.
    pub(crate) extensions: Vec<Extension>,
    /// Whether basicConstraints has a path length without cA.
    pub(crate) path_len_without_authority: bool,
    /// Whether the authority key identifier names the issuer's issuer and serial.
    pub(crate) authority_key_identifier_names_issuer: bool,
    /// The serial number of its issuer's certificate, where the authority key identifier names it.
    pub(crate) authority_serial: Option<Vec<u8>>,
    /// How many subject alternative names are not what their type asks for.
    pub(crate) malformed_names: usize,
    /// The types of names constrained besides DNS names and addresses.
    pub(crate) other_constraints: Vec<&'static str>,
}

impl Encoding {
    /// Reads it.
    pub(super) fn of(parsed: &X509Certificate<'_>) -> Self {
        let key = parsed.public_key();
        let mut encoding = Self {
            version: parsed.version().0.saturating_add(1),
            serial: parsed.raw_serial().to_vec(),
            signature_algorithm: dotted(&parsed.signature_algorithm.algorithm),
            algorithms_agree: parsed.signature_algorithm == parsed.signature,
            not_before_generalized: parsed.validity.not_before.is_generalizedtime(),
            not_after_generalized: parsed.validity.not_after.is_generalizedtime(),
            unique_identifiers: parsed.issuer_uid.is_some() || parsed.subject_uid.is_some(),
            issuer_empty: parsed.issuer.iter_attributes().next().is_none(),
            subject: parsed
                .subject
                .iter_attributes()
                .map(|attribute| Attribute {
                    oid: dotted(attribute.attr_type()),
                    characters: String::from_utf8_lossy(attribute.as_slice())
                        .chars()
                        .count(),
                })
                .collect(),
            rsa_bits: match key.parsed() {
                Ok(x509_parser::public_key::PublicKey::RSA(key)) => Some(key.key_size()),
                _ => None,
            },
            ..Self::default()
        };
        for extension in parsed.extensions() {
            encoding.extension(extension);
        }
        encoding
    }

    /// The extension with this identifier.
    pub(crate) fn extension_with(&self, oid: &str) -> Option<&Extension> {
        self.extensions
            .iter()
            .find(|extension| extension.oid == oid)
    }

    fn extension(&mut self, extension: &X509Extension<'_>) {
        self.extensions.push(Extension {
            oid: dotted(&extension.oid),
            critical: extension.critical,
            form: match extension.parsed_extension() {
                ParsedExtension::ParseError { .. } => Form::Malformed,
                ParsedExtension::UnsupportedExtension { .. } | ParsedExtension::Unparsed => {
                    Form::Unknown
                }
                _ => Form::Known,
            },
        });
        match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(basic) => {
                self.path_len_without_authority = !basic.ca && basic.path_len_constraint.is_some();
            }
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                self.authority_key_identifier_names_issuer =
                    id.authority_cert_issuer.is_some() || id.authority_cert_serial.is_some();
                self.authority_serial = id.authority_cert_serial.map(<[u8]>::to_vec);
            }
            ParsedExtension::SubjectAlternativeName(names) => {
                self.malformed_names = names.general_names.iter().filter(is_malformed).count();
            }
            ParsedExtension::NameConstraints(constraints) => {
                let both = [
                    &constraints.permitted_subtrees,
                    &constraints.excluded_subtrees,
                ];
                let subtrees = both.into_iter().flatten().flatten();
                self.other_constraints =
                    subtrees.filter_map(|tree| other_type(&tree.base)).collect();
            }
            _ => {}
        }
    }
}

/// An attribute of a name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Attribute {
    /// Its type, as dotted numbers.
    pub(crate) oid: String,
    /// The length of its value, in characters.
    pub(crate) characters: usize,
}

/// An extension.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Extension {
    /// Its identifier, as dotted numbers.
    pub(crate) oid: String,
    /// Whether who does not know it must refuse the certificate.
    pub(crate) critical: bool,
    /// What could be made of it.
    pub(crate) form: Form,
}

/// What could be made of an extension.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    /// It is one of RFC 5280, and well formed.
    Known,
    /// It is one of RFC 5280, and cannot be read.
    Malformed,
    /// It is another one.
    Unknown,
}

fn is_malformed(name: &&GeneralName<'_>) -> bool {
    match name {
        GeneralName::IPAddress(octets) => octets.len() != 4 && octets.len() != 16,
        GeneralName::DNSName(name) | GeneralName::RFC822Name(name) | GeneralName::URI(name) => {
            !name.is_ascii()
        }
        GeneralName::Invalid(..) => true,
        _ => false,
    }
}

fn other_type(name: &GeneralName<'_>) -> Option<&'static str> {
    match name {
        GeneralName::DNSName(_) | GeneralName::IPAddress(_) => None,
        GeneralName::DirectoryName(_) => Some("directoryName"),
        GeneralName::RFC822Name(_) => Some("rfc822Name"),
        GeneralName::URI(_) => Some("uniformResourceIdentifier"),
        _ => Some("another type"),
    }
}

/// The identifiers of extensions, RFC 5280 section 4.2.1.
pub(crate) mod oid {
    /// authorityKeyIdentifier.
    pub(crate) const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
    /// basicConstraints.
    pub(crate) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
    /// cRLDistributionPoints.
    pub(crate) const CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";
    /// extKeyUsage.
    pub(crate) const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
    /// keyUsage.
    pub(crate) const KEY_USAGE: &str = "2.5.29.15";
    /// nameConstraints.
    pub(crate) const NAME_CONSTRAINTS: &str = "2.5.29.30";
    /// subjectAltName.
    pub(crate) const SUBJECT_ALTERNATIVE_NAME: &str = "2.5.29.17";
    /// subjectKeyIdentifier.
    pub(crate) const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
}
