//! The pages, and what Markdown is in them.

use std::fs;
use std::path::{Path, PathBuf};

/// One file.
pub(crate) struct Page {
    /// From the top of the repository.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// The lines between two fences, and what stands behind the first.
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) lines: Vec<String>,
}

/// The top of the repository.
pub(crate) fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Every page that is written here, and none of what was installed or built.
pub(crate) fn all() -> Vec<Page> {
    let mut pages = Vec::new();
    collect(top(), &mut pages);
    pages.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(pages.len() > 10, "no pages below {}", top().display());
    pages
}

fn collect(directory: &Path, pages: &mut Vec<Page>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" {
                collect(&path, pages);
            }
        } else if name.ends_with(".md") {
            pages.push(Page {
                text: fs::read_to_string(&path).unwrap(),
                path: path.strip_prefix(top()).unwrap().to_owned(),
            });
        }
    }
}

impl Page {
    /// The code between fences.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut inside = false;
        for line in self.text.lines() {
            if let Some(language) = line.trim_start().strip_prefix("```") {
                inside = !inside;
                if inside {
                    blocks.push(Block {
                        language: language.to_owned(),
                        lines: Vec::new(),
                    });
                }
            } else if inside {
                blocks.last_mut().unwrap().lines.push(line.to_owned());
            }
        }
        blocks
    }

    /// What is no code, a line each.
    pub(crate) fn prose(&self) -> Vec<&str> {
        let mut inside = false;
        let mut prose = Vec::new();
        for line in self.text.lines() {
            if line.trim_start().starts_with("```") {
                inside = !inside;
            } else if !inside {
                prose.push(line);
            }
        }
        prose
    }

    /// What of ours is typed in backquotes.
    pub(crate) fn quoted_commands(&self) -> Vec<String> {
        let prose = self.prose();
        let paragraphs = prose.split(|line| line.trim().is_empty());
        let mut found = Vec::new();
        for paragraph in paragraphs {
            let quoted = paragraph.join(" ");
            let quoted = quoted.split('`').skip(1).step_by(2);
            let commands = quoted.filter(|text| {
                let text = text.trim_start_matches("sudo ");
                ["etcdpki ", "vault "]
                    .iter()
                    .any(|name| text.starts_with(name))
            });
            found.extend(commands.map(str::to_owned));
        }
        found
    }

    /// The anchors of its headings, as GitHub makes them.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let mut anchors: Vec<String> = Vec::new();
        for line in self.prose() {
            let title = line.trim_start_matches('#');
            if title.len() == line.len() || !title.starts_with(' ') {
                continue;
            }
            let plain: String = title
                .trim()
                .to_lowercase()
                .chars()
                .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter))
                .map(|letter| if letter == ' ' { '-' } else { letter })
                .collect();
            let before = anchors.iter().filter(|one| **one == plain).count();
            anchors.push(match before {
                0 => plain,
                more => format!("{plain}-{more}"),
            });
        }
        anchors
    }
}
