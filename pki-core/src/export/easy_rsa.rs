//! A directory as easy-rsa 3 leaves it.
//!
//! `easyrsa` shows, verifies and lists what is in it, and exports it in forms of its own. It can
//! sign and revoke nothing, for the key of the authority is not there.

use time::OffsetDateTime;
use time::macros::format_description;
use x509_parser::objects::{oid_registry, oid2abbrev};

use super::{Credential, File, authorities};
use crate::certificate::{Certificate, bundle};
use crate::revocation::Revocation;
use crate::trust::Bundles;

/// `pki/ca.crt` with every authority from the one that signs leaves up to the root,
/// `pki/issued/NAME.crt`, `pki/private/NAME.key` with PKCS#8, `pki/certs_by_serial/SERIAL.pem`,
/// and the database of `openssl ca` in `pki/index.txt`, in which those of `revocations` are
/// revoked. `openssl verify`, which easy-rsa runs, takes the authorities between from `ca.crt`
/// alone.
pub fn directory(
    credentials: &[Credential<'_>],
    bundles: &Bundles,
    revocations: &[Revocation],
) -> Vec<File> {
    let authorities = bundle::write(authorities(credentials, bundles));
    let mut files = vec![File::public("pki/ca.crt", authorities)];
    let mut index = String::new();
    for credential in credentials {
        let name = credential.name();
        let chain = bundle::write(credential.chain);
        if let Some(leaf) = credential.chain.first() {
            let path = format!("pki/certs_by_serial/{}.pem", serial(leaf));
            files.push(File::public(path, chain.clone()));
            index.push_str(&line(leaf, revocations));
        }
        files.push(File::public(format!("pki/issued/{name}.crt"), chain));
        if let Some(key) = credential.key {
            let path = format!("pki/private/{name}.key");
            files.push(File::secret(path, key.to_pem().as_bytes()));
        }
    }
    files.push(File::public("pki/index.txt", index));
    let fixed = FIXED.iter().map(|(path, text)| File::public(*path, *text));
    files.extend(fixed);
    files
}

/// A line of the database, of six columns: state, end of validity, time of revocation, serial
/// number, file, subject (openssl-ca(1)).
fn line(leaf: &Certificate, revocations: &[Revocation]) -> String {
    let revoked = revocations
        .iter()
        .find(|record| record.is_active() && record.serial == leaf.serial);
    let (state, when) = match revoked {
        Some(record) => ("R", timestamp(record.revoked)),
        None => ("V", String::new()),
    };
    let end = timestamp(leaf.validity.not_after);
    let (serial, subject) = (serial(leaf), subject(leaf));
    format!("{state}\t{end}\t{when}\t{serial}\tunknown\t{subject}\n")
}

/// Hexadecimal, two upper-case digits an octet.
fn serial(certificate: &Certificate) -> String {
    certificate.serial_text().to_ascii_uppercase()
}

/// As in a certificate: UTCTime until 2049, GeneralizedTime from then on (RFC 5280 section
/// 4.1.2.5).
fn timestamp(at: OffsetDateTime) -> String {
    let text = match at.year() < 2050 {
        true => at.format(format_description!(
            "[year repr:last_two][month][day][hour][minute][second]Z"
        )),
        false => at.format(format_description!(
            "[year][month][day][hour][minute][second]Z"
        )),
    };
    text.unwrap_or_default()
}

/// `/O=…/CN=…`, with what is not printable ASCII as `\xFF` (X509_NAME_oneline(3)).
fn subject(certificate: &Certificate) -> String {
    // It was parsed when it was made.
    let Ok((_, parsed)) = x509_parser::parse_x509_certificate(certificate.der()) else {
        return String::new();
    };
    let mut text = String::new();
    for attribute in parsed.subject().iter_attributes() {
        let oid = attribute.attr_type();
        match oid2abbrev(oid, oid_registry()) {
            Ok(name) => text.push_str(&format!("/{name}=")),
            Err(_) => text.push_str(&format!("/{}=", oid.to_id_string())),
        }
        for octet in attribute.as_slice() {
            match octet {
                b' '..=b'~' => text.push(char::from(*octet)),
                _ => text.push_str(&format!("\\x{octet:02X}")),
            }
        }
    }
    text
}

/// What easyrsa wants to find before it looks at anything else.
const FIXED: [(&str, &str); 5] = [
    ("pki/index.txt.attr", "unique_subject = no\n"),
    (
        "pki/openssl-easyrsa.cnf",
        "# For easyrsa, which signs nothing here.\n",
    ),
    (
        "pki/private/ca.key",
        "The key of the authority is not here: etcdpki signs with it.\n",
    ),
    ("pki/reqs/.keep", ""),
    ("pki/serial", "01\n"),
];

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::*;
    use crate::authority::Authority;
    use crate::crl::Reason;
    use crate::key::{KeyAlgorithm, PrivateKey};
    use crate::lifetime::Validity;
    use crate::profile::{Profile, Subject};

    fn certificate(from: OffsetDateTime) -> Certificate {
        let subject = Subject {
            organization: Some("Å/b".to_owned()),
            common_name: "a b".to_owned(),
        };
        let profile = Profile::authority(subject, 0, None);
        let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        let validity = Validity::starting(from, "1d".parse().unwrap(), Duration::ZERO);
        let authority = Authority::self_signed(&profile, key, validity).unwrap();
        authority.certificate().clone()
    }

    #[test]
    fn a_line_is_one_of_openssl_ca() {
        for (from, end) in [
            (datetime!(2049-12-30 23:00:00 UTC), "491231230000Z"),
            (datetime!(2049-12-31 23:00:00 UTC), "20500101230000Z"),
        ] {
            let one = certificate(from);
            let serial = one.serial_text().to_ascii_uppercase();
            let rest = format!("{serial}\tunknown\t/O=\\xC3\\x85/b/CN=a b\n");
            assert_eq!(line(&one, &[]), format!("V\t{end}\t\t{rest}"));
            let now = datetime!(2026-11-25 13:00:00 UTC);
            let revoked = [
                Revocation::of_serial(vec![1], Reason::Superseded, now),
                Revocation::new(&one, Reason::Superseded, now),
            ];
            let expected = format!("R\t{end}\t261125130000Z\t{rest}");
            assert_eq!(line(&one, &revoked), expected);
        }
    }
}
