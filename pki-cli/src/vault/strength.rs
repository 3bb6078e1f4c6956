//! Warning of a password that protects no vault.

use std::sync::Once;

use vault_format::{Label, Secret};

use super::config::Config;
use super::talk;
use crate::password::strength::{self, VAULT};

/// Warns, once, of a weak password that is about to encrypt something.
pub(super) fn warn(secret: &Secret, label: Option<&Label>, config: &Config) {
    static ONCE: Once = Once::new();
    if !config.warn_of_weak_passwords {
        return;
    }
    let label = label.map_or("default", Label::as_str);
    let what = format!("password of vault id '{label}'");
    if let Some(doubt) = strength::doubt(&what, secret.expose(), VAULT) {
        ONCE.call_once(|| {
            talk::warning(&format!(
                "{doubt} (to silence this, set ANSIBLE_VAULT_WEAK_PASSWORD_WARNING=false)"
            ));
        });
    }
}
