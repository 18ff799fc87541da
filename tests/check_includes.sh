#!/usr/bin/env bash
# Checks that each folder includes only what it may (docs/architecture.md, "Folders").
# usage: check_includes.sh ROOT. Prints each line that breaks a rule; exits 1 if there is one.
set -euo pipefail
cd "$1"

# Folder ("room": the longest that a file's path begins with), and what it may include besides std, public
# headers and itself. Rooms are named by path, everything else as in kind_of below.
rooms='
include/webhooks             boost.system
include/webhooks/asio.hpp    boost.system asio posix
include/webhooks/testing     boost.system catch
adapters/http/include        boost.system http
adapters/http/include/webhooks/http/beast.hpp  boost.system http beast
adapters/http/src            boost.system http asio beast json boost crypto tls posix
lib/base                     boost.system posix
lib/access                   boost.system lib/base lib/signing
lib/publication              boost.system lib/base
lib/endpoint                 boost.system lib/base
lib/metrics                  boost.system lib/base
lib/query                    boost.system lib/base
lib/signing                  boost.system lib/base crypto
lib/filter                   boost.system json lib/base lib/query
lib/catalog                  boost.system json lib/base
lib/encryption               boost.system lib/base lib/signing crypto posix
lib/asio                     boost.system asio beast json
lib/delivery                 boost.system lib/base lib/endpoint lib/query lib/signing
lib/service                  boost.system lib/base lib/publication lib/metrics lib/endpoint lib/query lib/filter lib/catalog lib/signing lib/delivery
lib/storage                  boost.system lib/base lib/publication lib/query lib/filter
lib/storage/memory           boost.system lib/base lib/publication lib/query lib/storage
lib/storage/sql              boost.system lib/base lib/encryption lib/publication lib/query lib/filter lib/signing lib/storage soci sqlite libpq posix
lib/storage/sql/sqlite       boost.system lib/base lib/encryption lib/publication lib/query lib/filter lib/storage lib/storage/sql soci sqlite posix
lib/testing                  boost.system lib/base
lib/transport                boost.system lib/base lib/endpoint asio beast boost crypto tls ares posix
examples                     boost.system http asio beast json boost crypto tls posix sqlite libpq catch
bench                        boost.system http asio beast json boost crypto tls posix tests/support
tests                        boost.system http asio beast json boost crypto tls posix catch soci sqlite libpq tests/support tests/support/catch.hpp
tests/access                 boost.system http json catch tests tests/support tests/support/catch.hpp adapters/http/src
tests/support                boost.system crypto tls posix
tests/support/catch.hpp      catch
tests/unit                   any
tests/fuzz                   any
'

declare -A allowed
while read -r room kinds; do
    [[ $room ]] && allowed[$room]=" $room std public $kinds "
done <<<"$rooms"

# Sets room to that of a path, empty where it is in none.
room_of() {
    room=$1
    [[ ${allowed[$room]-} ]] && return
    while [[ $room == */* ]]; do
        room=${room%/*}
        [[ ${allowed[$room]-} ]] && return
    done
    room=''
}

# kind_of FILE NAME: sets kind to the room of a file of the project, otherwise to what the name stands for.
kind_of() {
    local candidate room
    for candidate in "${1%/*}/$2" "lib/$2" "adapters/http/src/$2" "tests/$2"; do
        [[ -f $candidate ]] || continue
        [[ $candidate == */../* ]] && candidate=$(realpath --relative-to=. "$candidate")
        room_of "$candidate"
        kind=$room
        return
    done
    case $2 in
        webhooks/http/*) kind=http ;;
        webhooks/asio.hpp) kind=asio ;;
        webhooks/*) kind=public ;;
        boost/system/*) kind=boost.system ;;
        boost/asio*) kind=asio ;;
        boost/beast*) kind=beast ;;
        boost/json*) kind=json ;;
        boost/*) kind=boost ;;
        openssl/ssl.h | openssl/tls1.h) kind=tls ;;
        openssl/*) kind=crypto ;;
        ares*.h) kind=ares ;;
        soci/* | soci*.h) kind=soci ;;
        sqlite3*.h) kind=sqlite ;;
        libpq* | pg_*.h | postgres_ext.h) kind=libpq ;;
        catch2/*) kind=catch ;;
        *.h) kind=posix ;;
        */* | *.*) kind=unknown ;;
        *) kind=std ;;
    esac
}

include_lines() {
    local directories=()
    for directory in include lib adapters examples bench tests; do
        [[ -d $directory ]] && directories+=("$directory")
    done
    find "${directories[@]}" -name node_modules -prune -o \
        -type f \( -name '*.hpp' -o -name '*.cpp' \) -print0 |
        xargs -0 -r grep -nHE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]' | sort
}

lines=0 problems=0
while IFS=: read -r file line include; do
    lines=$((lines + 1))
    [[ $include =~ [\<\"]([^\>\"]+) ]]
    name=${BASH_REMATCH[1]}
    kind_of "$file" "$name"
    room_of "$file"
    may=${allowed[${room:-none}]-}
    if [[ $may != *" $kind "* && $may != *" any "* ]]; then
        echo "$file:$line: ${room:-a file outside every room} may not include <$name> ($kind)"
        problems=$((problems + 1))
    fi
done < <(include_lines)

((lines > 0)) || { echo "no include lines found in $PWD"; exit 1; }
((problems == 0)) || { echo "$problems includes break the rules of docs/architecture.md"; exit 1; }
