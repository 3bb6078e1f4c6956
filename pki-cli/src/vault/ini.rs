//! The syntax of `ansible.cfg`: that of Python's `configparser`, with `;` for comments behind values.

use std::collections::{HashMap, HashSet};

/// The section whose values count in every other one.
const FOR_ALL: &str = "DEFAULT";

/// What `configparser` refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("starts with a byte order mark; save the file without one")]
    ByteOrderMark,
    #[error("sets a key that was set before in this section; remove one of the two")]
    DuplicateKey,
    #[error("starts a section that there is already; put the two together")]
    DuplicateSection,
    #[error("has no key before the '='; write key = value")]
    NoKey,
    #[error("comes before the first section; start with a line [defaults]")]
    NoSection,
    #[error("is neither a [section] nor of the form key = value; begin a comment with #")]
    NoValue,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {problem}")]
pub(super) struct Fault {
    line: usize,
    problem: Problem,
}

/// The keys and values of one section.
///
/// # Errors
///
/// The first [`Fault`], wherever in the text it is.
pub(super) fn section(text: &str, name: &str) -> Result<HashMap<String, String>, Fault> {
    let mut reader = Reader::default();
    for (at, line) in text.split('\n').enumerate() {
        let fault = |problem| Fault {
            line: at + 1,
            problem,
        };
        reader.line(line).map_err(fault)?;
    }
    let mut sections = reader.sections;
    let mut values = match sections.contains_key(name) {
        true => sections.remove(FOR_ALL).unwrap_or_default(),
        false => HashMap::new(),
    };
    values.extend(sections.remove(name).unwrap_or_default());
    let text = |(key, lines): (String, Vec<String>)| (key, lines.join("\n").trim_end().to_owned());
    Ok(values.into_iter().map(text).collect())
}

type Section = HashMap<String, Vec<String>>;

#[derive(Default)]
struct Reader {
    sections: HashMap<String, Section>,
    started: HashSet<String>,
    section: Option<String>,
    /// The key whose value may go on, and by how much its line is indented.
    key: Option<String>,
    indent: usize,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), Problem> {
        let content = without_comment(line);
        let trimmed = content.trim();
        if trimmed.is_empty() {
            // An empty line may be within a value, one with a comment is not there at all.
            if content.len() == line.len() {
                self.go_on("");
            }
            return Ok(());
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        if indent > self.indent && self.go_on(trimmed) {
            return Ok(());
        }
        self.indent = indent;
        self.key = None;
        if let Some(name) = header(trimmed) {
            return self.start(name);
        }
        let Some(section) = &self.section else {
            return Err(match trimmed.starts_with('\u{feff}') {
                true => Problem::ByteOrderMark,
                false => Problem::NoSection,
            });
        };
        let (key, value) = trimmed.split_once(['=', ':']).ok_or(Problem::NoValue)?;
        let key = key.trim_end().to_lowercase();
        if key.is_empty() {
            return Err(Problem::NoKey);
        }
        let values = self.sections.entry(section.clone()).or_default();
        let lines = vec![value.trim_start().to_owned()];
        if values.insert(key.clone(), lines).is_some() {
            return Err(Problem::DuplicateKey);
        }
        self.key = Some(key);
        Ok(())
    }

    fn start(&mut self, name: &str) -> Result<(), Problem> {
        if !self.started.insert(name.to_owned()) && name != FOR_ALL {
            return Err(Problem::DuplicateSection);
        }
        self.sections.entry(name.to_owned()).or_default();
        self.section = Some(name.to_owned());
        Ok(())
    }

    /// Adds a line to the value before it, if there is one.
    fn go_on(&mut self, line: &str) -> bool {
        let (Some(section), Some(key)) = (&self.section, &self.key) else {
            return false;
        };
        let section = self.sections.get_mut(section);
        let Some(lines) = section.and_then(|values| values.get_mut(key)) else {
            return false;
        };
        lines.push(line.to_owned());
        true
    }
}

/// The name between the first bracket and the last one; what comes behind is not looked at.
fn header(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix('[')?.rsplit_once(']')?;
    Some(name).filter(|name| !name.is_empty())
}

/// A semicolon starts a comment at the start of a line and after a blank, a hash where a line is
/// nothing else.
fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with(['#', ';']) {
        return "";
    }
    let starts = |(at, _): &(usize, &str)| line[..*at].ends_with(char::is_whitespace);
    line.match_indices(';')
        .find(starts)
        .map_or(line, |(at, _)| &line[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_configparser_reads_them() {
        let text = "[other]\nvault_identity = no\n[defaults]\n# a = 1\n; b = 2\n\
                    Vault_Identity=prod ; comment\npassword: a;b # c\nlist = a,\n  b,\n\n  c\n\
                    ; no\n  d\n\n[more]\npassword = no\n";
        let values = section(text, "defaults").unwrap();
        let vertical = section("[defaults]\na = 1\u{b};b", "defaults").unwrap();
        assert_eq!(vertical["a"], "1");
        assert_eq!(values["vault_identity"], "prod");
        assert_eq!(values["password"], "a;b # c");
        assert_eq!(values["list"], "a,\nb,\n\nc\nd");
        assert_eq!(values.len(), 3);
    }

    #[test]
    fn one_section_counts_in_all_others() {
        let values = |text| section(text, "defaults").unwrap();
        let both = values("[DEFAULT]\na = 1\nb = 1\n[defaults]\nb = 2\n");
        assert_eq!((both["a"].as_str(), both["b"].as_str()), ("1", "2"));
        assert!(values("[DEFAULT]\na = 1\n").is_empty());
        assert_eq!(values("[DEFAULT]\n[DEFAULT]\na = 1\n[defaults]")["a"], "1");
        assert_eq!(values("[defaults] more ]\n[defaults]\na = 1")["a"], "1");
    }

    #[test]
    fn faults_are_found_where_they_are() {
        for (text, line, problem) in [
            ("x = 0\n[defaults]", 1, Problem::NoSection),
            ("\u{feff}[defaults]", 1, Problem::ByteOrderMark),
            ("[defaults]\n\nword\n", 3, Problem::NoValue),
            ("[defaults]\n[]\n", 2, Problem::NoValue),
            ("[defaults]\n  = 1\n", 2, Problem::NoKey),
            ("[a]\n[b]\n[a]\n", 3, Problem::DuplicateSection),
            ("[a]\nx=1\nX : 2\n", 3, Problem::DuplicateKey),
            ("[defaults]\n  word\n", 2, Problem::NoValue),
        ] {
            let fault = section(text, "defaults").unwrap_err();
            assert_eq!(fault, Fault { line, problem }, "{text:?}");
        }
    }

    #[test]
    fn anything_may_come() {
        for text in [
            "",
            "=",
            "[",
            "[defaults",
            "[defaults]\n=\n:",
            ";[",
            "]",
            "[]",
        ] {
            let _ = section(text, "defaults");
        }
        assert_eq!(section("[defaults]\n a = 1", "defaults").unwrap()["a"], "1");
    }
}
