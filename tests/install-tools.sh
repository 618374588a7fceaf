#!/bin/sh
# Makes the Python environment of the tests. Called by `make test`; sets up VENV with PYTHON.
# On Debian, venv is a package of its own: it is installed only where it is missing and only if that is possible.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
venv=${VENV:-.venv}

if ! command -v "$python" >/dev/null 2>&1; then
    echo "the tests need Python 3 for the aws CLI and boto3: install it, or name it with make test PYTHON=..." >&2
    exit 1
fi

# ensurepip is what a bare Debian Python lacks; venv alone is always there.
if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "the tests need Python's venv and ensurepip modules: install them and run make test again" >&2
        exit 1
    fi
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "the tests need python3-venv: run apt-get install python3-venv as root, and make test again" >&2
            exit 1
        fi
        as_root=sudo
    fi
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv
fi

rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement tests/requirements.txt
"$venv/bin/aws" --version
