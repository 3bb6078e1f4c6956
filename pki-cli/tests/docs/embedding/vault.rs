use vault_format::{Error, Label, Secret, decrypt, encrypt};

fn main() -> Result<(), Error> {
    let secret = Secret::new(*b"correct horse")?;
    let vault = encrypt(b"db_password: hunter2\n", &secret, Some(&Label::new("prod")?))?;
    assert!(vault.starts_with(b"$ANSIBLE_VAULT;1.2;AES256;prod\n"));

    // The plaintext is wiped when it is dropped, and does not print.
    let plaintext = decrypt(&vault, &secret)?;
    assert_eq!(plaintext.as_ref(), b"db_password: hunter2\n");

    // A wrong password and a vault that was changed cannot be told apart; anything else can.
    let wrong = Secret::new(*b"battery staple")?;
    assert!(matches!(decrypt(&vault, &wrong), Err(Error::DecryptFailed)));
    assert!(matches!(decrypt(b"db_password: hunter2\n", &secret), Err(Error::NotVault { .. })));
    Ok(())
}
