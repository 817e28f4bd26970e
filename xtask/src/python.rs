//! `cargo xtask python`: the Python package is built, installed as its users install it, and tested there.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::bench::parse;
use crate::reported::{printed_by, show};
use crate::run::{Failure, Outcome, finish, no_arguments, print, root, target_dir_from_env};

/// The oldest Python that the package is for.
const OLDEST: (u32, u32) = (3, 10);

pub(crate) fn run(args: &[String]) -> Outcome {
    no_arguments("python", args)?;
    let Some(python) = python() else {
        let what = format!("there is no python3 of {}.{} or newer", OLDEST.0, OLDEST.1);
        // Where the tests of every change run, a package that was not tested is no success.
        return match env::var_os("CI") {
            Some(_) => Err(Failure::from(what)),
            None => {
                eprintln!("the Python package is not tested: {what}");
                Ok(())
            }
        };
    };
    let place = Place::new()?;
    place.prepare(&python)?;
    place.install("dev")?;
    place.test()
}

/// What takes too long for every day: the package is built from its source distribution, as where there is no wheel, and with
/// it 200,000 records are created, listed and heard of.
pub(crate) fn soak() -> Outcome {
    const ROUNDS: &str = "CRM_PYTHON_LEAK_ROUNDS";
    let Some(python) = python() else {
        eprintln!("the Python package is not tested: there is no python3 that is new enough");
        return Ok(());
    };
    let place = Place::new()?;
    place.prepare(&python)?;
    place.install_source()?;
    let test = place.package.join("tests").join("test_leaks.py");
    let mut leaks = place.python(["-m", "pytest", "--quiet", "-s", "-p", "no:cacheprovider"]);
    if env::var_os(ROUNDS).is_none() {
        leaks.env(ROUNDS, "200000");
    }
    finish("the leak test", leaks.arg(test).current_dir(&place.folder))
}

/// `cargo xtask bench --python`: the package beside hand-written `sqlite3` and the ORM of SQLAlchemy, in one run.
pub(crate) fn bench(args: &[String]) -> Outcome {
    const DEFAULT_SIZES: [u64; 1] = [10_000];
    const COLUMNS: [&str; 7] = ["op", "size", "ours_us", "hand_us", "orm_us", "hand", "orm"];
    let options = parse(args, &DEFAULT_SIZES)?;
    let python = python().ok_or_else(|| "there is no python3 that is new enough".to_owned())?;
    let place = Place::new()?;
    place.prepare(&python)?;
    let peers = root()?.join("benches").join("peers").join("python");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    finish("pip", place.python(pip).arg(peers.join("requirements.txt")))?;
    place.install("wheel")?;
    let mut all = Vec::new();
    all.push(json!({ "op": "wheel_bytes", "wheel_bytes": place.wheel_bytes()? }));
    for size in &options.sizes {
        let mut bench = place.python([peers.join("bench.py").as_os_str(), OsStr::new("--size")]);
        all.extend(printed_by(bench.arg(size.to_string()).current_dir(&place.folder))?);
    }
    if options.json {
        return show(&options, &all, COLUMNS);
    }
    let (compared, others): (Vec<Value>, Vec<Value>) =
        all.into_iter().partition(|line| !line["ours_us"].is_null());
    show(&options, &compared, COLUMNS)?;
    others.iter().try_for_each(|line| print(&format!("{line}\n")))
}

fn python() -> Option<PathBuf> {
    const ASK: &str = "import sys; print(*sys.version_info[:2]); print(sys.executable)";
    let answer = Command::new("python3").args(["-c", ASK]).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(answer.stdout).ok()?;
    let mut lines = text.lines();
    let mut version = lines.next()?.split(' ').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (version.next()?, version.next()?);
    lines.next().filter(|_| version >= OLDEST).map(PathBuf::from)
}

/// Where the package is built and tested.
struct Place {
    package: PathBuf,
    folder: PathBuf,
    venv: PathBuf,
}

impl Place {
    fn new() -> Outcome<Self> {
        let root = root()?;
        let folder = target_dir_from_env().unwrap_or_else(|| root.join("target")).join("python");
        Ok(Place { package: root.join("crm-py"), venv: folder.join("venv"), folder })
    }

    fn program(&self, name: &str) -> Command {
        let programs = self.venv.join(if cfg!(windows) { "Scripts" } else { "bin" });
        // As in an environment that was activated: pyright looks for its python on the PATH.
        let others = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(std::iter::once(programs.clone()).chain(env::split_paths(&others)));
        let mut command = Command::new(programs.join(name));
        command.current_dir(&self.package).env("VIRTUAL_ENV", &self.venv);
        command.env("PATH", path.unwrap_or(others));
        command
    }

    fn python(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = self.program("python");
        command.args(args);
        command
    }

    /// Makes the environment and installs what the tests need.
    fn prepare(&self, python: &Path) -> Outcome {
        let wanted = self.package.join("tests").join("requirements.txt");
        let text = fs::read(&wanted).map_err(|error| format!("cannot read {}: {error}", wanted.display()))?;
        let done = self.venv.join("requirements.txt");
        if fs::read(&done).is_ok_and(|known| known == text) {
            return Ok(());
        }
        finish("python -m venv", Command::new(python).args(["-m", "venv", "--clear"]).arg(&self.venv))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        finish("pip", self.python(pip).arg(&wanted))?;
        fs::write(&done, text).map_err(|error| format!("cannot write {}: {error}", done.display()).into())
    }

    /// Builds the wheel and installs it.
    fn install(&self, profile: &str) -> Outcome {
        let wheels = self.folder.join("wheels");
        if wheels.exists() {
            fs::remove_dir_all(&wheels)
                .map_err(|error| format!("cannot empty {}: {error}", wheels.display()))?;
        }
        let build = ["build", "--locked", "--quiet", "--profile", profile, "--out"];
        finish("maturin", self.program("maturin").args(build).arg(&wheels))?;
        self.pip_install(&self.wheel()?)
    }

    /// Packs the sources up and lets pip build and install what they are the sources of.
    fn install_source(&self) -> Outcome {
        let sources = self.folder.join("sources");
        finish("maturin", self.program("maturin").args(["sdist", "--out"]).arg(&sources))?;
        let version = env!("CARGO_PKG_VERSION");
        self.pip_install(&sources.join(format!("crm_embedded-{version}.tar.gz")))
    }

    fn pip_install(&self, package: &Path) -> Outcome {
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        finish("pip", self.python(pip).args(["--force-reinstall", "--no-deps"]).arg(package))
    }

    /// The wheel that was built.
    fn wheel(&self) -> Outcome<PathBuf> {
        let wheels = fs::read_dir(self.folder.join("wheels")).ok();
        let wheel = wheels.and_then(|mut found| found.next()?.ok()).map(|entry| entry.path());
        wheel.ok_or_else(|| "maturin built no wheel".to_owned().into())
    }

    fn wheel_bytes(&self) -> Outcome<u64> {
        let size = fs::metadata(self.wheel()?).map(|wheel| wheel.len());
        size.map_err(|error| format!("cannot look at the wheel: {error}").into())
    }

    /// The example that needs data which a user's clone does not have.
    fn walk(&self, walk: &Path) -> Outcome {
        let data = root()?.join("../shared/data/crm_sales");
        if !data.is_dir() {
            eprintln!(
                "sales_walk.py is not run: there is no folder shared/data/crm_sales beside the workspace"
            );
            return Ok(());
        }
        let args = [walk.as_os_str(), data.as_os_str()];
        let utf8 = ("PYTHONIOENCODING", "utf-8");
        let mut walk = self.python(args);
        finish("the walk", walk.env(utf8.0, utf8.1).stdout(Stdio::null()).current_dir(&self.folder))
    }

    /// Outside of the package's folder, so that what is installed is tested and not what lies there.
    fn test(&self) -> Outcome {
        let tests = self.package.join("tests");
        let stubs = self.package.join("tools").join("stubs.py");
        finish("python -m crm", self.python(["-m", "crm"]).current_dir(&self.folder))?;
        finish(
            "the check of the stubs",
            self.python([stubs.as_os_str(), OsStr::new("--check")]).current_dir(&self.folder),
        )?;
        finish("stubtest", self.python(["-m", "mypy.stubtest", "crm"]).current_dir(&self.folder))?;
        let verify = ["--verifytypes", "crm", "--ignoreexternal"];
        finish(
            "pyright",
            self.program("pyright").args(verify).stdout(Stdio::null()).current_dir(&self.folder),
        )?;
        let strict = ["-m", "mypy", "--strict"];
        let examples = root()?.join("examples").join("python");
        finish("mypy", self.python(strict).args([&tests, &stubs, &examples]).current_dir(&self.folder))?;
        finish("the example", self.python([examples.join("first_steps.py")]).current_dir(&self.folder))?;
        self.walk(&examples.join("sales_walk.py"))?;
        let pytest = ["-m", "pytest", "--quiet", "-p", "no:cacheprovider"];
        finish("pytest", self.python(pytest).arg(&tests).current_dir(&self.folder))
    }
}
