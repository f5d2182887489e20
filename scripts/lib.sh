# shellcheck shell=bash
# Sourced by every script here: a usable environment, the repository's root as current folder, packages by name.
set -euo pipefail

# A service manager or `env -i` may give us neither HOME nor PATH, nor the toolchain's folder in it.
export HOME="${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}"
export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:${PATH:-/usr/local/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export LC_ALL=C.UTF-8

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
TOOLS="$ROOT/target/tools"
cd "$ROOT"

say() { printf '\033[2m»\033[0m %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# --- Debian packages ---------------------------------------------------------------------------------------------

has_package_lists() { compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null; }

# Installs packages for the whole system; only for root, and only ever called for what is missing.
install_packages() {
  [ "$(id -u)" = 0 ] && have apt-get || return 1
  export DEBIAN_FRONTEND=noninteractive
  say "installing $*"
  has_package_lists || apt-get -qq -o DPkg::Lock::Timeout=300 update >&2
  apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" >&2 ||
    { apt-get -qq -o DPkg::Lock::Timeout=300 update >&2 &&
      apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" >&2; }
}

# apt with lists of its own where the system has none: works for an ordinary user.
private_apt() {
  local state="$TOOLS/apt"
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  "$1" -q -o Dir::State::Lists="$state/lists" -o Dir::Cache="$state/cache" -o Debug::NoLocking=1 \
    -o APT::Sandbox::User="$(id -un)" "${@:2}"
}

apt_names() {
  if has_package_lists; then apt-cache pkgnames; else private_apt apt-cache pkgnames; fi
}

# unpack_package NAME FOLDER: downloads a package by its name and unpacks it there, installing nothing. A companion
# package that is installed may raise the server's own files to a newer release under a running cluster.
unpack_package() {
  local name="$1" into="$2" box
  box="$(mktemp -d)"
  (
    cd "$box"
    if has_package_lists; then
      apt-get -qq -o APT::Sandbox::User="$(id -un)" download "$name" || private_apt_download "$name"
    else
      private_apt_download "$name"
    fi
    mkdir -p "$into"
    dpkg -x ./*.deb "$into"
  ) >&2 || { rm -rf "$box"; return 1; }
  rm -rf "$box"
}

private_apt_download() {
  private_apt apt-get update && private_apt apt-get download "$1"
}

# --- what a build and a server need ------------------------------------------------------------------------------

need_build_tools() {
  have cargo || die "cargo is not on the PATH; install Rust first (see rust-version in Cargo.toml)"
  have cc || install_packages build-essential || die "a C compiler is needed (package build-essential)"
}

# Prints the highest PostgreSQL major version that is installed here, or nothing.
installed_postgres_major() {
  local bin
  for bin in "${PG_BIN:-}" "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
    /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
    [ -n "$bin" ] && [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] || continue
    "$bin/postgres" --version | sed -E 's/.* ([0-9]+)(\.|devel|beta|rc).*/\1/'
  done | sort -rn | head -1
}

# need_postgres [MAJOR]: makes sure that the launcher will find, or can fetch, a server.
need_postgres() {
  local wanted="${1:-}" found
  found="$(installed_postgres_major)"
  if [ -z "$wanted" ]; then
    [ "${found:-0}" -ge 15 ] && return
    install_packages postgresql && return
  else
    [ -n "$found" ] && compgen -G "/usr/lib/postgresql/$wanted/bin/initdb" >/dev/null && return
  fi
  # What is left is the launcher's own fetch, which needs npm.
  have npm || install_packages npm || say "no PostgreSQL ${wanted:-15 or newer} here, and no npm to fetch one with"
}
