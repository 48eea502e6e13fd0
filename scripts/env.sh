# Sourced by the other scripts: makes .venv with what the lock files name, once, and sets $python.
# need core | need test

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv
python=$venv/bin/python

say() { printf '%s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

fits() { "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 12) <= sys.version_info < (3, 15))' >/dev/null 2>&1; }

# A Python of 3.12 or newer: on PATH, among pyenv's, or uv's.
find_python() {
  local candidate
  for candidate in python3.13 python3.12 python3.14 python3 python \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[24]*/bin/python; do
    if command -v "$candidate" >/dev/null 2>&1 && fits "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  if command -v uv >/dev/null 2>&1; then
    candidate=$(uv python find '>=3.12' 2>/dev/null) || candidate=$(uv python install -q 3.13 && uv python find 3.13)
    if [ -n "$candidate" ] && fits "$candidate"; then
      printf '%s\n' "$candidate"
      return
    fi
  fi
  die "No Python 3.12 or newer was found (looked on PATH, in pyenv's versions, and for uv). Install Python 3.13 and run this again."
}

# installed core|test LOCK...: whether .venv has just what these name.
installed() {
  local stamp=$venv/.installed-$1
  shift
  [ -x "$python" ] && [ -f "$stamp" ] && cat "$@" | cmp -s - "$stamp"
}

need() {
  local core=("$root/requirements.lock") stamp=$venv/.installed-$1
  local all=("${core[@]}" "$root/tests/requirements.lock")
  if installed test "${all[@]}" || { [ "$1" = core ] && installed core "${core[@]}"; }; then return; fi
  local locks=("${core[@]}")
  [ "$1" = test ] && locks=("${all[@]}")
  if ! [ -x "$python" ] || ! fits "$python"; then
    local found
    found=$(find_python) || exit 1
    say "Making .venv with $("$found" --version) ..."
    "$found" -m venv --clear "$venv" || die "$found could not make a virtual environment at $venv."
  fi
  say "Installing what $(basename "${locks[-1]}") names (once; about half a minute) ..."
  local arguments=() lock
  for lock in "${locks[@]}"; do arguments+=(-r "$lock"); done
  "$python" -m pip install --quiet --quiet --disable-pip-version-check --require-hashes "${arguments[@]}" ||
    die "pip could not install the packages above. Check the network or the index settings, then run this again."
  cat "${locks[@]}" >"$stamp"
}
