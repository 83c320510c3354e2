# setup.sh - what ./check and ./demo begin with: packages, then a build in build/. Sourced.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BACKEDGE_BUILD:-$top/build}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
  say "$@"
  exit 1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    command -v sudo >/dev/null || die "not root, and there is no sudo: cannot install ${missing[*]}"
    sudo "$@"
  fi
}

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 "$@" </dev/null
}

# Leaves in `missing` the packages of the lists that are not installed.
find_missing() {
  local package
  missing=()
  while read -r package _; do
    case $package in '' | '#'*) continue ;; esac
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
      installed) ;;
      *) missing+=("$package") ;;
    esac
  done < <(cat "$@")
}

# Splits `missing` into what the archives have (`available`) and what they do not (`absent`).
find_available() {
  local package
  available=() absent=()
  for package in "${missing[@]}"; do
    if apt-get -qq --simulate --no-install-recommends install "$package" >/dev/null 2>&1; then
      available+=("$package")
    else
      absent+=("$package")
    fi
  done
}

# Installs what the lists name and is not there. What the archives do not have is left out with a
# line: the part that needs it is switched off, or says so when the build cannot do without.
install_packages() {
  find_missing "$@"
  [ ${#missing[@]} -gt 0 ] || return 0
  find_available
  [ ${#absent[@]} -eq 0 ] || update_lists
  [ ${#absent[@]} -eq 0 ] || say "not in the archives, left out: ${absent[*]}"
  [ ${#available[@]} -gt 0 ] || return 0
  mkdir -p "$build"
  say "installing ${available[*]}"
  # Old lists name files that are there no more: once again with new ones.
  apt_install || { update_lists && apt_install; } || {
    tail -n 20 "$build/apt.log" >&2
    die "apt-get install failed; all of its output is in $build/apt.log"
  }
}

update_lists() {
  say "apt-get update"
  apt update >&2 || say "apt-get update failed; going on with what is known"
  find_available
}

apt_install() {
  apt install --no-install-recommends "${available[@]}" >"$build/apt.log" 2>&1
}

# Configures and builds. Prints the output only when something fails.
build_all() {
  local log=$build/build.log
  mkdir -p "$build"
  say "building in $build"
  if ! { cmake -G Ninja -S "$top" -B "$build" && ninja -C "$build"; } >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    die "the build failed; all of its output is in $log"
  fi
  grep '^-- Backedge: no ' "$log" | sed 's/^-- //' >&2 || true
}
