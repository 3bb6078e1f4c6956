//! Where a verifier finds more about what an authority signed, and under which policies that is.
//!
//! etcd looks at none of it: a cluster needs it only where other programs read its certificates.

use std::fmt;
use std::str::FromStr;

use rcgen::{CrlDistributionPoint, CustomExtension};
use x509_cert::der::Encode;
use x509_cert::der::asn1::{Ia5String, ObjectIdentifier};
use x509_cert::ext::pkix::certpolicy::PolicyInformation;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{AccessDescription, AuthorityInfoAccessSyntax, CertificatePolicies};

use crate::name::Uri;

/// What an authority writes about itself into the certificates that it signs. None of these
/// extensions is critical.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Publication {
    /// Where its revocation list is: cRLDistributionPoints (RFC 5280 section 4.2.1.13).
    pub crl: Vec<Uri>,
    /// Where its own certificate is: authorityInfoAccess, id-ad-caIssuers (section 4.2.2.1).
    pub issuers: Vec<Uri>,
    /// Where an OCSP responder for it is: authorityInfoAccess, id-ad-ocsp.
    pub ocsp: Vec<Uri>,
    /// Under which policies it signs: certificatePolicies (section 4.2.1.4), without qualifiers.
    pub policies: Vec<PolicyId>,
}

impl Publication {
    /// The distribution points as `rcgen` takes them: one, whose list is at each of the places.
    pub(crate) fn distribution_points(&self) -> Vec<CrlDistributionPoint> {
        let uris: Vec<String> = self.crl.iter().map(ToString::to_string).collect();
        match uris.is_empty() {
            true => Vec::new(),
            false => vec![CrlDistributionPoint { uris }],
        }
    }

    /// The extensions that `rcgen` has no field for.
    pub(crate) fn extensions(&self) -> Result<Vec<CustomExtension>, rcgen::Error> {
        let mut extensions = Vec::new();
        let access = self.access()?;
        if !access.0.is_empty() {
            extensions.push(extension(AUTHORITY_INFO_ACCESS, &access)?);
        }
        if !self.policies.is_empty() {
            let policies = self.policies.iter().map(|policy| PolicyInformation {
                policy_identifier: policy.0,
                policy_qualifiers: None,
            });
            let policies = CertificatePolicies(policies.collect());
            extensions.push(extension(CERTIFICATE_POLICIES, &policies)?);
        }
        Ok(extensions)
    }

    fn access(&self) -> Result<AuthorityInfoAccessSyntax, rcgen::Error> {
        let ocsp = self.ocsp.iter().map(|uri| (ID_AD_OCSP, uri));
        let issuers = self.issuers.iter().map(|uri| (ID_AD_CA_ISSUERS, uri));
        ocsp.chain(issuers)
            .map(|(access_method, uri)| {
                Ok(AccessDescription {
                    access_method,
                    access_location: GeneralName::UniformResourceIdentifier(
                        Ia5String::new(uri.as_str()).map_err(unencodable)?,
                    ),
                })
            })
            .collect::<Result<_, _>>()
            .map(AuthorityInfoAccessSyntax)
    }
}

/// The object identifier of a certificate policy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PolicyId(ObjectIdentifier);

impl FromStr for PolicyId {
    type Err = InvalidPolicyId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        ObjectIdentifier::new(text)
            .map(Self)
            .map_err(|_| InvalidPolicyId(text.to_owned()))
    }
}

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that is no object identifier.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{0}` is no object identifier: write dotted numbers such as 1.3.6.1.4.1.99999.1")]
pub struct InvalidPolicyId(String);

fn extension(oid: &[u64], content: &impl Encode) -> Result<CustomExtension, rcgen::Error> {
    let der = content.to_der().map_err(unencodable)?;
    Ok(CustomExtension::from_oid_content(oid, der))
}

fn unencodable(error: x509_cert::der::Error) -> rcgen::Error {
    rcgen::Error::X509(error.to_string())
}

/// What an authority publishes that says nothing about itself.
pub(crate) static NOTHING: Publication = Publication {
    crl: Vec::new(),
    issuers: Vec::new(),
    ocsp: Vec::new(),
    policies: Vec::new(),
};
const AUTHORITY_INFO_ACCESS: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 1];
const CERTIFICATE_POLICIES: &[u64] = &[2, 5, 29, 32];
const ID_AD_OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
const ID_AD_CA_ISSUERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_dotted_numbers() {
        assert_eq!("1.2.3".parse::<PolicyId>().unwrap().to_string(), "1.2.3");
        for bad in ["", "1", "9.1.1", "1.2.a", "1..2"] {
            assert!(bad.parse::<PolicyId>().is_err(), "{bad}");
        }
    }
}
