//! What goes into a certificate: the one place that fills in `rcgen`'s parameters.
//!
//! `rcgen` leaves much to its caller and defaults some of it unwisely. Every certificate made
//! here has a random serial, its own validity, a subject key identifier by SHA-1 of the key
//! (as OpenSSL and Go write it), an authority key identifier unless it is a root, critical
//! basicConstraints and keyUsage, and, for a leaf, explicit extended key usages.

#[cfg(test)]
mod tests;

use ipnet::IpNet;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyIdMethod, KeyUsagePurpose, SanType,
    SerialNumber,
};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

use crate::authority::IssueError;
use crate::certificate::{AlternativeName, Certificate, NameConstraints};
use crate::csr::CertificateRequest;
use crate::key::{PrivateKey, PublicKey};
use crate::lifetime::Validity;
use crate::name::San;
use crate::publication::Publication;
use crate::role::Usage;
use crate::serial::Serial;
use crate::signer::{Adapter, Nothing};

/// The names that every server certificate carries besides the node's own, for local clients.
pub(crate) const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The content of a certificate, all but its key, its serial and its validity.
#[derive(Clone, Debug)]
pub struct Profile {
    subject: Subject,
    kind: Kind,
    publication: Publication,
    /// The subject key identifier, where it is not to be made of the key.
    key_identifier: Option<Vec<u8>>,
}

impl Profile {
    /// An authority that may have `path_len` authorities below it, its names constrained.
    pub fn authority(subject: Subject, path_len: u8, constraints: Option<NameConstraints>) -> Self {
        Self {
            subject,
            kind: Kind::Authority {
                path_len,
                constraints,
            },
            publication: Publication::default(),
            key_identifier: None,
        }
    }

    /// A leaf with these usages and names.
    pub fn leaf(subject: Subject, usages: &'static [Usage], names: Vec<San>) -> Self {
        Self {
            subject,
            kind: Kind::Leaf { usages, names },
            publication: Publication::default(),
            key_identifier: None,
        }
    }

    /// The profile of which an authority's certificate would come out the same; none if it has what
    /// no authority of ours has.
    pub(crate) fn of_authority(certificate: &Certificate) -> Option<Self> {
        let path_len = u8::try_from(certificate.authority?.path_len?).ok()?;
        let common_name = certificate.common_name.clone()?;
        let organization = certificate
            .subject
            .strip_suffix(&format!("CN={common_name}"))?;
        let subject = Subject {
            organization: match organization {
                "" => None,
                text => Some(text.strip_prefix("O=")?.strip_suffix(", ")?.to_owned()),
            },
            common_name,
        };
        let constraints = certificate.name_constraints.clone();
        Some(Self {
            key_identifier: certificate.subject_key_identifier.clone(),
            ..Self::authority(subject, path_len, constraints)
        })
    }

    /// The same leaf without names.
    #[must_use]
    pub(crate) fn without_names(&self) -> Self {
        let mut profile = self.clone();
        if let Kind::Leaf { names, .. } = &mut profile.kind {
            names.clear();
        }
        profile
    }

    /// The same, with the key identifier of a certificate of the same key.
    #[must_use]
    pub(crate) fn with_key_identifier_of(mut self, certificate: &Certificate) -> Self {
        self.key_identifier
            .clone_from(&certificate.subject_key_identifier);
        self
    }

    /// The same authority with another path length.
    #[must_use]
    pub(crate) fn with_path_len(mut self, length: u8) -> Self {
        if let Kind::Authority { path_len, .. } = &mut self.kind {
            *path_len = length;
        }
        self
    }

    /// The same, with what its issuer writes about itself.
    #[must_use]
    pub fn with_publication(mut self, publication: Publication) -> Self {
        self.publication = publication;
        self
    }

    /// The subject.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The path length of an authority, `None` for a leaf.
    pub fn path_len(&self) -> Option<u8> {
        match &self.kind {
            Kind::Authority { path_len, .. } => Some(*path_len),
            Kind::Leaf { .. } => None,
        }
    }

    /// The name constraints of an authority.
    pub fn constraints(&self) -> Option<&NameConstraints> {
        match &self.kind {
            Kind::Authority { constraints, .. } => constraints.as_ref(),
            Kind::Leaf { .. } => None,
        }
    }

    /// The names of a leaf.
    pub fn names(&self) -> &[San] {
        match &self.kind {
            Kind::Authority { .. } => &[],
            Kind::Leaf { names, .. } => names,
        }
    }

    /// The extended key usages of a leaf.
    pub fn usages(&self) -> &'static [Usage] {
        match &self.kind {
            Kind::Authority { .. } => &[],
            Kind::Leaf { usages, .. } => usages,
        }
    }

    /// Whether `certificate` carries the names, usages and subject that this leaf profile asks for.
    pub(crate) fn matches(&self, certificate: &Certificate) -> bool {
        let wanted: Vec<AlternativeName> = self.names().iter().cloned().map(Into::into).collect();
        let same_names = wanted.len() == certificate.alternative_names.len()
            && wanted
                .iter()
                .all(|name| certificate.alternative_names.contains(name));
        same_names
            && certificate.has_exactly(self.usages())
            && certificate.subject == self.subject.to_string()
    }

    /// Whether `certificate` carries at least the addresses that this leaf profile asks for, the
    /// loopback ones aside, and, where it is a client's, its common name.
    pub(crate) fn is_covered_by(&self, certificate: &Certificate) -> bool {
        let carried = &certificate.alternative_names;
        let mut addresses = self.names().iter().filter_map(|name| match name {
            San::Ip(address) if !address.is_loopback() => Some(AlternativeName::Ip(*address)),
            _ => None,
        });
        let user = certificate.common_name.as_deref() == Some(&self.subject.common_name);
        addresses.all(|address| carried.contains(&address))
            && (user || self.usages() != [Usage::ClientAuth])
    }

    /// A certification request for this authority, signed with its own key: the subject, and the
    /// basicConstraints, keyUsage and nameConstraints that it needs.
    ///
    /// # Errors
    ///
    /// When the cryptographic library fails.
    pub fn request(&self, key: &PrivateKey) -> Result<CertificateRequest, IssueError> {
        let adapter = Adapter::new(key, true)?;
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = self.subject.distinguished_name();
        if let Kind::Authority { path_len, .. } = &self.kind {
            parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(*path_len));
            parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            parameters.custom_extensions = self.constraints_extension(key.public())?;
            parameters
                .custom_extensions
                .push(key_identifier(key.public()));
        }
        let request = parameters.serialize_request(&adapter)?;
        Ok(CertificateRequest::from_der(request.der())?)
    }

    /// `rcgen` writes nameConstraints into certificates alone: taken from one that is thrown away.
    fn constraints_extension(&self, key: &PublicKey) -> Result<Vec<CustomExtension>, IssueError> {
        let moment = Validity {
            not_before: OffsetDateTime::UNIX_EPOCH,
            not_after: OffsetDateTime::UNIX_EPOCH,
        };
        let trial = self
            .parameters(key, &Serial::random()?, &moment)?
            .self_signed(&Nothing)?;
        let parsed = X509Certificate::from_der(trial.der());
        let (_, parsed) = parsed.map_err(|_| rcgen::Error::CouldNotParseCertificate)?;
        let found = parsed.extensions().iter().filter(|extension| {
            matches!(
                extension.parsed_extension(),
                ParsedExtension::NameConstraints(_)
            )
        });
        Ok(found
            .map(|extension| {
                let content = extension.value.to_vec();
                let mut custom = CustomExtension::from_oid_content(NAME_CONSTRAINTS, content);
                custom.set_criticality(true);
                custom
            })
            .collect())
    }

    /// The parameters for `rcgen`.
    pub(crate) fn parameters(
        &self,
        key: &PublicKey,
        serial: &Serial,
        validity: &Validity,
    ) -> Result<CertificateParams, rcgen::Error> {
        let mut parameters = CertificateParams::default();
        parameters.serial_number = Some(SerialNumber::from_slice(serial.as_bytes()));
        parameters.not_before = validity.not_before;
        parameters.not_after = validity.not_after;
        parameters.distinguished_name = self.subject.distinguished_name();
        let identifier = self.key_identifier.clone();
        let identifier = identifier.unwrap_or_else(|| key.key_identifier());
        parameters.key_identifier_method = KeyIdMethod::PreSpecified(identifier);
        parameters.crl_distribution_points = self.publication.distribution_points();
        parameters.custom_extensions = self.publication.extensions()?;
        match &self.kind {
            Kind::Authority {
                path_len,
                constraints,
            } => {
                parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(*path_len));
                parameters.key_usages =
                    vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
                parameters.name_constraints = constraints.as_ref().map(subtrees);
            }
            Kind::Leaf { usages, names } => {
                parameters.is_ca = IsCa::ExplicitNoCa;
                parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
                if key.is_rsa() {
                    parameters.key_usages.push(KeyUsagePurpose::KeyEncipherment);
                }
                parameters.extended_key_usages = usages.iter().map(purpose).collect();
                parameters.subject_alt_names = names
                    .iter()
                    .map(alternative_name)
                    .collect::<Result<_, _>>()?;
            }
        }
        Ok(parameters)
    }
}

/// The subject of a certificate: at most one organization, and one common name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subject {
    /// The organization, which in our authorities is the domain.
    pub organization: Option<String>,
    /// The common name; there is none where it is empty.
    pub common_name: String,
}

impl Subject {
    /// A subject with a common name alone.
    pub fn common(name: impl Into<String>) -> Self {
        Self {
            organization: None,
            common_name: name.into(),
        }
    }

    fn distinguished_name(&self) -> DistinguishedName {
        let mut name = DistinguishedName::new();
        if let Some(organization) = &self.organization {
            name.push(DnType::OrganizationName, organization.as_str());
        }
        if !self.common_name.is_empty() {
            name.push(DnType::CommonName, self.common_name.as_str());
        }
        name
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(organization) = &self.organization {
            write!(f, "O={organization}, ")?;
        }
        match self.common_name.as_str() {
            "" => f.write_str("(empty)"),
            name => write!(f, "CN={name}"),
        }
    }
}

#[derive(Clone, Debug)]
enum Kind {
    Authority {
        path_len: u8,
        constraints: Option<NameConstraints>,
    },
    Leaf {
        usages: &'static [Usage],
        names: Vec<San>,
    },
}

/// subjectKeyIdentifier, an octet string: some signers add none of their own.
fn key_identifier(key: &PublicKey) -> CustomExtension {
    let identifier = key.key_identifier();
    let mut content = vec![0x04, u8::try_from(identifier.len()).unwrap_or(u8::MAX)];
    content.extend(identifier);
    CustomExtension::from_oid_content(SUBJECT_KEY_IDENTIFIER, content)
}

/// id-ce-subjectKeyIdentifier.
const SUBJECT_KEY_IDENTIFIER: &[u64] = &[2, 5, 29, 14];
/// id-ce-nameConstraints.
const NAME_CONSTRAINTS: &[u64] = &[2, 5, 29, 30];

fn purpose(usage: &Usage) -> ExtendedKeyUsagePurpose {
    match usage {
        Usage::ClientAuth => ExtendedKeyUsagePurpose::ClientAuth,
        Usage::ServerAuth => ExtendedKeyUsagePurpose::ServerAuth,
    }
}

fn alternative_name(name: &San) -> Result<SanType, rcgen::Error> {
    Ok(match name {
        San::Dns(_) | San::Wildcard(_) => SanType::DnsName(name.to_string().try_into()?),
        San::Ip(address) => SanType::IpAddress(*address),
        San::Uri(uri) => SanType::URI(uri.as_str().try_into()?),
    })
}

fn subtrees(constraints: &NameConstraints) -> rcgen::NameConstraints {
    let dns = constraints.dns.iter().cloned().map(GeneralSubtree::DnsName);
    let addresses = constraints.addresses.iter().map(|block: &IpNet| {
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(
            block.addr(),
            block.prefix_len(),
        ))
    });
    rcgen::NameConstraints {
        permitted_subtrees: dns.chain(addresses).collect(),
        excluded_subtrees: Vec::new(),
    }
}
