#!/usr/bin/env bash
# usage: pkg_config.sh PREFIX SOURCE FOLDER COMPILER FLAGS. Compiles SOURCE against the package below
# PREFIX, as pkg-config says, and runs it.
set -euo pipefail
prefix=$1 source=$2 folder=$3 compiler=$4 flags=$5

place=$(find "$prefix" -name webhooks-core.pc)
export PKG_CONFIG_PATH=${place%/*}
modules=(webhooks-core webhooks-sqlite webhooks-postgresql webhooks-http-transport webhooks-http
         webhooks-testing)
# Both are quoted for a shell.
eval "flags=($flags $(pkg-config --cflags "${modules[@]}"))"
eval "libraries=($(pkg-config --libs "${modules[@]}"))"
mkdir -p "$folder"
"$compiler" -std=c++20 "${flags[@]}" "$source" -o "$folder/by_pkg_config" "${libraries[@]}"
LD_LIBRARY_PATH=${place%/pkgconfig/*} "$folder/by_pkg_config"

# Each by itself links all of its library.
for module in "${modules[@]}"; do
    eval "libraries=($(pkg-config --libs "$module"))"
    "$compiler" -x c++ - -x none -L"${place%/pkgconfig/*}" -Wl,--whole-archive "-l${module//-/_}" \
        -Wl,--no-whole-archive "${libraries[@]}" -o "$folder/alone" <<<'int main() {}'
done
