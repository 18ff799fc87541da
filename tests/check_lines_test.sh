#!/usr/bin/env bash
# Checks check_lines.sh itself: in a tree made of the files below, it must report exactly those marked
# "no".
set -euo pipefail
check=$(realpath "$(dirname "$0")")/check_lines.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# verdict, lines, file
table='
ok 400 lib/service/engine.cpp
no 401 lib/service/engine.hpp
ok 1   include/webhooks/event.hpp
no 999 tests/e2e/life.test.js
no 401 adapters/http/portal/portal.css
ok 999 adapters/http/openapi.json
ok 999 tests/e2e/node_modules/a/index.js
ok 999 adapters/http/portal/vendor/a.js
'

while read -r verdict lines file; do
    [[ $verdict ]] || continue
    mkdir -p "$tree/$(dirname "$file")"
    seq "$lines" >"$tree/$file"
    [[ $verdict == ok ]] || echo "$file" >>"$tree/expected"
done <<<"$table"

status=0
"$check" "$tree" >"$tree/output" || status=$?
sed -E 's/: .*//' "$tree/output" | sort >"$tree/reported"
sort -o "$tree/expected" "$tree/expected"
diff "$tree/expected" "$tree/reported" || { echo "expected (<) and reported (>) differ"; exit 1; }
((status == 1)) || { echo "exit status is $status, not 1"; exit 1; }
