#!/usr/bin/env bash
# usage: combinations.sh SOURCE BUILD [all]. Configures each of the 16 combinations of parts at top
# level and as a subproject, builds the libraries and examples at top level, and runs one. With `all`
# it also builds tests and benchmarks, runs the quick tests, and builds and runs the subproject.
#
# All share one build folder, so that common parts are compiled once.
set -euo pipefail
source=$1 build=$2 what=${3-}
parts=(SQLITE POSTGRESQL HTTP_TRANSPORT HTTP_ADAPTER)
common=(-G Ninja -DCMAKE_BUILD_TYPE=Release -DWEBHOOKS_UNITY_BUILD=ON)
own=(-DWEBHOOKS_EXAMPLES=ON -DWEBHOOKS_WARNINGS_AS_ERRORS=ON)
[[ $what == all ]] && own+=(-DWEBHOOKS_TESTS=ON -DWEBHOOKS_BENCH=ON)

# run NAME COMMAND…: prints its output only if it fails.
run() {
    local log=$build/$1.log
    "${@:2}" >"$log" 2>&1 || { tail -n 50 "$log"; echo "FAILED: $1, with $options"; exit 1; }
}

mkdir -p "$build"
# All parts first: the other combinations can then reuse the objects.
for number in {15..0}; do
    options=''
    for index in 0 1 2 3; do
        ((number >> index & 1)) && value=ON || value=OFF
        options+=" -DWEBHOOKS_${parts[index]}=$value"
    done
    echo "combination $((16 - number)) of 16:$options"
    run configure cmake -S "$source" -B "$build/top" "${common[@]}" "${own[@]}" $options
    run build cmake --build "$build/top" --parallel "$(nproc)"
    run receiver "$build/top/bin/webhooks-receiver" --help
    if [[ $what == all ]]; then
        run test ctest --test-dir "$build/top" --output-on-failure --parallel "$(nproc)" \
            --tests-regex '^(unit|http|contract|example)' --exclude-regex PostgreSQL
    fi
    run configure-subproject cmake -S "$source/tests/install/embedded" -B "$build/sub" \
        "${common[@]}" -DWEBHOOKS_SOURCE="$source" $options
    [[ $what == all ]] || continue
    run build-subproject cmake --build "$build/sub" --parallel "$(nproc)"
    run subproject "$build/sub/embedding_program"
done
