//! XChaCha20-Poly1305, as the seals use it.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// The length of a nonce: long enough that random ones never repeat.
pub(super) const NONCE: usize = 24;
/// The length of an authentication tag.
pub(super) const TAG: usize = 16;

/// A key of 256 bits.
pub(super) type SecretKey = Zeroizing<[u8; 32]>;

/// Encrypts `plaintext`, and appends the authentication tag over it and `data`.
pub(super) fn encrypt(
    key: &SecretKey,
    nonce: &[u8; NONCE],
    data: &[u8],
    plaintext: &[u8],
) -> Vec<u8> {
    cipher(key)
        .encrypt(
            &XNonce::from(*nonce),
            Payload {
                msg: plaintext,
                aad: data,
            },
        )
        // It fails for more than 256 GiB only; keys are a few kilobytes.
        .expect("a key is short enough to encrypt")
}

/// Decrypts, if neither the ciphertext nor `data` was changed.
pub(super) fn decrypt(
    key: &SecretKey,
    nonce: &[u8; NONCE],
    data: &[u8],
    ciphertext: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let payload = Payload {
        msg: ciphertext,
        aad: data,
    };
    cipher(key)
        .decrypt(&XNonce::from(*nonce), payload)
        .ok()
        .map(Zeroizing::new)
}

fn cipher(key: &SecretKey) -> XChaCha20Poly1305 {
    let mut copy = Key::from(**key);
    let cipher = XChaCha20Poly1305::new(&copy);
    zeroize::Zeroize::zeroize(copy.as_mut_slice());
    cipher
}
