//! Which account the server processes run under, and every action that must happen as that account.
//!
//! Postgres refuses to run as root. When the program runs as root, everything inside the data directory is done by
//! the unprivileged account itself: root never opens a file by a path that the account could have replaced.

use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use nix::unistd::{Gid, Uid, User, chown};

/// The account of the server processes: the caller's own, or an unprivileged one when the caller is root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunAs(Option<Account>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Account {
    name: String,
    uid: u32,
    gid: u32,
}

impl RunAs {
    /// As root: the owner of `data` when it exists, else `postgres`, else `nobody`.
    pub fn choose(data: Option<&Path>) -> anyhow::Result<Self> {
        if !Uid::effective().is_root() {
            return Ok(Self(None));
        }
        if let Some(meta) = data.and_then(|path| fs::symlink_metadata(path).ok())
            && meta.uid() != 0
        {
            let name =
                User::from_uid(Uid::from_raw(meta.uid()))?.map_or_else(|| meta.uid().to_string(), |u| u.name);
            return Ok(Self(Some(Account { name, uid: meta.uid(), gid: meta.gid() })));
        }
        for name in ["postgres", "nobody"] {
            if let Some(user) = User::from_name(name)?.filter(|user| !user.uid.is_root()) {
                return Ok(Self(Some(Account {
                    name: user.name,
                    uid: user.uid.as_raw(),
                    gid: user.gid.as_raw(),
                })));
            }
        }
        bail!(
            "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody` to run it as"
        )
    }

    pub fn uid(&self) -> u32 {
        self.0.as_ref().map_or_else(|| Uid::effective().as_raw(), |account| account.uid)
    }

    /// Name for messages; `None` when no other account is involved.
    pub fn name(&self) -> Option<&str> {
        self.0.as_ref().map(|account| account.name.as_str())
    }

    /// A command with a clean environment in its own process group (a Ctrl-C in the terminal is for us, not for
    /// Postgres), run as this account from `/`. The standard library drops the supplementary groups.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("LC_ALL", "C")
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .current_dir("/")
            .stdin(Stdio::null())
            .process_group(0);
        if let Some(account) = &self.0 {
            command.uid(account.uid).gid(account.gid);
        }
        command
    }

    /// Whether this account may pass through to `dir` (a home directory of mode 0700 stops it).
    pub fn can_enter(&self, dir: &Path) -> anyhow::Result<bool> {
        let mut probe = self.command(Path::new("/bin/sh"));
        match probe.args(["-c", ":"]).current_dir(dir).status() {
            Ok(status) => Ok(status.success()),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(false),
            Err(error) => Err(error).with_context(|| format!("cannot try to enter {}", dir.display())),
        }
    }

    /// Hands a directory or file that we have just created to this account.
    pub fn give(&self, path: &Path) -> anyhow::Result<()> {
        if let Some(account) = &self.0 {
            chown(path, Some(Uid::from_raw(account.uid)), Some(Gid::from_raw(account.gid)))
                .with_context(|| format!("cannot give {} to {}", path.display(), account.name))?;
        }
        Ok(())
    }

    /// Replaces the text of a file inside the account's own directory.
    pub fn write(&self, path: &Path, text: &str) -> anyhow::Result<()> {
        self.pipe("umask 077; cat > \"$1\"", path, text)
    }

    /// Adds text to a file inside the account's own directory.
    pub fn append(&self, path: &Path, text: &str) -> anyhow::Result<()> {
        self.pipe("umask 077; cat >> \"$1\"", path, text)
    }

    fn pipe(&self, script: &str, path: &Path, text: &str) -> anyhow::Result<()> {
        let mut shell = self.command(Path::new("/bin/sh"));
        let mut child = shell.args(["-c", script, "sh"]).arg(path).stdin(Stdio::piped()).spawn()?;
        let written = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(text.as_bytes()));
        let status = child.wait()?;
        if !status.success() || written.is_err() {
            bail!("cannot write {} ({status})", path.display());
        }
        Ok(())
    }
}
