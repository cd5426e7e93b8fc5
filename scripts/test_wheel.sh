#!/usr/bin/env bash
# Builds the wheel (from the source archive, as a release does), installs it into a clean environment without the test
# dependencies, and uses it outside the source tree.
# Usage: scripts/test_wheel.sh PYTHON
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$1" -m build --outdir "$work/dist" . >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }
"$1" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -q --disable-pip-version-check "$work"/dist/*.whl
cd "$work"

expect() { # expect CODE WORDS COMMAND…: the command exits with the code and prints the words
    local code=$1 words=$2 got=0 output
    shift 2
    output=$("$@" 2>&1) || got=$?
    if [ "$got" -ne "$code" ] || [[ "$output" != *"$words"* ]]; then
        printf 'wheel: %s\nexit code %s, expected %s and %q in:\n%s\n' "$*" "$got" "$code" "$words" "$output" >&2
        exit 1
    fi
}

draft='呵呵，大哥，这个没办法的，是仓库发错了。'
customer='我买的耳机怎么发错颜色了？太让人失望了！'
expect 0 'repaired: ' venv/bin/replykit rewrite "$draft" --customer "$customer" --offline
expect 1 'no-blame/' venv/bin/replykit check "$draft"
expect 0 "$draft" venv/bin/replykit prompt rewrite "$draft"
printf '回复\n呵呵，您好。\n' >replies.csv
expect 0 'polished: 1 reply: 0 clean, 1 repaired' venv/bin/replykit polish replies.csv -o out.csv --column 回复 --offline
expect 0 '润色后的回复' cat out.csv
expect 0 '话术润色报告' cat out.report.html
expect 0 'every example holds' venv/bin/python -m replykit doctor
expect 0 'py.typed' find venv -path '*/replykit/py.typed'
echo 'wheel: installed and used outside the source tree'
