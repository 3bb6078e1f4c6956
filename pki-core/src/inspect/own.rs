//! The files that etcdpki itself keeps, told by the keys that each must have.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use super::{InspectError, Item};
use crate::description::Cluster;
use crate::journal::Journal;
use crate::revocation::Revocation;
use crate::seal::Keyring;
use crate::signer::Custody;

/// Reads such a file, if it is one.
pub(super) fn read(content: &[u8]) -> Result<Option<Item>, InspectError> {
    let Ok(text) = std::str::from_utf8(content) else {
        return Ok(None);
    };
    // Each line of it is an object, and YAML would take the first for a document of its own.
    if text.starts_with("{\"time\":") {
        return Ok(Some(Item::Journal(Box::new(Journal::read(content)))));
    }
    let Ok(keys) = serde_saphyr::from_str::<BTreeMap<String, IgnoredAny>>(text) else {
        return Ok(None);
    };
    let has = |key: &str| keys.contains_key(key);
    Ok(Some(if has("version") && has("slots") {
        Item::Keyring(Box::new(Keyring::from_yaml(text)?))
    } else if has("serial") && has("revoked") {
        Item::Revocation(Box::new(Revocation::from_yaml(text)?))
    } else if has("version") && (has("command") || has("offline")) {
        Item::Signer(Box::new(Custody::from_yaml(text)?))
    } else if has("nodes") || has("domain") {
        let cluster =
            Cluster::from_yaml(text).map_err(|source| InspectError::Description { source })?;
        Item::Description(Box::new(cluster))
    } else {
        return Ok(None);
    }))
}
