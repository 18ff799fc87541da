#!/usr/bin/env bash
# Checks check_includes.sh itself: in a tree made of the lines below, it must report exactly those marked
# "no".
set -euo pipefail
check=$(realpath "$(dirname "$0")")/check_includes.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# verdict, file, what it includes
table='
ok include/webhooks/event.hpp         <vector>
ok include/webhooks/event.hpp         <webhooks/ids.hpp>
ok include/webhooks/event.hpp         <boost/system/result.hpp>
no include/webhooks/event.hpp         <boost/asio.hpp>
no include/webhooks/event.hpp         <webhooks/asio.hpp>
ok include/webhooks/asio.hpp          <boost/asio/post.hpp>
no include/webhooks/asio.hpp          <boost/beast.hpp>
no include/webhooks/event.hpp         <boost/optional.hpp>
no include/webhooks/event.hpp         <openssl/evp.h>
no include/webhooks/event.hpp         <sys/socket.h>
no include/webhooks/event.hpp         <base/ranges.hpp>
ok lib/base/random.cpp                <unistd.h>
no lib/base/ranges.hpp                <openssl/crypto.h>
no lib/base/ranges.hpp                "endpoint/url.hpp"
ok lib/endpoint/url.hpp               <base/ranges.hpp>
no lib/endpoint/url.hpp               <signing/hmac.hpp>
no lib/endpoint/url.hpp               <arpa/inet.h>
ok lib/access/api_keys.cpp            <signing/hmac.hpp>
no lib/access/api_keys.cpp            <openssl/evp.h>
no lib/publication/publication.hpp    <signing/hmac.hpp>
ok lib/signing/hmac.hpp               <openssl/evp.h>
no lib/signing/hmac.hpp               <openssl/ssl.h>
no lib/signing/hmac.hpp               <endpoint/url.hpp>
no lib/query/tree.hpp                 <endpoint/url.hpp>
ok lib/delivery/dispatcher.hpp        "schedule.hpp"
ok lib/delivery/schedule.hpp          <signing/hmac.hpp>
no lib/delivery/schedule.hpp          <service/publisher.hpp>
no lib/delivery/schedule.hpp          <storage/sql/rows.hpp>
no lib/delivery/schedule.hpp          <boost/beast/http.hpp>
ok lib/service/publisher.hpp          <delivery/dispatcher.hpp>
no lib/service/publisher.hpp          "../transport/pool.hpp"
no lib/service/publisher.hpp          <soci/soci.h>
no lib/service/publisher.hpp          <openssl/evp.h>
ok lib/storage/sql/rows.hpp           <soci/soci.h>
ok lib/storage/sql/sqlite/lock.cpp    <sys/file.h>
ok lib/storage/sql/sqlite/lock.cpp    "../rows.hpp"
ok lib/storage/sql/rows.hpp           <query/tree.hpp>
no lib/storage/sql/rows.hpp           <service/publisher.hpp>
no lib/storage/sql/rows.hpp           <delivery/dispatcher.hpp>
no lib/storage/sql/rows.hpp           <transport/pool.hpp>
no lib/storage/memory/log.cpp         <soci/soci.h>
no lib/storage/memory/log.cpp         <storage/sql/rows.hpp>
ok lib/storage/memory/log.cpp         <storage/view.hpp>
no lib/storage/view.hpp               <soci/soci.h>
ok lib/transport/pool.hpp             <boost/asio/ssl.hpp>
ok lib/transport/pool.hpp             <endpoint/url.hpp>
ok lib/transport/pool.hpp             <ares.h>
no lib/transport/pool.hpp             <delivery/dispatcher.hpp>
no lib/transport/pool.hpp             <storage/sql/rows.hpp>
ok lib/asio/asio.cpp                    <boost/asio/impl/src.hpp>
no lib/asio/asio.cpp                    <transport/pool.hpp>
no lib/testing/fake.cpp               <delivery/dispatcher.hpp>
no lib/other/new.cpp                  <vector>
ok adapters/http/include/webhooks/http/server.hpp  <webhooks/http/authenticator.hpp>
no adapters/http/include/webhooks/http/server.hpp  <boost/beast/http.hpp>
ok adapters/http/src/router.cpp       <boost/json.hpp>
no adapters/http/src/router.cpp       <base/ranges.hpp>
no adapters/http/src/router.cpp       <soci/soci.h>
ok examples/server/main.cpp           <webhooks/http/server.hpp>
no examples/server/main.cpp           <delivery/dispatcher.hpp>
ok tests/support/catch.hpp            <catch2/catch.hpp>
no tests/support/child_process.hpp    <catch2/catch.hpp>
ok tests/support/child_process.hpp    <sys/types.h>
ok tests/contract/storage.cpp         <support/catch.hpp>
no bench/main.cpp                     <delivery/dispatcher.hpp>
ok bench/main.cpp                     <support/child_process.hpp>
no bench/main.cpp                     <support/catch.hpp>
ok tests/contract/storage.cpp         <catch2/catch.hpp>
no tests/contract/storage.cpp         <storage/sql/rows.hpp>
ok tests/unit/service.cpp             <service/publisher.hpp>
'

while read -r verdict file include; do
    [[ $verdict ]] || continue
    mkdir -p "$tree/$(dirname "$file")"
    echo "#include $include" >>"$tree/$file"
    line=$(wc -l <"$tree/$file")
    [[ $verdict == ok ]] || echo "$file:$line" >>"$tree/expected"
done <<<"$table"

status=0
"$check" "$tree" >"$tree/output" || status=$?
grep -oE '^[^ ]+:[0-9]+: ' "$tree/output" | sed 's/: $//' | sort >"$tree/reported"
sort -o "$tree/expected" "$tree/expected"
diff "$tree/expected" "$tree/reported" || { echo "expected (<) and reported (>) differ"; exit 1; }
((status == 1)) || { echo "exit status is $status, not 1"; exit 1; }
