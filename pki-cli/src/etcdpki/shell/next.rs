//! What is left to do, so that shells and man find what was installed.

use std::env;
use std::path::{Path, PathBuf, absolute};

use clap_complete::Shell;

use super::install::completions_path;
use crate::etcdpki::args::Program;
use crate::refusal::quoted;

/// Where this user's shells and man look.
pub(super) struct Surroundings {
    /// `XDG_DATA_HOME`, or what stands for it.
    home: Option<PathBuf>,
    /// `XDG_DATA_DIRS`, or what stands for it.
    system: Vec<PathBuf>,
    /// `PATH`.
    programs: Vec<PathBuf>,
    /// `MANPATH`.
    manuals: Vec<PathBuf>,
}

impl Surroundings {
    pub(super) fn here(home: Option<PathBuf>) -> Self {
        let paths = |name: &str| {
            let value = env::var_os(name).unwrap_or_default();
            env::split_paths(&value)
                .filter(|path| path.is_absolute())
                .collect::<Vec<_>>()
        };
        let mut system = paths("XDG_DATA_DIRS");
        if system.is_empty() {
            system = SYSTEM.map(PathBuf::from).into();
        }
        Self {
            home,
            system,
            programs: paths("PATH"),
            manuals: paths("MANPATH"),
        }
    }

    /// Lines to be added or typed, each with what it is for.
    pub(super) fn steps(&self, share: &Path) -> Vec<(String, &'static str)> {
        let share = absolute(share).unwrap_or_else(|_| share.to_owned());
        let mut steps = Vec::new();
        if !self.finds_manuals(&share) {
            let manuals = quoted(&share.join("man"));
            // Nothing behind the colon stands for where man looks without it.
            steps.push((
                format!("export MANPATH={manuals}:"),
                "in ~/.profile, for man",
            ));
        }
        let completions = |shell| share.join(completions_path(shell, Program::Etcdpki.name()));
        let directory = |shell| completions(shell).parent().map(quoted).unwrap_or_default();
        if !self.finds_data(&share) {
            let files = Program::ALL.map(|program| {
                let file = share.join(completions_path(Shell::Bash, program.name()));
                format!("source {}", quoted(&file))
            });
            steps.extend(files.map(|line| (line, "in ~/.bashrc, for bash")));
            steps.push((
                format!("set -p fish_complete_path {}", directory(Shell::Fish)),
                "in ~/.config/fish/config.fish, for fish",
            ));
        }
        // What zsh searches was compiled into it.
        if !SYSTEM.iter().any(|system| share == Path::new(system)) {
            steps.push((
                format!("fpath=({} $fpath)", directory(Shell::Zsh)),
                "in ~/.zshrc before compinit, for zsh",
            ));
        }
        steps.push((
            "exec $SHELL".to_owned(),
            "and Tab completes (in bash with the package bash-completion)",
        ));
        steps.push(("man etcdpki".to_owned(), "begins with an overview"));
        steps
    }

    /// Bash (with bash-completion) and fish look there.
    fn finds_data(&self, share: &Path) -> bool {
        self.home.as_deref() == Some(share) || self.system.iter().any(|system| system == share)
    }

    /// Man looks beside the directories of programs, too.
    fn finds_manuals(&self, share: &Path) -> bool {
        let programs = share.parent().map(|prefix| prefix.join("bin"));
        let beside = programs.is_some_and(|programs| self.programs.contains(&programs));
        beside
            || self.manuals.contains(&share.join("man"))
            || SYSTEM.iter().any(|system| share == Path::new(system))
    }
}

/// Where everyone looks.
const SYSTEM: [&str; 2] = ["/usr/local/share", "/usr/share"];

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(share: &str) -> String {
        let surroundings = Surroundings {
            home: Some("/home/one/.local/share".into()),
            system: SYSTEM.map(PathBuf::from).into(),
            programs: vec!["/usr/bin".into(), "/opt/in path/bin".into()],
            manuals: vec!["/srv/share/man".into()],
        };
        let steps = surroundings.steps(Path::new(share)).into_iter();
        steps.map(|(command, _)| command + "\n").collect()
    }

    #[test]
    fn what_is_found_already_is_no_step() {
        assert_eq!(steps("/usr/local/share"), "exec $SHELL\nman etcdpki\n");
        assert_eq!(
            steps("/home/one/.local/share"),
            "export MANPATH=/home/one/.local/share/man:\n\
             fpath=(/home/one/.local/share/zsh/site-functions $fpath)\n\
             exec $SHELL\nman etcdpki\n"
        );
        for share in ["/opt/in path/share", "/srv/share"] {
            let steps = steps(share);
            assert!(!steps.contains("MANPATH"), "{steps}");
            assert!(steps.contains("source "), "{steps}");
        }
        assert!(steps("/opt/in path/share").contains(
            "set -p fish_complete_path '/opt/in path/share/fish/vendor_completions.d'\n"
        ));
    }
}
