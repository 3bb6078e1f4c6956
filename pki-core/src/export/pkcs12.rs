//! PKCS#12 files (RFC 7292), for Java, browsers and Windows.
//!
//! The key is encrypted with PBES2 (RFC 8018): PBKDF2 with HMAC-SHA-256, AES-256-CBC. The
//! certificates are no secret and are in clear. All is authenticated with HMAC-SHA-256 under a key
//! that is derived as RFC 7292 appendix B has it; PBMAC1 (RFC 9579) is too new for OpenSSL before
//! 3.4, and for Java.

use ::pkcs12::cms::content_info::ContentInfo;
use ::pkcs12::kdf::{Pkcs12KeyType, derive_key};
use ::pkcs12::pfx::{Pfx, Version};
use ::pkcs12::safe_bag::SafeBag;
use ::pkcs12::{
    CertBag, DigestInfo, MacData, PKCS_12_CERT_BAG_OID, PKCS_12_PKCS8_KEY_BAG_OID,
    PKCS_12_X509_CERT_OID,
};
use aws_lc_rs::hmac;
use pkcs8::PrivateKeyInfoRef;
use pkcs8::pkcs5::pbes2::Parameters;
use sha2::Sha256;
use x509_cert::attr::Attribute;
use x509_cert::der::asn1::{BmpString, Null, ObjectIdentifier, OctetString, SetOfVec};
use x509_cert::der::{self, Any, Encode};
use x509_cert::spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use super::{Credential, ExportError, File};
use crate::certificate::Certificate;
use crate::key::PrivateKey;
use crate::trust::Bundles;

/// The password of a PKCS#12 file. It is wiped from memory when it is dropped.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password that every reader takes.
    ///
    /// # Errors
    ///
    /// When it has fewer than 6 characters, which is `keytool`'s limit, or one that is not
    /// printable ASCII, which Java's PBES2 does not take.
    pub fn new(octets: &[u8]) -> Result<Self, ExportError> {
        match std::str::from_utf8(octets) {
            Ok(text) if text.len() >= 6 && octets.iter().all(|one| (b' '..=b'~').contains(one)) => {
                Ok(Self(Zeroizing::new(text.to_owned())))
            }
            _ => Err(ExportError::Password),
        }
    }

    /// UTF-16, the first octet the most significant, with its end (RFC 7292 appendix B.1).
    fn utf16(&self) -> Zeroizing<Vec<u8>> {
        let mut octets = Zeroizing::new(Vec::with_capacity(2 * self.0.len() + 2));
        for unit in self.0.encode_utf16().chain([0]) {
            octets.extend_from_slice(&unit.to_be_bytes());
        }
        octets
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(****)")
    }
}

/// `NAME.p12` with the key, the leaf, and every authority up to the root.
///
/// # Errors
///
/// When the random number generator or the encoder fails.
pub fn key_store(
    credential: &Credential<'_>,
    bundles: &Bundles,
    password: &Password,
) -> Result<File, ExportError> {
    let name = credential.name();
    let path = format!("{name}.p12");
    let roots = bundles.clients.iter().filter(|one| one.is_self_issued());
    let above = credential.chain.iter().skip(1).chain(roots);
    let content = Contents {
        name: &name,
        leaf: credential.chain.first(),
        key: credential.key,
        authorities: above.collect(),
        trusted: false,
    };
    write(path, &content, password)
}

/// `truststore.p12` with the authorities that clients trust, marked as trusted for Java.
///
/// # Errors
///
/// When the random number generator or the encoder fails.
pub fn trust_store(bundles: &Bundles, password: &Password) -> Result<File, ExportError> {
    let content = Contents {
        name: "",
        leaf: None,
        key: None,
        authorities: bundles.clients.iter().collect(),
        trusted: true,
    };
    write("truststore.p12".to_owned(), &content, password)
}

struct Contents<'a> {
    name: &'a str,
    leaf: Option<&'a Certificate>,
    key: Option<&'a PrivateKey>,
    authorities: Vec<&'a Certificate>,
    trusted: bool,
}

fn write(path: String, contents: &Contents<'_>, password: &Password) -> Result<File, ExportError> {
    match encode(contents, password) {
        // With a key it is a secret; without one its password guards nothing but its integrity.
        Ok(der) => Ok(match contents.key {
            Some(_) => File::secret(path, &der),
            None => File::public(path, der),
        }),
        Err(reason) => Err(ExportError::Encoding { path, reason }),
    }
}

fn encode(contents: &Contents<'_>, password: &Password) -> Result<Vec<u8>, String> {
    let key_bag = contents
        .key
        .map(|key| key_bag(key, contents, password))
        .transpose()?;
    let encoded = || -> der::Result<(Vec<u8>, ContentInfo)> {
        let mut safes = vec![data(certificate_bags(contents)?.to_der()?)?];
        if let Some(bag) = key_bag {
            safes.push(data(vec![bag].to_der()?)?);
        }
        let safes = safes.to_der()?;
        Ok((safes.clone(), data(safes)?))
    };
    let (safes, auth_safe) = encoded().map_err(|error| error.to_string())?;
    let salt = random::<16>()?;
    let pfx = || {
        Pfx {
            version: Version::V3,
            auth_safe,
            mac_data: Some(mac(&safes, &salt, password)?),
        }
        .to_der()
    };
    pfx().map_err(|error| error.to_string())
}

fn certificate_bags(contents: &Contents<'_>) -> der::Result<Vec<SafeBag>> {
    let mut bags = Vec::new();
    if let Some(leaf) = contents.leaf {
        bags.push(certificate_bag(leaf, identifying(contents)?)?);
    }
    for (index, authority) in contents.authorities.iter().enumerate() {
        let mut attributes = Vec::new();
        if contents.trusted {
            let name = BmpString::from_utf8(&format!("etcd-ca-{}", index + 1))?;
            attributes.push(attribute(FRIENDLY_NAME, Any::encode_from(&name)?)?);
            let any = Any::encode_from(&ANY_EXTENDED_KEY_USAGE)?;
            attributes.push(attribute(ORACLE_TRUSTED_KEY_USAGE, any)?);
        }
        bags.push(certificate_bag(authority, attributes)?);
    }
    Ok(bags)
}

fn certificate_bag(certificate: &Certificate, attributes: Vec<Attribute>) -> der::Result<SafeBag> {
    let bag = CertBag {
        cert_id: PKCS_12_X509_CERT_OID,
        cert_value: OctetString::new(certificate.der())?,
    };
    Ok(SafeBag {
        bag_id: PKCS_12_CERT_BAG_OID,
        bag_value: bag.to_der()?,
        bag_attributes: match attributes.is_empty() {
            true => None,
            false => Some(SetOfVec::try_from(attributes)?),
        },
    })
}

fn key_bag(
    key: &PrivateKey,
    contents: &Contents<'_>,
    password: &Password,
) -> Result<SafeBag, String> {
    let parameters =
        Parameters::generate_pbkdf2_sha256_aes256cbc(ITERATIONS, &random::<16>()?, random()?)
            .map_err(|error| error.to_string())?;
    let encrypted = PrivateKeyInfoRef::try_from(key.pkcs8_der())
        .and_then(|info| info.encrypt_with_params(parameters, password.0.as_bytes()))
        .map_err(|error| error.to_string())?;
    let attributes = identifying(contents).and_then(SetOfVec::try_from);
    Ok(SafeBag {
        bag_id: PKCS_12_PKCS8_KEY_BAG_OID,
        bag_value: encrypted.as_bytes().to_vec(),
        bag_attributes: Some(attributes.map_err(|error| error.to_string())?),
    })
}

/// What ties a key to its certificate: the same name and the same identifier.
fn identifying(contents: &Contents<'_>) -> der::Result<Vec<Attribute>> {
    let name = BmpString::from_utf8(contents.name)?;
    let mut attributes = vec![attribute(FRIENDLY_NAME, Any::encode_from(&name)?)?];
    if let Some(leaf) = contents.leaf {
        let identifier = OctetString::new(leaf.fingerprint().as_bytes().as_slice())?;
        attributes.push(attribute(LOCAL_KEY_ID, Any::encode_from(&identifier)?)?);
    }
    Ok(attributes)
}

fn attribute(oid: ObjectIdentifier, value: Any) -> der::Result<Attribute> {
    Ok(Attribute {
        oid,
        values: SetOfVec::try_from(vec![value])?,
    })
}

fn data(content: Vec<u8>) -> der::Result<ContentInfo> {
    Ok(ContentInfo {
        content_type: ID_DATA,
        content: Any::encode_from(&OctetString::new(content)?)?,
    })
}

fn mac(content: &[u8], salt: &[u8], password: &Password) -> der::Result<MacData> {
    let rounds = i32::try_from(ITERATIONS).unwrap_or(i32::MAX);
    let derived = derive_key::<Sha256>(&password.utf16(), salt, Pkcs12KeyType::Mac, rounds, 32);
    let derived = Zeroizing::new(derived);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &derived), content);
    Ok(MacData {
        mac: DigestInfo {
            algorithm: AlgorithmIdentifierOwned {
                oid: ID_SHA256,
                parameters: Some(Any::encode_from(&Null)?),
            },
            digest: OctetString::new(tag.as_ref())?,
        },
        mac_salt: OctetString::new(salt)?,
        iterations: rounds,
    })
}

fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut octets = [0; N];
    getrandom::fill(&mut octets).map_err(|error| error.to_string())?;
    Ok(octets)
}

/// Of PBKDF2 and of the MAC: the most that .NET's `Pkcs12LoaderLimits` allow by default. It is half
/// of what OWASP asks for, which is one bit of the password.
const ITERATIONS: u32 = 300_000;
/// PKCS#7 `data` (RFC 2315).
const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ID_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
/// PKCS#9 (RFC 2985).
const FRIENDLY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");
/// Java takes a certificate without a key for a trusted one if it has this.
const ORACLE_TRUSTED_KEY_USAGE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("2.16.840.1.113894.746875.1.1");
/// RFC 5280 section 4.2.1.12.
const ANY_EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
