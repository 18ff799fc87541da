#include <support/catch.hpp>
#include <unit/base/bare_storage.hpp>

using namespace webhooks;

TEST_CASE("A storage without API keys says that it has none") {
    BareStorage storage;
    CHECK(storage.insert_api_key({}).error() == Errc::unsupported);
    CHECK(storage.find_api_key("hash").error() == Errc::unsupported);
    CHECK(storage.list_api_keys().error() == Errc::unsupported);
    CHECK(storage.delete_api_key(ApiKeyId{1}).error() == Errc::unsupported);
    CHECK(storage.list_api_keys().error().detail() == "this storage keeps no API keys");
}
