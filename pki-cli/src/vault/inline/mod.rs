//! `vault inline`: values inside YAML.

mod document;

use std::io::{Read, Write};
use std::path::Path;

use vault_format::inline;
use zeroize::Zeroizing;

use self::document::Document;
use super::args::{Inline, InlineFile, InlineVerb};
use super::codec::Sealer;
use super::config::Config;
use super::error::Error;
use super::identity::{Identities, Prompts};
use super::replace::{self, Original};
use super::{editor, rescue, talk, tree};

/// Works on chosen values and leaves all around them as it is.
pub(super) fn run(args: &Inline, config: &Config) -> Result<(), Error> {
    match &args.verb {
        InlineVerb::Decrypt(args) => Work::open(args, config, Prompts::Existing)?.decrypt(args),
        InlineVerb::Edit(args) => Work::open(args, config, Prompts::Existing)?.edit(args, config),
        InlineVerb::Encrypt(args) => Work::open(args, config, Prompts::New)?.encrypt(args, config),
        InlineVerb::View(args) => Work::open(args, config, Prompts::Existing)?.view(args),
    }
}

/// A YAML file and the secrets for it.
struct Work {
    original: Original,
    text: Zeroizing<String>,
    identities: Identities,
}

impl Work {
    fn open(args: &InlineFile, config: &Config, prompts: Prompts) -> Result<Self, Error> {
        let mut original = Original::open(&args.file)?;
        let mut text = Zeroizing::default();
        let fault = Error::file("Unable to read source file", &args.file);
        original.file.read_to_string(&mut text).map_err(fault)?;
        for place in tree::overlooked(&args.file, &text) {
            talk::warning(&place);
        }
        let identities = Identities::new(&args.secrets.known, config, prompts)?;
        Ok(Self {
            original,
            text,
            identities,
        })
    }

    /// One value is shown as it is, several as YAML.
    fn view(&self, args: &InlineFile) -> Result<(), Error> {
        let document = Document::new(&args.file, &self.text);
        for value in document.encrypted(&args.keys)? {
            let opened = tree::open_value(&args.file, value, &self.identities)?;
            if args.keys.len() == 1 {
                talk::data(&opened.plaintext)?;
                continue;
            }
            let text = String::from_utf8_lossy(&opened.plaintext);
            // It never grows, which would leave copies behind: the longest escape has six bytes.
            let room = value.path().len() + 6 * text.len() + ": \"\"\n".len();
            let mut line = Zeroizing::new(Vec::with_capacity(room));
            line.extend_from_slice(value.path().as_bytes());
            line.extend_from_slice(b": ");
            // A JSON string is a YAML scalar that no reader takes for anything else.
            serde_json::to_writer(&mut *line, &text).map_err(std::io::Error::from)?;
            line.push(b'\n');
            talk::data(&line)?;
        }
        Ok(())
    }

    fn edit(&self, args: &InlineFile, config: &Config) -> Result<(), Error> {
        let [_] = &args.keys[..] else {
            return Err(Error::Options(
                "inline edit takes one key: vault inline edit FILE KEY".to_owned(),
            ));
        };
        let document = Document::new(&args.file, &self.text);
        let value = document.encrypted(&args.keys)?[0];
        let name = tree::value_name(&args.file, value);
        let opened = tree::open_value(&args.file, value, &self.identities)?;
        let secret = self.identities.fetch(&[opened.index]).into_iter().next();
        let (_, secret) = secret.ok_or_else(|| self.identities.nothing_fetched())?;
        let sealer = Sealer::with(secret, opened.label.clone(), config);
        let path = &self.original.path;
        let mut origin = path.clone().into_os_string();
        origin.push(format!("#{}", value.path()));
        rescue::of_killed(&origin, &opened.plaintext, &sealer, path, config)?;
        let edited = editor::edit(&opened.plaintext, Path::new("value"), &origin, config)?;
        let after = edited.plaintext.clone();
        // Editors end the last line; a value that did not end in a line break still does not.
        let added = !opened.plaintext.ends_with(b"\n");
        let after = if added {
            after.strip_suffix(b"\n").unwrap_or(&after)
        } else {
            &after[..]
        };
        if *after == **opened.plaintext {
            return edited.end;
        }
        rescue::on_error(edited, after, &sealer, path, || {
            let vault = sealer.encrypt_value(opened.label.as_ref(), after, &name)?;
            self.save(&inline::replace(&self.text, &[(value, &vault)]))
        })
    }

    fn encrypt(&self, args: &InlineFile, config: &Config) -> Result<(), Error> {
        if args.keys.is_empty() {
            return Err(Error::Options(
                "name the keys whose values are to be encrypted: vault inline encrypt FILE KEY"
                    .to_owned(),
            ));
        }
        let wanted = args.secrets.encrypt_vault_id.as_deref();
        let sealer = Sealer::new(&self.identities, wanted, config)?;
        let document = Document::new(&args.file, &self.text);
        let chosen = document.in_clear(&args.keys)?;
        let mut vaults = Vec::new();
        for scalar in &chosen {
            let name = format!(
                "{}:{} ({})",
                args.file.display(),
                scalar.line(),
                scalar.path()
            );
            let text = scalar.text();
            let text = text.map_err(|why| Error::Runtime(format!("{name} {why}")))?;
            if text.contains("{{") || text.contains("{%") {
                talk::warning(&format!(
                    "{name} holds a template, which Ansible does not expand in an encrypted value"
                ));
            }
            if let Some(kind) = scalar.kind() {
                talk::note(&format!(
                    "{name} is {kind} now, and a text once it is encrypted, as every encrypted value \
                     is: where Ansible needs {kind}, use a filter such as '| int' or '| bool'"
                ));
            }
            vaults.push(sealer.encrypt_value(sealer.label.as_ref(), text.as_bytes(), &name)?);
        }
        let pairs: Vec<_> = chosen
            .iter()
            .copied()
            .zip(vaults.iter().map(Vec::as_slice))
            .collect();
        let concealed = inline::conceal(&self.text, &pairs);
        // What was written has to be found again, or the file stays as it is.
        let found = inline::values(&concealed);
        let written = pairs.iter().map(|(scalar, vault)| (scalar.path(), *vault));
        tree::expect_values(&args.file, &found, written)?;
        self.save(&concealed)?;
        talk::success("Encryption successful");
        Ok(())
    }

    fn decrypt(&self, args: &InlineFile) -> Result<(), Error> {
        let document = Document::new(&args.file, &self.text);
        let chosen = document.encrypted(&args.keys)?;
        let mut texts = Vec::new();
        for value in &chosen {
            let opened = tree::open_value(&args.file, value, &self.identities)?;
            let text = str::from_utf8(&opened.plaintext).map_err(|_| {
                let name = tree::value_name(&args.file, value);
                Error::Runtime(format!(
                    "{name} is no UTF-8 text, so YAML can not hold it in clear"
                ))
                .hinting("`vault inline view` writes it as it is")
            })?;
            texts.push(Zeroizing::new(text.to_owned()));
        }
        let pairs: Vec<_> = chosen
            .into_iter()
            .zip(texts.iter().map(|text| text.as_str()))
            .collect();
        self.save(&inline::reveal(&self.text, &pairs))?;
        talk::success("Decryption successful");
        Ok(())
    }

    fn save(&self, text: &str) -> Result<(), Error> {
        self.original.warn_of_links();
        let mut draft = self.original.replace()?;
        draft.write_all(text.as_bytes())?;
        replace::commit(vec![draft.seal()?])
    }
}
