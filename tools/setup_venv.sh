#!/usr/bin/env bash
# Create the virtual environment and install the project into it; `make` calls this first.
# Runs on the Python that it may have to refuse, hence a shell script. When something is wrong
# it says what in one line and exits with status 1. Running it again changes nothing until
# pyproject.toml, constraints.txt or the folder's place has changed.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
venv=.venv
# 6.2 GB in the end; until then 2.5 GB of archives beside it, and again in pip's cache.
needed_gb=${NEEDED_GB:-11}

stamp=$venv/.installed
log=$venv/install.log

fail() {
    echo "error: $*" >&2
    exit 1
}

# A virtual environment knows its own place, so a moved or copied folder is installed anew.
key=$({ pwd; cat pyproject.toml constraints.txt; } | cksum)
if [ -x "$venv/bin/python" ] && "$venv/bin/python" -c "" 2>/dev/null &&
    [ "$(cat "$stamp" 2>/dev/null)" = "$key" ]; then
    exit 0
fi

command -v "$python" >/dev/null ||
    fail "$python is not here: install Python 3.10 or newer, or name one: make PYTHON=python3.12"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) ||
    fail "$python does not run: name another Python, as in: make PYTHON=python3.12"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    fail "$python is Python $version, and 3.10 or newer is needed: make PYTHON=python3.12"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python has no venv or ensurepip: on Debian and Ubuntu, apt install python$version-venv"

mkdir -p "$venv" 2>/dev/null || fail "cannot write to $PWD: is the disk full or read-only?"
if ! compgen -G "$venv/lib/python*/site-packages/torch/version.py" >/dev/null; then
    free_kb=$(df -Pk "$venv" | awk 'NR == 2 { print $4 }')
    [ "$free_kb" -ge $((needed_gb * 1024 * 1024)) ] ||
        fail "the disk of $PWD has $((free_kb / 1024 / 1024)) GB free, and $needed_gb GB are needed"
fi
rm -f "$stamp"

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    echo "Creating $venv with Python $version"
    "$python" -m venv --clear "$venv" >/dev/null 2>&1 ||
        fail "$python could not create $venv: is the disk full? To see more: $python -m venv $venv"
fi

network='connection|timed out|name resolution|ProxyError|SSLError|from versions: none'

# What went wrong, in one line, from what pip wrote.
reason() {
    if grep -qiE 'no space left|errno 28|disk quota' "$log"; then
        echo "the disk is full"
    # An index that cannot be reached looks to pip as if it held no version at all.
    elif grep -qiE "$network" "$log"; then
        echo "the network failed; run the same command again when it is back"
    else
        echo "pip failed: $(grep -iE '^ *error' "$log" | tail -n 1)"
    fi
}

echo "Installing into $venv: 2.5 GB to fetch the first time, some minutes (log: $log)"
# The wheels are unpacked beside the environment: /tmp is often a small disk in memory. Python compiles
# what it imports, when it imports it: compiling all of PyTorch beforehand takes a minute for nothing.
mkdir -p "$venv/tmp"
trap 'rm -rf "$venv/tmp"' EXIT
TMPDIR=$PWD/$venv/tmp "$venv/bin/python" -m pip install --disable-pip-version-check \
    --no-input --no-compile --constraint constraints.txt --editable ".[backbones,book,faiss,otter,test,web]" >"$log" 2>&1 ||
    fail "$(reason) (log: $log)"
echo "$key" >"$stamp"
