//! The method AES256: AES-256-CTR, then HMAC-SHA256 over the ciphertext, under keys derived by
//! PBKDF2-HMAC-SHA256.

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::Error;
use crate::kdf::{self, BLOCK};
use crate::secret::Secret;

/// The block size of the cipher, to which plaintext is padded.
pub(crate) const PADDING: usize = 16;

/// The authentication code's size.
pub(crate) const MAC: usize = 32;

type Key = Zeroizing<[u8; BLOCK]>;

/// Everything that is derived from a secret and a salt.
pub(crate) struct Keys {
    cipher: Key,
    mac: Key,
    /// The first 16 bytes are the initial counter block.
    counter: Key,
}

impl Keys {
    /// Derives all three keys, in lock step.
    pub(crate) fn derive(secret: &Secret, salt: &[u8]) -> Self {
        let jobs = [(secret, 1), (secret, 2), (secret, 3)];
        let [cipher, mac, counter] = array(kdf::blocks(&jobs, salt, kdf::ROUNDS));
        Self {
            cipher,
            mac,
            counter,
        }
    }

    /// Derives what [`mac_keys`] left out.
    pub(crate) fn complete(mac: Key, secret: &Secret, salt: &[u8]) -> Self {
        let jobs = [(secret, 1), (secret, 3)];
        let [cipher, counter] = array(kdf::blocks_sooner(&jobs, salt, kdf::ROUNDS));
        Self {
            cipher,
            mac,
            counter,
        }
    }

    /// The cipher at the start of the payload.
    pub(crate) fn cipher(&self) -> Cipher {
        self.cipher_at(0)
    }

    /// The cipher at block `block` of the payload.
    pub(crate) fn cipher_at(&self, block: u128) -> Cipher {
        let mut counter = Zeroizing::new([0; 16]);
        counter.copy_from_slice(&self.counter[..16]);
        // The counter carries through all of its 16 bytes.
        *counter = u128::from_be_bytes(*counter)
            .wrapping_add(block)
            .to_be_bytes();
        Cipher(Ctr128BE::new((&*self.cipher).into(), (&*counter).into()))
    }

    /// The authentication of a payload.
    pub(crate) fn authenticator(&self) -> Authenticator {
        Authenticator::new(&self.mac)
    }
}

/// Derives only the authentication key of every secret: enough to tell whether it fits.
pub(crate) fn mac_keys(secrets: &[&Secret], salt: &[u8]) -> Vec<Key> {
    let jobs: Vec<_> = secrets.iter().map(|&secret| (secret, 2)).collect();
    kdf::blocks_sooner(&jobs, salt, kdf::ROUNDS)
}

/// As many keys as were derived.
fn array<const N: usize>(keys: Vec<Key>) -> [Key; N] {
    let mut keys = keys.into_iter();
    std::array::from_fn(|_| keys.next().unwrap_or_default())
}

/// The keystream, applied alike to plaintext and ciphertext.
pub(crate) struct Cipher(Ctr128BE<Aes256>);

impl Cipher {
    pub(crate) fn apply(&mut self, data: &mut [u8]) {
        self.0.apply_keystream(data);
    }

    /// Writes the result to `output`, which is as long as `input`.
    pub(crate) fn apply_to(&mut self, input: &[u8], output: &mut [u8]) {
        self.0.apply_keystream_b2b(input, output);
    }
}

/// A running authentication code.
#[derive(Clone)]
pub(crate) struct Authenticator(Hmac<Sha256>);

impl Authenticator {
    pub(crate) fn new(key: &[u8; BLOCK]) -> Self {
        let mut block = Zeroizing::new([0; 64]);
        block[..BLOCK].copy_from_slice(key);
        Self(Hmac::new((&*block).into()))
    }

    pub(crate) fn update(&mut self, ciphertext: &[u8]) {
        self.0.update(ciphertext);
    }

    pub(crate) fn finish(self) -> [u8; MAC] {
        self.0.finalize().into_bytes().into()
    }

    /// Compares in constant time.
    pub(crate) fn verify(self, expected: &[u8]) -> bool {
        self.0.verify_slice(expected).is_ok()
    }
}

/// How many padding bytes follow `length` bytes of plaintext: 1 to 16.
pub(crate) fn padding(length: u64) -> u8 {
    // 16 - n % 16, in the only type that needs no cast.
    16 - u8::try_from(length % 16).unwrap_or(0)
}

/// Whether ciphertext can have this length.
pub(crate) fn check_length(padded: u64) -> Result<(), Error> {
    match padded == 0 || !padded.is_multiple_of(16) {
        true => Err(Error::CorruptPayload {
            problem: "its length is not a multiple of the cipher's blocks",
        }),
        false => Ok(()),
    }
}

/// The length of the plaintext in `padded` bytes of which this is the last block.
pub(crate) fn plaintext_length(padded: u64, last: &[u8; PADDING]) -> Result<u64, Error> {
    check_length(padded)?;
    let fault = |problem| Err(Error::CorruptPayload { problem });
    let padding = last[PADDING - 1];
    if !(1..=16).contains(&padding) {
        return fault("its padding is not between 1 and 16 bytes");
    }
    let mut padded_with = last.iter().rev().take(usize::from(padding));
    if padded_with.any(|&byte| byte != padding) {
        return fault("its padding bytes differ");
    }
    Ok(padded - u64::from(padding))
}

#[cfg(test)]
mod tests {
    use zeroize::ZeroizeOnDrop;

    use super::*;

    #[test]
    fn key_and_keystream_are_wiped() {
        fn is_wiped<T: ZeroizeOnDrop>() {}
        is_wiped::<Ctr128BE<Aes256>>();
    }
}
