//! Warning of a password that protects no vault.

use std::sync::Once;

use vault_format::{Label, Secret};

use super::config::Config;
use super::talk;
use crate::password::strength::{self, VAULT};

/// Warns, once, of a weak password that is about to encrypt something.
pub(super) fn warn(secret: &Secret, label: Option<&Label>, config: &Config) {
    static ONCE: Once = Once::new();
    let bits = strength::bits(secret.expose());
    if bits >= VAULT || !config.warn_of_weak_passwords {
        return;
    }
    let label = label.map_or("default", Label::as_str);
    ONCE.call_once(|| {
        talk::warning(&format!(
            "the password of vault id '{label}' can be guessed: it is worth about {bits:.0} bits, \
             and {VAULT:.0} are needed; make one by: vault genpass (to silence this, set \
             ANSIBLE_VAULT_WEAK_PASSWORD_WARNING=false)"
        ));
    });
}
