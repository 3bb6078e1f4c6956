//! The description as it is written: every key, no meaning.

use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use serde_path_to_error::Track;
use serde_saphyr::{DuplicateKeyPolicy, Spanned, with_deserializer_from_str_with_options};

use super::{DescriptionError, yaml};

type Text = Spanned<String>;

/// Reads the YAML; unknown and repeated keys are errors.
pub(super) fn parse<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, DescriptionError> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        with_snippet: false,
    };
    let mut track = Track::new();
    let read = with_deserializer_from_str_with_options(text, options, |deserializer| {
        T::deserialize(serde_path_to_error::Deserializer::new(
            deserializer,
            &mut track,
        ))
    });
    read.map_err(|error| yaml::fault(&error, &track.path()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    pub(super) cluster: Option<Text>,
    pub(super) domain: Text,
    pub(super) nodes: Spanned<Vec<Spanned<Node>>>,
    #[serde(default)]
    pub(super) networks: Vec<Text>,
    pub(super) clients: Option<Spanned<Vec<Text>>>,
    #[serde(default)]
    pub(super) certificates: Certificates,
    #[serde(default)]
    pub(super) authorities: Authorities,
    pub(super) trust_anchor: Option<Text>,
    #[serde(default)]
    pub(super) crl: Crl,
    #[serde(default)]
    pub(super) etcd: Etcd,
    #[serde(default)]
    pub(super) ansible: Ansible,
    pub(super) store: Option<Store>,
}

/// Where the PKI is, in a description that may be wrong in all else.
#[derive(Deserialize)]
pub(super) struct Located {
    pub(super) store: Option<Store>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Store {
    pub(super) url: Text,
    pub(super) ca: Option<Text>,
    pub(super) certificate: Option<Text>,
    pub(super) key: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Node {
    pub(super) name: Text,
    pub(super) addresses: Spanned<Vec<Text>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Certificates {
    pub(super) sharing: Option<Text>,
    pub(super) server_sans: Vec<Text>,
    pub(super) lifetime: Option<Text>,
    pub(super) renew_before: Option<Text>,
    pub(super) key: Option<Text>,
    pub(super) backdate: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Authorities {
    pub(super) levels: Option<Spanned<u64>>,
    pub(super) root: Authority,
    pub(super) intermediate: Authority,
    pub(super) etcd: EtcdAuthority,
    pub(super) others: Vec<OtherAuthority>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Authority {
    pub(super) key: Option<Text>,
    pub(super) lifetime: Option<Text>,
    pub(super) publication: Publication,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EtcdAuthority {
    pub(super) key: Option<Text>,
    pub(super) lifetime: Option<Text>,
    pub(super) name_constraints: Option<Spanned<NameConstraints>>,
    pub(super) issuing: bool,
    pub(super) publication: Publication,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OtherAuthority {
    pub(super) name: Text,
    pub(super) key: Option<Text>,
    pub(super) lifetime: Option<Text>,
    pub(super) path_length: Option<Spanned<u64>>,
    pub(super) name_constraints: Option<Spanned<NameConstraints>>,
    #[serde(default)]
    pub(super) publication: Publication,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Publication {
    pub(super) crl: Vec<Text>,
    pub(super) issuers: Vec<Text>,
    pub(super) ocsp: Vec<Text>,
    pub(super) policies: Vec<Text>,
}

pub(super) enum NameConstraints {
    Word(String),
    Subtrees(Subtrees),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subtrees {
    #[serde(default)]
    pub(super) dns: Vec<Text>,
    #[serde(default)]
    pub(super) addresses: Vec<Text>,
}

impl<'de> Deserialize<'de> for NameConstraints {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordOrSubtrees;

        impl<'de> Visitor<'de> for WordOrSubtrees {
            type Value = NameConstraints;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`auto`, `none`, or the lists `dns` and `addresses`")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Self::Value, E> {
                Ok(NameConstraints::Word(word.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Subtrees::deserialize(MapAccessDeserializer::new(map))
                    .map(NameConstraints::Subtrees)
            }
        }

        deserializer.deserialize_any(WordOrSubtrees)
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Crl {
    pub(super) lifetime: Option<Text>,
    pub(super) authority_lifetime: Option<Text>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Etcd {
    pub(super) data_dir: Option<Text>,
    pub(super) enable_grpc_gateway: bool,
    pub(super) version: Option<Text>,
}

impl Default for Etcd {
    fn default() -> Self {
        Self {
            data_dir: None,
            enable_grpc_gateway: true,
            version: None,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Ansible {
    pub(super) vault_id: Option<Text>,
    pub(super) common_client: Option<Text>,
    pub(super) vault_files: Option<Text>,
}
