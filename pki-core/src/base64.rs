//! Octets as text, for `#[serde(with = "base64")]`.

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Deserializer, Serializer, de};

pub(crate) fn serialize<S: Serializer>(
    octets: &impl AsRef<[u8]>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&Base64::encode_string(octets.as_ref()))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<Vec<u8>>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    let octets = Base64::decode_vec(&text).map_err(|_| de::Error::custom("this is not base64"))?;
    let length = octets.len();
    octets.try_into().map_err(|_| {
        de::Error::custom(format!("{length} octets in base64 are too many or too few"))
    })
}
