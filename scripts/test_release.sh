#!/usr/bin/env bash
# Makes a release and tries it on every Python that is here: builds it twice, looks at its descriptions and licences, lists
# what it brings, and installs and uses the wheel and the source archive in clean environments.
# Usage: scripts/test_release.sh PYTHON FOLDER [INTERPRETER…]
#   PYTHON has the dependency group dev; FOLDER gets the release; without interpreters, those from 3.11 on that are on
#   the path or installed by pyenv or uv, one of each minor version.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=$1 folder=$2
shift 2
"$here/build_release.sh" "$python" "$folder"
"$python" "$here/write_dependencies.py" --check
"$here/write_sbom.sh" "$python" "$folder"/*.whl "$folder/sbom.cdx.json"

interpreters() { # prints one interpreter of each minor version from 3.11 on, oldest first
    shopt -s nullglob
    local candidate
    for candidate in $(compgen -c python3. | grep -E '^python3\.[0-9]+$' | sort -u | xargs -r which) \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3 "$HOME"/.local/share/uv/python/*/bin/python3; do
        "$candidate" -c 'import ensurepip, sys
if sys.version_info >= (3, 11): print("%d.%02d" % sys.version_info[:2], sys.executable)' 2>/dev/null || true
    done | sort -u -k1,1 | cut -d' ' -f2-
}

[ $# -gt 0 ] || mapfile -t found < <(interpreters)
for interpreter in "${@:-${found[@]}}"; do
    for package in "$folder"/*.whl "$folder"/*.tar.gz; do
        "$here/try_package.sh" "$interpreter" "$package"
    done
done
