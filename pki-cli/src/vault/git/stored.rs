//! What git has of a file already.

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

use zeroize::Zeroizing;

use crate::vault::child;

use super::driver::Version;

/// The version in the index, or else that of the last commit.
///
/// None if there is no such version, or no git: then there is nothing to compare with.
pub(super) fn version(name: &Path) -> Option<Version> {
    [":0:", "HEAD:"].into_iter().find_map(|place| {
        let mut object = OsString::from(place);
        object.push(name);
        let mut git = child::command("git");
        let git = git.args(["cat-file", "blob"]).arg(&object);
        let output = git.stdin(Stdio::null()).stderr(Stdio::null()).output();
        let output = output.ok().filter(|output| output.status.success())?;
        Some(Version::new(
            Zeroizing::new(output.stdout),
            object.to_string_lossy().into_owned(),
        ))
    })
}
