#!/usr/bin/env bash
# usage: debian.sh CMAKE SOURCE BUILD ROOT. Builds the Debian packages, unpacks them below ROOT, and
# checks their contents; fails with a line for each error.
set -euo pipefail
cmake=$1 source=$2 build=$3 root=$4
problems=0
problem() { echo "$@"; problems=$((problems + 1)); }

"$cmake" -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr \
    -DBUILD_SHARED_LIBS=ON -DWEBHOOKS_EXAMPLES=ON -DWEBHOOKS_UNITY_BUILD=ON >/dev/null
"$cmake" --build "$build"
rm -rf "$build"/*.deb "$root"
(cd "$build" && "${cmake%/*}/cpack" -G DEB)
for package in "$build"/*.deb; do dpkg -x "$package" "$root"; done

mapfile -t libraries < <(find "$root" -name 'libwebhooks_*.so.*.*.*')
((${#libraries[@]} == 6)) || problem "there should be six libraries: ${libraries[*]}"
for library in "${libraries[@]}"; do
    name=${library##*/}
    while read -r symbol; do
        problem "$name exports $symbol"
    done < <(nm -DC --defined-only "$library" | cut -d' ' -f3- |
             grep -vE '^((typeinfo|typeinfo name|vtable) for |non-virtual thunk to )?webhooks::' || true)
    readelf -d "$library" | grep -qF "soname: [${name%.*}]" || problem "$name has no SONAME"
    readelf -d "$library" | grep -qF 'path: [$ORIGIN]' || problem "$name has no path of \$ORIGIN"
done

for file in bin/webhooks-server bin/webhooks-receiver lib/systemd/system/webhooks-server.service \
            share/man/man1/webhooks-server.1 share/doc/webhooks-server/openapi.yaml \
            share/doc/webhooks-server/copyright share/doc/libwebhooks-dev/CHANGELOG.md \
            share/doc/libwebhooks-dev/copyright; do
    [[ -s $root/usr/$file ]] || problem "/usr/$file is missing"
done
field() { dpkg-deb -f "$build/$1"_*.deb Depends; }
[[ $(field webhooks-server) == *"libwebhooks"*"(= "* ]] || problem "the server needs no libraries"
[[ $(field libwebhooks-dev) == *"libboost"*"-dev"* ]] || problem "the headers need no Boost"
shlibs=$(dpkg-deb -I "$build"/libwebhooks0*.deb shlibs) || true
[[ $shlibs == *"libwebhooks_core "*" libwebhooks"*"(>= "* ]] ||
    problem "what is built with the libraries would not depend on them: $shlibs"
grep -rnF -e "$source" -e "$build" "$root" --include='*.cmake' --include='*.pc' --include='*.hpp' &&
    problem "the packages name a path of this machine"

# The programs find their libraries next to them, wherever the packages are unpacked.
"$root/usr/bin/webhooks-receiver" --help >/dev/null || problem "the receiver does not run"
version=$("$root/usr/bin/webhooks-server" --version) || problem "the server does not run"
[[ $version == "webhooks-server "* ]] || problem "the server says: $version"
for flag in $("$root/usr/bin/webhooks-server" --help | grep -oE '^  --[a-z.-]+'); do
    grep -qE -e "^\.BI? ${flag//-/\\\\-}( |$)" "$root/usr/share/man/man1/webhooks-server.1" ||
        problem "the manual page lacks $flag"
done
ldd "$root/usr/bin/webhooks-server" | grep -F libwebhooks_ | grep -vF "$root" &&
    problem "the server takes libraries from elsewhere"
exit $((problems > 0))
