#!/usr/bin/env bash
# Checks check_words.sh itself: in a tree made of the lines below, it must report exactly those marked
# "no", with git and without.
set -euo pipefail
check=$(realpath "$(dirname "$0")")/check_words.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# verdict, file, text
table='
ok README.md                        Events are kept indefinitely.
no README.md                        Events are kept for ever.
no README.md                        For  EVER is a phrase in any case and with any space.
ok README.md                        Before everything else.
no docs/delivery.md                 The event is sent again.
no docs/delivery.md                 A worker that gives no sign of life.
ok docs/delivery.md                 A worker that sends no heartbeat.
no lib/service/storage_loop.hpp     /// Nobody else may be told of it.
ok lib/service/storage_loop.hpp     int for_ever = 0, is_under_way = 1;
no lib/service/lane.hpp             struct Lane { bool is_hungry; };
no lib/service/worker.cpp           storage.declare_dead(self);
ok lib/service/worker.cpp           storage.mark_expired(self);
no lib/transport/pool.cpp           // a request that is under way
ok lib/transport/pool.cpp           // a request under the way
no tests/unit/service_test.cpp      TEST_CASE("a look-up is made") {}
no tests/e2e/life.test.js           // a look-up
no tests/unit/sweep_test.cpp        pool.sweep(now);
no tests/unit/sweep_test.cpp        // The server refuses it.
ok tests/unit/sweep_test.cpp        CHECK(error == "connection refused");
no docs/operating.md                `call`: write, claim, pulse
no dev                              # whoever calls it
no packaging/server.1.in            Shall be installed.
ok CHANGELOG.md                     Events were sent again.
ok lib/storage/sql/migrations/1.sql -- for ever
ok tests/fuzz/corpus/filter/1       whoever
ok adapters/http/openapi.json       {"description": "anew"}
ok tests/check_words.sh             anew
'

mkdir -p "$tree/files"
cd "$tree/files"
while read -r verdict file text; do
    [[ $verdict ]] || continue
    mkdir -p "$(dirname "$file")"
    echo "$text" >>"$file"
    line=$(wc -l <"$file")
    [[ $verdict == ok ]] || echo "$file:$line" >>"$tree/expected"
done <<<"$table"
sort -o "$tree/expected" "$tree/expected"

# check_output NAME: compares what is reported with what is expected.
check_output() {
    local status=0
    "$check" . >"$tree/output" || status=$?
    grep -oE '^[^ ]+:[0-9]+: ' "$tree/output" | sed 's/: $//' | sort >"$tree/reported"
    diff "$tree/expected" "$tree/reported" || { echo "$1: expected (<) and reported (>) differ"; exit 1; }
    ((status == 1)) || { echo "$1: exit status is $status, not 1"; exit 1; }
}

mkdir -p build/debug tests/e2e/node_modules
echo "anew" | tee build/debug/log >tests/e2e/node_modules/index.js
check_output "without git"

if command -v git >/dev/null; then
    rm -r build tests/e2e/node_modules
    git init -q .
    git add .
    echo "anew" >untracked.md
    check_output "with git"
fi

# A tree without such words passes.
rm -rf "$tree/files/"{*,.git}
echo "Events are kept indefinitely." >README.md
"$check" . || { echo "a tree without such words is reported"; exit 1; }
