#!/bin/sh
# Fetches AWS's published service models and writes crates/shapes from them: `make codegen`.
#
# Needs pip and python3 and is run by hand when AWS has moved on: what it writes is committed, and a build needs none of
# it. To take newer models, raise the version below (and in tests/requirements.txt) and commit what changes.
# Everything fetched stays under target/models: SERVICE.json, one for each service, of its newest API version.
set -eu
cd "$(dirname "$0")/.."

botocore=1.44.5

dir=target/models
rm -rf "$dir"
mkdir -p "$dir"
python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$dir" "botocore==$botocore"
python3 - "$dir" "$dir/botocore-$botocore-py3-none-any.whl" <<'PYTHON'
import gzip, re, sys, zipfile

out, wheel = sys.argv[1:]
newest = {}
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        found = re.fullmatch(r"botocore/data/([^/]+)/([^/]+)/service-2\.json(\.gz)?", name)
        if found and found[2] >= newest.get(found[1], ("", ""))[0]:
            newest[found[1]] = (found[2], name)
    for service, (_, name) in newest.items():
        data = archive.read(name)
        with open(f"{out}/{service}.json", "wb") as file:
            file.write(gzip.decompress(data) if name.endswith(".gz") else data)
PYTHON
cargo xtask codegen --models "$dir" "$@"
