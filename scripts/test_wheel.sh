#!/usr/bin/env bash
# Builds what a release consists of, and uses the wheel in a clean environment outside the source tree.
# Usage: scripts/test_wheel.sh PYTHON
set -euo pipefail
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$here/build_release.sh" "$1" "$work/dist"
"$here/try_package.sh" "$1" "$work"/dist/*.whl
