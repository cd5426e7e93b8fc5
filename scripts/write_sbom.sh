#!/usr/bin/env bash
# Writes what a release brings along, with every extra, as a CycloneDX list (JSON): the packages that a package index gives
# for the wheel today, with versions, licences and what needs what.
# Usage: scripts/write_sbom.sh PYTHON WHEEL TARGET    PYTHON has the dependency group dev.
set -euo pipefail
python=$1 wheel=$2 target=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m venv --without-pip "$work/venv"
read -r version extras < <("$python" - "$wheel" <<'END'
import sys, zipfile
from email import message_from_bytes

with zipfile.ZipFile(sys.argv[1]) as wheel:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = message_from_bytes(wheel.read(name))
print(metadata["Version"], ",".join(metadata.get_all("Provides-Extra", [])))
END
)
"$python" -m pip --python "$work/venv/bin/python" install -q --disable-pip-version-check "$wheel[$extras]"
# The list's subject is named by pyproject.toml, in which the version stands only where it is written down as text.
sed "s/^dynamic = .*/version = \"$version\"/" "$(dirname "$0")/../pyproject.toml" >"$work/pyproject.toml"
"$python" -m cyclonedx_py environment "$work/venv/bin/python" --pyproject "$work/pyproject.toml" --mc-type library \
    --short-PURLs --output-reproducible --of JSON --output-file "$target"
echo "sbom: $(grep -c '"purl": ' "$target") packages, with every extra"
