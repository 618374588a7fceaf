#!/bin/sh
# Installs what the tests need: the Python environment VENV, made with PYTHON, a browser, and axe-core. Called by `make test`.
# Debian's packages are installed only where something is missing, and only if that is possible.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
venv=${VENV:-.venv}

if ! command -v "$python" >/dev/null 2>&1; then
    echo "the tests need Python 3 for the aws CLI and boto3: install it, or name it with make test PYTHON=..." >&2
    exit 1
fi

# Debian's packages PACKAGES, for WHAT; asks for rights only where something is missing.
install() {
    what=$1
    shift
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "the tests need $what: install it and run make test again" >&2
        exit 1
    fi
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "the tests need $what: run apt-get install $* as root, and make test again" >&2
            exit 1
        fi
        as_root=sudo
    fi
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

# ensurepip is what a bare Debian Python lacks; venv alone is always there.
"$python" -c 'import venv, ensurepip' >/dev/null 2>&1 || install "Python's venv and ensurepip" python3-venv
# A real browser for the console, with its driver and letters to show.
if ! command -v chromedriver >/dev/null 2>&1; then
    install "Chromium and its driver" chromium chromium-driver fonts-dejavu-core
fi

# Certificates and SSH keys as people make them.
if ! command -v openssl >/dev/null 2>&1 || ! command -v ssh-keygen >/dev/null 2>&1; then
    install "openssl and ssh-keygen" openssl openssh-client
fi

# axe-core, which looks at pages as people do who do not see them well. Its licence is the MPL-2.0: it is fetched for the tests, from
# npm, and is no part of the project.
axe=4.14.1
axe_sha512=1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5
if ! command -v npm >/dev/null 2>&1; then
    install "npm, for axe-core" npm
fi

rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement tests/requirements.txt
# What botocore wants for profiles with a login_session; apart, because botocore signs otherwise where it finds it.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --target "$venv/crt" awscrt==0.38.0
"$venv/bin/aws" --version
(cd "$venv" && npm pack --silent "axe-core@$axe" >/dev/null)
"$venv/bin/python" - "$venv/axe-core-$axe.tgz" "$axe_sha512" <<'CHECK'
import hashlib, sys
with open(sys.argv[1], "rb") as archive:
    found = hashlib.sha512(archive.read()).hexdigest()
if found != sys.argv[2]:
    sys.exit(f"{sys.argv[1]} is not the file that was expected: SHA-512 {found}")
CHECK
tar -xzf "$venv/axe-core-$axe.tgz" -C "$venv" --strip-components 1 package/axe.min.js
rm "$venv/axe-core-$axe.tgz"
