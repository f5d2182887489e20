//! The files around the cluster: the lock, what a start remembers for the next one, and where the data may live.

use std::{
    fs::{self, File, TryLockError},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use aws_lc_rs::digest;
use nix::{
    fcntl::OFlag,
    unistd::{Gid, Uid, fchown},
};
use serde::{Deserialize, Serialize};

use super::{account::RunAs, passwords};

/// The longest directory whose socket still fits into `sockaddr_un` everywhere (104 bytes on macOS, 108 on Linux).
const SOCKET_DIR_MAX_BYTES: usize = 88;

/// `.tradepost`: what the program itself reads and writes.
#[derive(Clone, Debug)]
pub struct Directory(PathBuf);

/// `state.json`: how to reach the cluster, and what the next start should keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub port: u16,
    pub postmaster_pid: u32,
    pub major: u32,
    pub bin_dir: PathBuf,
    pub data_dir: PathBuf,
}

impl Directory {
    pub fn create(dir: &Path) -> anyhow::Result<Self> {
        let root = Uid::effective().is_root();
        let mode = if root { 0o711 } else { 0o700 }; // the unprivileged account passes through to its data
        fs::DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(dir)
            .with_context(|| format!("cannot create {}", dir.display()))?;
        Self::existing(dir)
    }

    pub fn existing(dir: &Path) -> anyhow::Result<Self> {
        let dir = fs::canonicalize(dir).with_context(|| format!("cannot open {}", dir.display()))?;
        let uid = fs::metadata(&dir)?.uid();
        let me = Uid::effective();
        if !me.is_root() && uid != me.as_raw() {
            bail!(
                "{} belongs to another user (uid {uid}): run as that user, or choose another directory",
                dir.display()
            );
        }
        Ok(Self(dir))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn log(&self) -> PathBuf {
        self.0.join("postgres.log")
    }

    pub fn secrets(&self) -> PathBuf {
        self.0.join("secrets.json")
    }

    pub fn state(&self) -> Option<State> {
        serde_json::from_slice(&fs::read(self.0.join("state.json")).ok()?).ok()
    }

    pub fn remember(&self, state: &State) -> anyhow::Result<()> {
        passwords::write_private(&self.0.join("state.json"), &serde_json::to_vec_pretty(state)?)
    }

    /// The lock that makes this process the owner of the cluster; `None` while another one holds it.
    pub fn lock(&self) -> anyhow::Result<Option<File>> {
        lock_file(&self.0.join("lock"))
    }

    /// The process that holds the lock, as far as it has said.
    pub fn lock_holder(&self) -> String {
        let mut text = String::new();
        if let Ok(file) = File::open(self.0.join("lock")) {
            let _ = file.take(20).read_to_string(&mut text);
        }
        text.trim().to_owned()
    }

    fn hash(&self) -> String {
        super::hex(&digest::digest(&digest::SHA256, self.0.as_os_str().as_encoded_bytes()).as_ref()[..8])
    }

    /// Where the data are, or would be.
    pub fn data_dir(&self) -> PathBuf {
        let elsewhere = fs::read_to_string(self.0.join("location")).ok();
        elsewhere.map_or_else(|| self.0.clone(), |text| PathBuf::from(text.trim())).join("data")
    }

    /// A port below the ephemeral range that differs from directory to directory but not from start to start.
    pub fn first_port(&self) -> u16 {
        let digest = digest::digest(&digest::SHA256, self.0.as_os_str().as_encoded_bytes());
        20_000 + u16::from_be_bytes([digest.as_ref()[8], digest.as_ref()[9]]) % 12_000
    }

    /// Decides, as owner, where the data live.
    pub fn store(&self) -> anyhow::Result<Store> {
        let record = self.0.join("location");
        if let Ok(text) = fs::read_to_string(&record) {
            let path = PathBuf::from(text.trim());
            if !path.is_dir() {
                bail!(
                    "{} says that the data are in {}, which is not there. Bring it back, or remove {} to start empty",
                    record.display(),
                    path.display(),
                    self.0.display()
                );
            }
            return Store::elsewhere(path);
        }
        let run_as = RunAs::choose(Some(&self.0.join("data")))?;
        if run_as.can_enter(&self.0)? {
            return Ok(Store { path: self.0.clone(), run_as, _lock: None });
        }
        // As root, below a directory that is closed to the unprivileged account, such as root's home.
        let path = PathBuf::from(format!("/var/lib/tradepost-{}", self.hash()));
        if path.exists() {
            set_aside(&path)?;
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(&path)
            .with_context(|| format!("cannot create {}", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o711))?;
        let store = Store::elsewhere(path)?;
        if !run_as.can_enter(&store.path)? {
            bail!("{} is closed to user `{}` too", store.path.display(), run_as.name().unwrap_or_default());
        }
        passwords::write_private(&record, format!("{}\n", store.path.display()).as_bytes())?;
        tracing::warn!(
            "{} is closed to user `{}`, so the database is kept in {}",
            self.0.display(),
            run_as.name().unwrap_or_default(),
            store.path.display()
        );
        Ok(store)
    }
}

/// Where the data are: inside the directory, or elsewhere when that is closed to the server's account.
#[derive(Debug)]
pub struct Store {
    pub path: PathBuf,
    pub run_as: RunAs,
    /// A copied `.tradepost` must not start a second server on the same data.
    _lock: Option<File>,
}

impl Store {
    fn elsewhere(path: PathBuf) -> anyhow::Result<Self> {
        let path = fs::canonicalize(path)?;
        let run_as = RunAs::choose(Some(&path.join("data")))?;
        let Some(lock) = lock_file(&path.join("lock"))? else {
            bail!("the data in {} are in use by another directory's tradepost", path.display());
        };
        Ok(Self { path, run_as, _lock: Some(lock) })
    }

    pub fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// The major version of the data that are there.
    pub fn data_major(&self) -> anyhow::Result<Option<u32>> {
        let path = self.data().join("PG_VERSION");
        match fs::read_to_string(&path) {
            Ok(text) => {
                let major = text.trim().parse();
                Ok(Some(major.with_context(|| format!("{} says `{}`", path.display(), text.trim()))?))
            }
            Err(error) if error.kind() == ErrorKind::NotFound && !self.data().exists() => Ok(None),
            Err(error) => Err(error).with_context(|| format!("{} is no database", self.data().display())),
        }
    }

    /// A directory for the Unix socket that only the server's account may enter: inside the store when its path is
    /// short enough, else in /tmp; `None` when somebody else sits on that name (TCP still works).
    pub fn socket_dir(&self, hash_of: &Directory) -> anyhow::Result<Option<PathBuf>> {
        let mut dir = self.path.join("run");
        let text = dir.to_str().unwrap_or("\"");
        if text.len() > SOCKET_DIR_MAX_BYTES || text.contains('"') {
            dir = PathBuf::from(format!("/tmp/tradepost-{}-{}", self.run_as.uid(), hash_of.hash()));
        }
        match fs::DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => self.run_as.give(&dir)?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let meta = fs::symlink_metadata(&dir)?;
                if !meta.is_dir() || meta.uid() != self.run_as.uid() || meta.mode() & 0o077 != 0 {
                    tracing::warn!(path = %dir.display(), "is not a private directory of ours: no Unix socket");
                    return Ok(None);
                }
            }
            Err(error) => return Err(error).with_context(|| format!("cannot create {}", dir.display())),
        }
        Ok(Some(dir))
    }
}

/// A deleted `.tradepost` means a fresh start; what it left elsewhere is kept under another name.
fn set_aside(path: &Path) -> anyhow::Result<()> {
    if lock_file(&path.join("lock"))?.is_none() {
        bail!(
            "the data in {} are in use by a tradepost whose directory was deleted: stop it first",
            path.display()
        );
    }
    let old = PathBuf::from(format!("{}.old-{}", path.display(), jiff::Timestamp::now().as_second()));
    fs::rename(path, &old)?;
    tracing::warn!("{} was left by a deleted directory: it is now {}", path.display(), old.display());
    Ok(())
}

fn lock_file(path: &Path) -> anyhow::Result<Option<File>> {
    let mut file =
        open_private(path, fs::OpenOptions::new().create(true).truncate(false).read(true).write(true))?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            file.write_all(std::process::id().to_string().as_bytes())?;
            Ok(Some(file))
        }
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

/// Opens a file of ours: readable by its owner only, never through a symbolic link. What root creates in somebody's
/// directory belongs to that somebody, who may come back without root.
pub fn open_private(path: &Path, options: &mut fs::OpenOptions) -> anyhow::Result<File> {
    let file = options.mode(0o600).custom_flags(OFlag::O_NOFOLLOW.bits()).open(path);
    let file =
        file.with_context(|| format!("cannot open {} (does it belong to another user?)", path.display()))?;
    let dir = fs::metadata(path.parent().unwrap_or(path))?;
    if Uid::effective().is_root() && file.metadata()?.uid() != dir.uid() {
        fchown(&file, Some(Uid::from_raw(dir.uid())), Some(Gid::from_raw(dir.gid())))?;
    }
    Ok(file)
}

/// Makes a rename or a new name in this directory survive a power cut.
pub fn sync_dir(dir: &Path) -> anyhow::Result<()> {
    File::open(dir)?.sync_all().with_context(|| format!("cannot sync {}", dir.display()))
}
