#!/usr/bin/env bash
# usage: symbols.sh PREFIX. Fails with a line for each symbol of the static libraries below PREFIX that a host's
# own code could meet: one without a name of this library, or one of the host's Boost.Asio, Beast or JSON. Fails also if
# one of a storage registers the destructor of a static object (decision 61).
set -euo pipefail
problems=0
for library in "$1"/lib*/libwebhooks_*.a "$1"/lib*/*/libwebhooks_*.a; do
    [[ -e $library ]] || continue
    while read -r symbol; do
        echo "${library##*/}: $(c++filt "$symbol")"
        problems=$((problems + 1))
    done < <(nm -g --defined-only "$library" | awk '
        NF != 3 { next }
        $3 ~ /5boost(4asio|5beast|4json)/ { print $3; next }
        # W, V and u: templates and inline functions, of which the linker keeps any one.
        $2 !~ /[WVu]/ && $3 !~ /webhooks/ { print $3 }' | sort -u)
    if [[ $library =~ _(sql|sqlite|postgresql)\.a$ && $(nm -u "$library") == *__cxa_atexit* ]]; then
        echo "${library##*/}: a static object is destroyed at exit: use NeverDestroyed"
        problems=$((problems + 1))
    fi
    checked=true
done
${checked:-false} || { echo "no library is below $1"; exit 1; }
exit $((problems > 0))
