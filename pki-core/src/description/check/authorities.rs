//! The rules of `authorities`.

use serde_saphyr::Spanned;

use super::super::raw;
use super::super::{
    AuthoritySetting, AuthoritySettings, ConstraintSetting, Levels, OtherAuthority, Publications,
};
use super::{Checked, Text, block, fault, or_default, value};
use crate::certificate::NameConstraints;
use crate::hierarchy::OtherName;
use crate::key::KeyAlgorithm;
use crate::name::{DnsName, Label, Uri};
use crate::publication::Publication;

pub(super) fn settings(raw: &raw::Authorities, cluster: &Label) -> Checked<AuthoritySettings> {
    let etcd = &raw.etcd;
    let levels = levels(raw.levels.as_ref())?;
    Ok(AuthoritySettings {
        levels,
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
        name_constraints: constraints(
            etcd.name_constraints.as_ref(),
            "authorities: etcd: name_constraints",
        )?,
        issuing: etcd.issuing,
        others: others(&raw.others, levels, cluster)?,
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

fn others(
    raw: &[raw::OtherAuthority],
    levels: Levels,
    cluster: &Label,
) -> Checked<Vec<OtherAuthority>> {
    let mut others: Vec<OtherAuthority> = Vec::new();
    for written in raw {
        if levels == Levels::One {
            let message = "authorities: others: with one of `levels` the etcd authority is the only one that could sign them, and members would trust them: write levels: 2 or 3";
            return Err(fault(&written.name, message));
        }
        let other = other(written)?;
        let taken = match () {
            () if others.iter().any(|before| before.name == other.name) => {
                "stands here a second time"
            }
            () if other.name.as_str() == cluster.as_str() => {
                "is the name of the cluster, which stands in the subject of its etcd authority"
            }
            () => {
                others.push(other);
                continue;
            }
        };
        let message = format!(
            "authorities: others: `{}` {taken}: give the authority a name of its own",
            other.name
        );
        return Err(fault(&written.name, message));
    }
    Ok(others)
}

fn other(raw: &raw::OtherAuthority) -> Checked<OtherAuthority> {
    let name: OtherName = value(&raw.name, "authorities: others: name")?;
    let path_length = match &raw.path_length {
        None => OtherAuthority::PATH_LENGTH,
        Some(written) => match u8::try_from(written.value) {
            Ok(length) if length <= MAX_PATH_LENGTH => length,
            _ => {
                let message = format!(
                    "authorities: {name}: path_length: {} authorities below one another are not possible: write 0 to {MAX_PATH_LENGTH}",
                    written.value
                );
                return Err(fault(written, message));
            }
        },
    };
    let field = format!("authorities: {name}: name_constraints");
    let name_constraints = match constraints(raw.name_constraints.as_ref(), &field)? {
        ConstraintSetting::Explicit(constraints) => Some(constraints),
        ConstraintSetting::None => None,
        ConstraintSetting::Auto => match &raw.name_constraints {
            None => None,
            Some(written) => {
                let message = format!(
                    "{field}: `auto` is made from the nodes of etcd: write none, or the lists dns and addresses"
                );
                return Err(fault(written, message));
            }
        },
    };
    Ok(OtherAuthority {
        name,
        setting: authority(
            raw.key.as_ref(),
            raw.lifetime.as_ref(),
            name.as_str(),
            OTHER_LIFETIME,
        )?,
        path_length,
        name_constraints,
        publication: publication(&raw.publication, name.as_str())?,
    })
}

fn constraints(
    raw: Option<&Spanned<raw::NameConstraints>>,
    field: &str,
) -> Checked<ConstraintSetting> {
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

const MAX_PATH_LENGTH: u8 = 9;
const OTHER_LIFETIME: &str = "5y";
