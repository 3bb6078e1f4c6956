//! The rules of `authorities`.

use serde_saphyr::Spanned;

use super::super::raw;
use super::super::{AuthoritySetting, AuthoritySettings, ConstraintSetting, Levels, Publications};
use super::{Checked, Text, block, fault, or_default, value};
use crate::certificate::NameConstraints;
use crate::key::KeyAlgorithm;
use crate::name::{DnsName, Uri};
use crate::publication::Publication;

pub(super) fn settings(raw: &raw::Authorities) -> Checked<AuthoritySettings> {
    let etcd = &raw.etcd;
    Ok(AuthoritySettings {
        levels: levels(raw.levels.as_ref())?,
        publications: Publications {
            root: publication(&raw.root.publication, "root")?,
            intermediate: publication(&raw.intermediate.publication, "intermediate")?,
            etcd: publication(&etcd.publication, "etcd")?,
        },
        root: authority(
            raw.root.key.as_ref(),
            raw.root.lifetime.as_ref(),
            "root",
            "20y",
        )?,
        intermediate: authority(
            raw.intermediate.key.as_ref(),
            raw.intermediate.lifetime.as_ref(),
            "intermediate",
            "10y",
        )?,
        etcd: authority(etcd.key.as_ref(), etcd.lifetime.as_ref(), "etcd", "5y")?,
        name_constraints: constraints(etcd.name_constraints.as_ref())?,
        issuing: etcd.issuing,
    })
}

fn levels(raw: Option<&Spanned<u64>>) -> Checked<Levels> {
    let Some(raw) = raw else {
        return Ok(Levels::Three);
    };
    match raw.value {
        1 => Ok(Levels::One),
        2 => Ok(Levels::Two),
        3 => Ok(Levels::Three),
        other => Err(fault(
            raw,
            format!(
                "authorities: levels: {other} is not possible: write 3, 2 (no intermediate) or 1 (the etcd authority signs itself)"
            ),
        )),
    }
}

fn authority(
    key: Option<&Text>,
    lifetime: Option<&Text>,
    name: &str,
    default: &str,
) -> Checked<AuthoritySetting> {
    Ok(AuthoritySetting {
        key: or_default::<KeyAlgorithm>(key, &format!("authorities: {name}: key"), "p384")?,
        lifetime: or_default(lifetime, &format!("authorities: {name}: lifetime"), default)?,
    })
}

fn publication(raw: &raw::Publication, name: &str) -> Checked<Publication> {
    let uris = |texts: &[Text], key: &str| {
        let field = format!("authorities: {name}: publication: {key}");
        texts
            .iter()
            .map(|text| {
                let uri: Uri = value(text, &field)?;
                let known = ["http://", "https://", "ldap://"];
                match known.iter().any(|scheme| uri.as_str().starts_with(scheme)) {
                    true => Ok(uri),
                    false => Err(fault(
                        text,
                        format!("{field}: `{uri}` is fetched by nobody: write an http or ldap URI (RFC 5280 section 4.2.1.13)"),
                    )),
                }
            })
            .collect::<Checked<Vec<_>>>()
    };
    let field = format!("authorities: {name}: publication: policies");
    let policies = raw.policies.iter().map(|text| value(text, &field));
    Ok(Publication {
        crl: uris(&raw.crl, "crl")?,
        issuers: uris(&raw.issuers, "issuers")?,
        ocsp: uris(&raw.ocsp, "ocsp")?,
        policies: policies.collect::<Checked<_>>()?,
    })
}

fn constraints(raw: Option<&Spanned<raw::NameConstraints>>) -> Checked<ConstraintSetting> {
    let field = "authorities: etcd: name_constraints";
    let Some(raw) = raw else {
        return Ok(ConstraintSetting::Auto);
    };
    match &raw.value {
        raw::NameConstraints::Word(word) if word == "auto" => Ok(ConstraintSetting::Auto),
        raw::NameConstraints::Word(word) if word == "none" => Ok(ConstraintSetting::None),
        raw::NameConstraints::Word(word) => {
            let hint = "write auto, none, or the lists dns and addresses";
            Err(fault(
                raw,
                format!("{field}: `{word}` is not known: {hint}"),
            ))
        }
        raw::NameConstraints::Subtrees(subtrees) => {
            let dns = subtrees
                .dns
                .iter()
                .map(|text| Ok(value::<DnsName>(text, field)?.to_string()))
                .collect::<Checked<_>>()?;
            let addresses = subtrees
                .addresses
                .iter()
                .map(|text| block(text, field))
                .collect::<Checked<_>>()?;
            let constraints = NameConstraints { dns, addresses };
            if constraints.dns.is_empty() || constraints.addresses.is_empty() {
                let message = format!(
                    "{field}: an empty list leaves names of its type free: write at least one entry of dns and one of addresses, or the word none"
                );
                return Err(fault(raw, message));
            }
            Ok(ConstraintSetting::Explicit(constraints))
        }
    }
}
