//! `vault encrypt_string`

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal};

use zeroize::Zeroizing;

use crate::password;

use super::args::EncryptString;
use super::codec::Sealer;
use super::config::Config;
use super::error::Error;
use super::identity::{Identities, Prompts};
use super::replace::{self, Draft};
use super::streams::{self, Sink, Typed};
use super::talk;

/// The blanks before each line, whatever the name: ansible-vault's layout.
const INDENT: &str = "          ";

/// Encrypts values and prints them as YAML.
pub(super) fn run(args: &EncryptString, config: &Config) -> Result<(), Error> {
    let dash = args.values.iter().any(|value| value == "-");
    let from_stdin = dash || args.stdin_name.is_some() || (args.values.is_empty() && !args.prompt);
    if args.prompt && from_stdin {
        return Err(Error::Options(
            "The --prompt option is not supported if also reading input from stdin".to_owned(),
        ));
    }
    let positional = vec!["".into(); args.values.len()];
    let sink = Sink::new(args.output.output.as_deref(), &positional)?;
    let identities = Identities::new(&args.secrets.known, config, Prompts::New)?;
    let sealer = Sealer::new(
        &identities,
        args.secrets.encrypt_vault_id.as_deref(),
        config,
    )?;
    let values = collect(args, from_stdin)?;
    let several = values.len() > 1;
    let mut text = String::new();
    for (number, value) in (1..).zip(&values) {
        if several {
            talk::note(&value.announcement(number));
        }
        text.push_str(&value.to_yaml(&sealer)?);
    }
    match &sink {
        Sink::File(path) => {
            let mut draft = Draft::new(path)?;
            io::Write::write_all(&mut draft, text.as_bytes())?;
            replace::commit(vec![draft.seal()?])?;
        }
        Sink::InPlace | Sink::Stdout => talk::data(text.as_bytes())?,
    }
    talk::success("Encryption successful");
    Ok(())
}

/// All values, in the order in which they are printed.
fn collect(args: &EncryptString, from_stdin: bool) -> Result<Vec<Value>, Error> {
    let mut values = Vec::new();
    if args.prompt {
        values.push(ask(args.show_input)?);
    }
    if from_stdin {
        streams::announce_stdin();
        let content = password::read_plaintext(Typed::new(password::unbuffered_stdin()?))?;
        if content.is_empty() {
            return Err(Error::Options("stdin was empty, not encrypting".to_owned())
                .hinting("pass the value in: vault encrypt_string < FILE"));
        }
        values.push(Value {
            name: args.stdin_name.clone(),
            content,
            origin: Origin::Stdin,
        });
    }
    let arguments: Vec<_> = args.values.iter().filter(|value| *value != "-").collect();
    if !arguments.is_empty() && io::stderr().is_terminal() {
        talk::warning(
            "values on the command line can be seen by other users and stay in the \
                       history of the shell; use --prompt or standard input",
        );
    }
    if let Some(last) = args
        .name
        .last()
        .filter(|_| args.name.len() < arguments.len())
    {
        talk::note(&format!(
            "The number of --name options do not match the number of args.\n\
             The last named variable will be \"{last}\". The rest will not have names."
        ));
    }
    let mut names: VecDeque<_> = args.name.iter().cloned().collect();
    for argument in arguments {
        if argument.is_empty() {
            return Err(Error::Options(
                "The plaintext provided from the command line args was empty, not encrypting"
                    .into(),
            ));
        }
        let content = Zeroizing::new(argument.as_bytes().to_vec());
        values.push(Value {
            name: names.pop_front(),
            content,
            origin: Origin::Arguments,
        });
    }
    Ok(values)
}

fn ask(show_input: bool) -> Result<Value, Error> {
    let name = read_line("Variable name (enter for no name): ")?;
    let name = String::from_utf8_lossy(&name).into_owned();
    let content = if show_input {
        read_line("String to encrypt:")?
    } else {
        password::prompt_verbatim("String to encrypt (hidden): ")?
    };
    if content.is_empty() {
        return Err(Error::Options(
            "The plaintext provided from the prompt was empty, not encrypting".to_owned(),
        ));
    }
    let name = Some(name).filter(|name| !name.is_empty());
    Ok(Value {
        name,
        content,
        origin: Origin::Prompt,
    })
}

fn read_line(text: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    talk::prompt(text)?;
    let line = password::read_line()?;
    Ok(Zeroizing::new(password::trim_line_breaks(&line).to_vec()))
}

struct Value {
    name: Option<String>,
    content: Zeroizing<Vec<u8>>,
    origin: Origin,
}

impl Value {
    /// The parenthesis that nothing opens is ansible-vault's.
    fn announcement(&self, number: u32) -> String {
        let Self { name, origin, .. } = self;
        match name {
            Some(name) => format!(
                "# The encrypted version of variable (\"{name}\", the string #{number} from \
                 {origin})."
            ),
            None => format!("# The encrypted version of the string #{number} from {origin}.)"),
        }
    }

    fn to_yaml(&self, sealer: &Sealer<'_>) -> Result<String, Error> {
        let vault = sealer.encrypt(
            &mut &self.content[..],
            io::Cursor::new(Vec::new()),
            "string",
        )?;
        let vault = String::from_utf8_lossy(vault.get_ref()).into_owned();
        let mut text = match &self.name {
            Some(name) => format!("{name}: !vault |\n"),
            None => "!vault |\n".to_owned(),
        };
        for line in vault.lines() {
            // Writing to a string can not fail.
            let _ = writeln!(text, "{INDENT}{line}");
        }
        Ok(text)
    }
}

/// Where a value came from.
enum Origin {
    Arguments,
    Prompt,
    Stdin,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arguments => "the command line args",
            Self::Prompt => "the interactive prompt",
            Self::Stdin => "stdin",
        })
    }
}
