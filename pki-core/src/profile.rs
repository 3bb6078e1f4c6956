//! What goes into a certificate: the one place that fills in `rcgen`'s parameters.
//!
//! `rcgen` leaves much to its caller and defaults some of it unwisely. Every certificate made
//! here has a random serial, its own validity, a subject key identifier by SHA-1 of the key
//! (as OpenSSL and Go write it), an authority key identifier unless it is a root, critical
//! basicConstraints and keyUsage, and, for a leaf, explicit extended key usages.

use ipnet::IpNet;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyIdMethod, KeyUsagePurpose, SanType,
    SerialNumber,
};

use crate::certificate::{AlternativeName, NameConstraints};
use crate::key::PublicKey;
use crate::lifetime::Validity;
use crate::name::San;
use crate::role::Usage;
use crate::serial::Serial;

/// The names that every server certificate carries besides the node's own, for local clients.
pub const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The content of a certificate, all but its key, its serial and its validity.
#[derive(Clone, Debug)]
pub struct Profile {
    subject: Subject,
    kind: Kind,
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
        }
    }

    /// A leaf with these usages and names.
    pub fn leaf(subject: Subject, usages: &'static [Usage], names: Vec<San>) -> Self {
        Self {
            subject,
            kind: Kind::Leaf { usages, names },
        }
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
    pub(crate) fn matches(&self, certificate: &crate::certificate::Certificate) -> bool {
        let wanted: Vec<AlternativeName> = self.names().iter().cloned().map(Into::into).collect();
        let same_names = wanted.len() == certificate.alternative_names.len()
            && wanted
                .iter()
                .all(|name| certificate.alternative_names.contains(name));
        same_names
            && certificate.has_exactly(self.usages())
            && certificate.subject == self.subject.to_string()
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
        parameters.key_identifier_method = KeyIdMethod::PreSpecified(key.key_identifier());
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
    /// The common name.
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
        name.push(DnType::CommonName, self.common_name.as_str());
        name
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(organization) = &self.organization {
            write!(f, "O={organization}, ")?;
        }
        write!(f, "CN={}", self.common_name)
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
