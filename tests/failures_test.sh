#!/usr/bin/env bash
# .ci/failures prints the end of what failed tests wrote, and nothing of others.
set -euo pipefail
failures=$(realpath "$(dirname "$0")/../.ci/failures")
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

cat >"$build/CTestTestfile.cmake" <<'TEXT'
add_test("it works" /bin/echo "of the one that works")
add_test("it fails" /bin/bash "-c" "for ((i = 1; i <= 300; ++i)); do echo line $i; done; exit 1")
add_test("it says something else" /bin/echo "of another one")
set_tests_properties("it says something else" PROPERTIES PASS_REGULAR_EXPRESSION "of this one")
add_test("it crashes" /bin/bash "-c" "echo about to crash; echo Test Failed.; kill -SEGV $BASHPID")
TEXT
(cd "$build" && ctest -j 1 >/dev/null 2>&1) && exit 1

expected="---- it fails, of 300 lines:
$(seq -f 'line %g' 101 300)
---- it says something else, of 1 lines:
of another one
---- it crashes, of 2 lines:
about to crash
Test Failed."
diff <("$failures" "$build") <(echo "$expected")
