use vault_format::{Secret, decrypt, encrypt, inline};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = Secret::new(*b"correct horse")?;
    let text = "# the database\nport: 5432\npassword: hunter2   # change me\n";

    // Make a vault of one value.
    let scalars = inline::scalars(text);
    let password = scalars.iter().find(|scalar| scalar.path() == "password");
    let password = password.ok_or("there is no password")?;
    let vault = encrypt(password.text()?.as_bytes(), &secret, None)?;
    let text = inline::conceal(text, &[(password, &vault)]);
    assert!(text.starts_with("# the database\nport: 5432\npassword: !vault |"));

    // And read it.
    let values = inline::values(&text);
    assert_eq!(values[0].path(), "password");
    assert_eq!(decrypt(values[0].vault(), &secret)?.as_ref(), b"hunter2");
    Ok(())
}
