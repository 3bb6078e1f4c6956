//! `vault inline`: values inside YAML.

use std::fs;
use std::io::Write;
use std::path::Path;

use vault_format::inline::{self, Value};

use super::args::{Inline, InlineVerb};
use super::codec::Sealer;
use super::config::Config;
use super::error::Error;
use super::identity::{Identities, Prompts};
use super::replace::{self, Original};
use super::{editor, talk, tree};

/// Shows or edits values and leaves all around them as it is.
pub(super) fn run(args: &Inline, config: &Config) -> Result<(), Error> {
    let identities = Identities::new(&args.common, config, Prompts::Existing)?;
    let original = Original::open(&args.file)?;
    let fault = Error::file("Unable to read source file", &args.file);
    let text = fs::read_to_string(&original.path).map_err(fault)?;
    let values = inline::values(&text);
    match &args.verb {
        InlineVerb::View { keys } => {
            let chosen = choose(&args.file, &values, keys)?;
            view(&args.file, &chosen, keys.len() == 1, &identities)
        }
        InlineVerb::Edit { key } => {
            let chosen = choose(&args.file, &values, std::slice::from_ref(key))?;
            edit(&original, &text, chosen[0], &identities, config)
        }
    }
}

/// The values of these keys, or all.
fn choose<'a>(path: &Path, values: &'a [Value], keys: &[String]) -> Result<Vec<&'a Value>, Error> {
    if keys.is_empty() {
        return Ok(values.iter().collect());
    }
    let find = |key: &String| values.iter().find(|value| value.path() == key);
    let known = || {
        values
            .iter()
            .map(Value::path)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let missing = |key| {
        Error::Runtime(format!(
            "{} has no encrypted value '{key}'; it has: {}",
            path.display(),
            known()
        ))
    };
    keys.iter()
        .map(|key| find(key).ok_or_else(|| missing(key)))
        .collect()
}

/// One value is shown as it is, several as YAML.
fn view(path: &Path, values: &[&Value], bare: bool, identities: &Identities) -> Result<(), Error> {
    for value in values {
        let opened = tree::open_value(path, value, identities)?;
        if bare {
            talk::data(&opened.plaintext)?;
            continue;
        }
        let text = String::from_utf8_lossy(&opened.plaintext);
        // A JSON string is a YAML scalar that no reader takes for anything else.
        let scalar = serde_json::to_string(&text).map_err(std::io::Error::from)?;
        talk::data(format!("{}: {scalar}\n", value.path()).as_bytes())?;
    }
    Ok(())
}

fn edit(
    original: &Original,
    text: &str,
    value: &Value,
    identities: &Identities,
    config: &Config,
) -> Result<(), Error> {
    let name = tree::value_name(&original.path, value);
    let opened = tree::open_value(&original.path, value, identities)?;
    let mut draft = original.replace()?;
    let after = editor::edit(&opened.plaintext, Path::new("value"), config)?;
    // Editors end the last line; a value that did not end in a line break still does not.
    let added = !opened.plaintext.ends_with(b"\n");
    let after = if added {
        after.strip_suffix(b"\n").unwrap_or(&after)
    } else {
        &after[..]
    };
    if *after == **opened.plaintext {
        return Ok(());
    }
    let secret = identities.fetch(&[opened.index]).into_iter().next();
    let (_, secret) = secret.ok_or_else(|| identities.nothing_fetched())?;
    let sealer = Sealer::with(secret, None, config);
    let vault = sealer.encrypt_value(opened.label.as_ref(), after, &name)?;
    draft.write_all(inline::replace(text, &[(value, &vault)]).as_bytes())?;
    replace::commit(vec![draft.seal()?])
}
