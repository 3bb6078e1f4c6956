//! The options of `etcdpki shell`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::Shell as ShellKind;

/// Install manual pages and completions, of `etcdpki` and `vault`
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(in crate::etcdpki) enum Shell {
    Completions(ShellCompletions),
    Install(ShellInstall),
    Man(ShellMan),
}

/// Write the manual pages, and the completions for bash, zsh and fish, to where they are looked for
///
/// That is below $XDG_DATA_HOME, or ~/.local/share, and there zsh must be told of
/// zsh/site-functions: `fpath+=~/.local/share/zsh/site-functions` before `compinit`.
#[derive(Args, Debug)]
#[command(after_help = INSTALL_EXAMPLES)]
pub(in crate::etcdpki) struct ShellInstall {
    /// Write below DIR/share, for a package or for all users
    #[arg(long, value_name = "DIR")]
    pub(in crate::etcdpki) prefix: Option<PathBuf>,
}

/// Print the completions for a shell
#[derive(Args, Debug)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub(in crate::etcdpki) struct ShellCompletions {
    /// Which shell
    #[arg(value_enum)]
    pub(in crate::etcdpki) shell: ShellKind,
    /// Of which program
    #[arg(long, value_enum, value_name = "NAME", default_value_t = Program::Etcdpki)]
    pub(in crate::etcdpki) program: Program,
}

/// Print a manual page, as man reads it
#[derive(Args, Debug)]
#[command(after_help = MAN_EXAMPLES)]
pub(in crate::etcdpki) struct ShellMan {
    /// Which one, such as etcdpki-rotate-ca or vault-edit
    #[arg(default_value = "etcdpki")]
    pub(in crate::etcdpki) page: String,
}

/// One of the two programs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(in crate::etcdpki) enum Program {
    Etcdpki,
    Vault,
}

const INSTALL_EXAMPLES: &str = "\
Examples:
  etcdpki shell install
  sudo etcdpki shell install --prefix /usr/local";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  etcdpki shell completions bash >~/.local/share/bash-completion/completions/etcdpki
  etcdpki shell completions fish --program vault >~/.config/fish/completions/vault.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  etcdpki shell man etcdpki-rotate-ca | man -l -
  etcdpki shell man vault | man -l -";

const EXAMPLES: &str = "\
Examples:
  etcdpki shell install
  etcdpki shell completions zsh --program vault";
