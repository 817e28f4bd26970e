//! `cargo xtask loc`: how many lines of Rust there are, and where.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::run::{Outcome, no_arguments, print, root};
use crate::table::table;

const LONGEST: usize = 15;

/// A Rust file: where it is in the workspace, and in which crate.
struct File {
    path: PathBuf,
    /// The crate's folder; empty for a file that is in none.
    package: PathBuf,
    lines: usize,
}

#[derive(Default)]
struct Count {
    src: usize,
    tests: usize,
    total: usize,
}

impl Count {
    fn add(&mut self, file: &File) {
        // The first folder below the crate's own.
        let part = file.path.strip_prefix(&file.package).ok().and_then(|path| path.iter().next());
        self.total += file.lines;
        if part == Some(OsStr::new("src")) {
            self.src += file.lines;
        } else if part == Some(OsStr::new("tests")) {
            self.tests += file.lines;
        }
    }

    fn row(&self, name: String) -> [String; 4] {
        [name, self.src.to_string(), self.tests.to_string(), self.total.to_string()]
    }
}

pub(crate) fn run(args: &[String]) -> Outcome {
    no_arguments("loc", args)?;
    let root = root()?;
    let mut files = Vec::new();
    for path in rust_files(&root)? {
        let text = match fs::read(root.join(&path)) {
            Ok(text) => text,
            // Deleted, but git has not been told yet.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("cannot read {}: {error}", path.display()).into()),
        };
        let package = package_of(&path, |dir| root.join(dir).join("Cargo.toml").is_file());
        files.push(File { package, lines: String::from_utf8_lossy(&text).lines().count(), path });
    }
    print(&report(&mut files))
}

/// The Rust files git tracks, or would if they were added.
fn rust_files(root: &Path) -> Outcome<BTreeSet<PathBuf>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "-co", "--exclude-standard", "--", "*.rs"])
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot start git: {error}"))?;
    if !output.status.success() {
        return Err(format!("git ls-files failed ({})", output.status).into());
    }
    let listing = String::from_utf8_lossy(&output.stdout);
    Ok(listing.split('\0').filter(|path| !path.is_empty()).map(PathBuf::from).collect())
}

/// The innermost folder around a file that has a manifest: a crate inside another is its own.
fn package_of(path: &Path, has_manifest: impl Fn(&Path) -> bool) -> PathBuf {
    let inner = path.ancestors().skip(1).find(|dir| dir.as_os_str().is_empty() || has_manifest(dir));
    inner.map(Path::to_path_buf).unwrap_or_default()
}

fn report(files: &mut [File]) -> String {
    let mut counts: BTreeMap<&Path, Count> = BTreeMap::new();
    let mut all = Count::default();
    for file in files.iter() {
        counts.entry(&file.package).or_default().add(file);
        all.add(file);
    }
    let name = |package: &Path| match package.to_str() {
        Some("") => "(no crate)".to_owned(),
        _ => package.display().to_string(),
    };
    let mut rows: Vec<_> = counts.iter().map(|(package, count)| count.row(name(package))).collect();
    rows.push(all.row("total".to_owned()));
    let mut text = table(["crate", "src", "tests", "total"], &rows);

    files.sort_by(|a, b| b.lines.cmp(&a.lines).then_with(|| a.path.cmp(&b.path)));
    text.push_str("\nlongest files\n");
    for file in files.iter().take(LONGEST) {
        // Writing to a string cannot fail.
        _ = writeln!(text, "{:>6}  {}", file.lines, file.path.display());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_inside_another_is_counted_on_its_own() {
        let crates = ["core", "core/derive"];
        let mut files: Vec<File> = [
            ("core/src/a/tests/b.rs", 10),
            ("core/tests/it.rs", 5),
            ("core/derive/src/lib.rs", 30),
            ("core/build.rs", 1),
            ("stray.rs", 2),
        ]
        .map(|(path, lines)| {
            let path = PathBuf::from(path);
            File {
                package: package_of(&path, |dir| crates.iter().any(|name| dir == Path::new(name))),
                path,
                lines,
            }
        })
        .into();

        let expected = "\
crate        src  tests  total
(no crate)     0      0      2
core          10      5     16
core/derive   30      0     30
total         40      5     48

longest files
    30  core/derive/src/lib.rs
    10  core/src/a/tests/b.rs
     5  core/tests/it.rs
     2  stray.rs
     1  core/build.rs
";
        assert_eq!(report(&mut files), expected);
    }
}
