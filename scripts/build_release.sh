#!/usr/bin/env bash
# Builds the source archive and, from it, the wheel, and proves that anybody gets the same bytes: both are built once more
# from the unpacked archive, in another folder, at another time, with another umask, and compared.
# Usage: scripts/build_release.sh PYTHON FOLDER    PYTHON has the dependency group dev; FOLDER is new or empty.
set -euo pipefail
python=$(command -v "$1")
[[ "$python" = /* ]] || python=$PWD/$python
mkdir -p "$2"
folder=$(cd "$2" && pwd)
[ -z "$(ls -A "$folder")" ] || { echo "build: $2 is not empty; delete what is in it" >&2; exit 2; }
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Archives hold times; all of them are that of the last commit, or a fixed one where there is no history.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1577836800)}
export SOURCE_DATE_EPOCH

build() { # build SOURCE TARGET
    "$python" -m build --outdir "$2" "$1" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

build . "$folder"
mkdir "$work/elsewhere"
(umask 027 && tar -xzf "$folder"/*.tar.gz -C "$work/elsewhere" --strip-components=1 --touch --no-same-permissions)
(export TZ=Asia/Taipei PYTHONHASHSEED=7 && umask 027 && build "$work/elsewhere" "$work/again")
(cd "$folder" && sha256sum -- *.whl *.tar.gz) >"$work/SHA256SUMS"
(cd "$work/again" && sha256sum --quiet --check "$work/SHA256SUMS") || {
    echo 'build: two builds of one source differ' >&2
    exit 1
}
"$python" -m twine --no-color check --strict "$folder"/*.whl "$folder"/*.tar.gz >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
mv "$work/SHA256SUMS" "$folder"
echo 'build: two builds of one source are the same bytes, and their descriptions can be published'
