#!/usr/bin/env bash
# Installs a wheel or a source archive into a clean environment, without the dependencies of tests, and uses it outside the
# source tree.
# Usage: scripts/try_package.sh PYTHON PACKAGE
set -euo pipefail
python=$(command -v "$1")
[[ "$python" = /* ]] || python=$PWD/$python
package=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset PYTHONPATH
"$python" -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check "$package"
version=$(venv/bin/python -c 'import platform; print(platform.python_version())')

expect() { # expect CODE WORDS COMMAND…: the command exits with the code and prints the words
    local code=$1 words=$2 got=0 output
    shift 2
    output=$("$@" 2>&1) || got=$?
    if [ "$got" -ne "$code" ] || [[ "$output" != *"$words"* ]]; then
        printf '%s on Python %s: %s\nexit code %s, expected %s and %q in:\n%s\n' \
            "${package##*/}" "$version" "$*" "$got" "$code" "$words" "$output" >&2
        exit 1
    fi
}

draft='呵呵，大哥，这个没办法的，是仓库发错了。'
customer='我买的耳机怎么发错颜色了？太让人失望了！'
expect 0 'replykit ' venv/bin/replykit --version
expect 0 'repaired: ' venv/bin/replykit rewrite "$draft" --customer "$customer" --offline
expect 1 'no-blame/' venv/bin/replykit check "$draft"
expect 0 "$draft" venv/bin/replykit prompt rewrite "$draft"
printf '回复\n呵呵，您好。\n' >replies.csv
expect 0 'polished: 1 reply: 0 clean, 1 repaired' venv/bin/replykit polish replies.csv -o out.csv --column 回复 --offline
expect 0 '润色后的回复' cat out.csv
expect 0 '话术润色报告' cat out.report.html
expect 1 'offline, no model: 30 replies to 30 cases' venv/bin/replykit eval held_out --offline --html eval.html
expect 0 '<title>Evaluation' cat eval.html
expect 0 'every example holds' venv/bin/python -m replykit doctor
expect 0 'py.typed' find venv -path '*/replykit/py.typed'
expect 0 'False' venv/bin/python -W error -c "import replykit; print(replykit.check('$draft').ok)"
# The way to a model as far as its door: everything that speaks to one is there, and says in one line that nobody answers.
expect 3 'replykit: ' env -u ALL_PROXY -u all_proxy OPENAI_API_KEY=none venv/bin/replykit rewrite "$draft" --timeout 20 \
    --model none --base-url http://127.0.0.1:9/v1
echo "${package##*/}: installed and used outside the source tree, on Python $version"
