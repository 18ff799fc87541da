#!/usr/bin/env bash
# usage: install.sh CMAKE BUILD SOURCE PREFIX. Installs BUILD into an emptied PREFIX; fails if an
# installed CMake file or header contains SOURCE or BUILD.
set -euo pipefail
cmake=$1 build=$2 source=$3 prefix=$4

rm -rf "$prefix"
"$cmake" --install "$build" --prefix "$prefix" >/dev/null
found=$(grep -rnF --include='*.cmake' --include='*.hpp' -e "$source" -e "$build" "$prefix") || exit 0
echo "$found"
exit 1
