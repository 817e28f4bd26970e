//! Case tables of public projects, kept beside the project and not part of it.
#![allow(clippy::print_stderr, reason = "a test that is skipped says why")]

use std::path::{Path, PathBuf};

/// A file or folder of the shared test data. `None` where there is no such data, as in a user's clone: the test is
/// skipped then and says so.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let found = folder.join(path);
    if !found.exists() {
        eprintln!("skipped: {path} is not in {}", folder.display());
        return None;
    }
    Some(found)
}
