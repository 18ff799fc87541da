#!/usr/bin/env bash
# ./dev in a clone that was moved: builds that were made elsewhere are configured again, others stay.
set -euo pipefail
dev=$(realpath "$(dirname "$0")/../dev")
clone=$(mktemp -d)
trap 'rm -rf "$clone"' EXIT

cp "$dev" "$clone"
for build in "moved /nowhere/at/all" "copied /" "own $clone"; do
    folder=$clone/build/${build% *}
    mkdir -p "$folder/CMakeFiles"
    printf 'CMAKE_BUILD_TYPE:STRING=Release\nCMAKE_HOME_DIRECTORY:INTERNAL=%s\n' "${build#* }" >"$folder/CMakeCache.txt"
done
"$clone/dev" help >/dev/null 2>"$clone/said"
left=$(cd "$clone" && find build -mindepth 1 | sort | tr '\n' ' ')
expected="build/copied build/moved build/own build/own/CMakeCache.txt build/own/CMakeFiles "
[[ $left == "$expected" ]] || { echo "left are: $left"; exit 1; }
grep -q "configuring build/moved again, because it was made in /nowhere/at/all" "$clone/said" || { cat "$clone/said"; exit 1; }
"$clone/dev" help 2>&1 >/dev/null | { ! grep .; }
