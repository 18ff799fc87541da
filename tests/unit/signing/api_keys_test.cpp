#include <algorithm>
#include <signing/digest.hpp>
#include <string>
#include <support/catch.hpp>
#include <webhooks/api_keys.hpp>
#include <webhooks/memory_storage.hpp>

using namespace webhooks;

namespace {

const Principal alice = Principal::user("alice");
const Principal root = Principal::administrator("root");
const Secret given("a-key-of-enough-length");

std::string error_of(const Result<>& result) {
    if (result) return "";
    CHECK(result.error() == Errc::invalid_argument);
    return result.error().detail();
}

/// Returns a fixed record for every hash.
class ConfusedStore final : public ApiKeyStore {
public:
    Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view) override {
        return std::optional(ApiKeyRecord{.hash = std::string(32, 'x'), .user_id = "mallory"});
    }
};

/// Another process adds the key between the lookup and the insertion.
class RacingStore final : public ApiKeyStore {
public:
    explicit RacingStore(std::string winner) : winner_(std::move(winner)) {}

    Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view hash) override {
        if (!is_taken_) return std::optional<ApiKeyRecord>();
        return std::optional(ApiKeyRecord{.hash = std::string(hash), .user_id = winner_});
    }
    Result<ApiKeyRecord> insert_api_key(const ApiKeyRecord&) override {
        is_taken_ = true;
        return Error(Errc::conflict, "the hash is there");
    }

private:
    std::string winner_;
    bool is_taken_ = false;
};

class BrokenStore final : public ApiKeyStore {
public:
    Result<std::optional<ApiKeyRecord>> find_api_key(std::string_view) override {
        return Error(Errc::unavailable, "away");
    }
    Result<ApiKeyRecord> insert_api_key(const ApiKeyRecord&) override {
        return Error(Errc::unavailable, "away");
    }
};

}  // namespace

TEST_CASE("A new key is 256 bits in URL-safe characters and valid at once") {
    ApiKeys keys(make_memory_storage());
    const auto key = keys.create(alice);
    REQUIRE(key);
    CHECK(key->reveal().size() == 43);
    CHECK(std::ranges::all_of(key->reveal(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
    }));
    CHECK(keys.authenticate(key->reveal()).value() == alice);
    const auto other = keys.create(root);
    REQUIRE(other);
    CHECK(*other != *key);
    CHECK(keys.authenticate(other->reveal()).value() == root);
}

TEST_CASE("Storage gets the hash of a key, never the key") {
    ApiKeys keys(make_memory_storage());
    REQUIRE(keys.add(alice, given));
    const auto records = keys.list();
    REQUIRE(records);
    REQUIRE(records->size() == 1);
    CHECK(records->front().hash == signing::sha256(given.reveal()));
    CHECK(records->front().user_id == "alice");
    CHECK_FALSE(records->front().is_administrator);
}

TEST_CASE("Adding a key again for the same principal changes nothing") {
    ApiKeys keys(make_memory_storage());
    REQUIRE(keys.add(alice, given));
    CHECK(keys.add(alice, given));
    CHECK(keys.list()->size() == 1);
    CHECK(keys.authenticate(given.reveal()).value() == alice);
}

TEST_CASE("A key of another principal is a conflict, also of the same name") {
    ApiKeys keys(make_memory_storage());
    REQUIRE(keys.add(alice, given));
    CHECK(keys.add(root, given).error() == Errc::conflict);
    CHECK(keys.add(Principal::administrator("alice"), given).error() == Errc::conflict);
    CHECK(keys.authenticate(given.reveal()).value() == alice);
    CHECK(keys.add(root, given).error().to_string().find("alice") == std::string::npos);
}

TEST_CASE("Concurrent additions of the same key agree on its owner") {
    CHECK(ApiKeys(std::make_shared<RacingStore>("alice")).add(alice, given));
    CHECK(ApiKeys(std::make_shared<RacingStore>("bob")).add(alice, given).error() ==
          Errc::conflict);
}

TEST_CASE("A key is 16-256 printable characters without surrounding spaces") {
    ApiKeys keys(make_memory_storage());
    for (const std::string& key : {std::string(16, 'x'), std::string(256, 'x'),
                                   std::string("with a blank inside"), std::string(16, '~')}) {
        CAPTURE(key);
        CHECK(error_of(keys.add(alice, Secret(key))).empty());
        CHECK(keys.authenticate(key));
    }
    for (const std::string& key :
         {std::string(), std::string(15, 'x'), std::string(257, 'x'), " " + std::string(16, 'x'),
          std::string(16, 'x') + " ", std::string("tab\tin the middle"),
          std::string("line\nin the middle"), std::string("\xc3\xbc-is-not-of-ascii"),
          std::string(16, '\0')}) {
        CAPTURE(key);
        CHECK(error_of(keys.add(alice, Secret(key))) ==
              "key: must be 16 to 256 printable ASCII characters without surrounding spaces");
    }
    CHECK(keys.list()->size() == 4);
}

TEST_CASE("A key belongs to a user who could publish") {
    ApiKeys keys(make_memory_storage());
    for (const std::string& user :
         {std::string(), std::string(257, 'x'), std::string("\xFF"), std::string("a\0b", 3)}) {
        CHECK(error_of(keys.add(Principal::user(user), given)) ==
              "userId: must be 1 to 256 bytes of UTF-8 without U+0000");
        CHECK(keys.create(Principal::user(user)).error() == Errc::invalid_argument);
    }
    CHECK(keys.list()->empty());
}

TEST_CASE("An unknown key is not found, and an impossible one is not even looked up") {
    ApiKeys keys(make_memory_storage());
    REQUIRE(keys.add(alice, given));
    CHECK(keys.authenticate("another-key-of-enough-length").error() == Errc::not_found);
    CHECK(keys.authenticate(given.reveal().substr(1)).error() == Errc::not_found);
    const ApiKeys without_storage(nullptr);
    CHECK(without_storage.authenticate("").error() == Errc::not_found);
    CHECK(without_storage.authenticate(std::string(257, 'x')).error() == Errc::not_found);
}

TEST_CASE("A revoked key is not found") {
    ApiKeys keys(make_memory_storage());
    REQUIRE(keys.add(alice, given));
    CHECK(keys.revoke(keys.list()->front().id));
    CHECK(keys.authenticate(given.reveal()).error() == Errc::not_found);
    CHECK(keys.list()->empty());
    CHECK(keys.revoke(ApiKeyId{12345}).error() == Errc::not_found);
    CHECK(keys.add(root, given));
    CHECK(keys.authenticate(given.reveal()).value() == root);
}

TEST_CASE("A record with another hash grants no access") {
    const ApiKeys keys(std::make_shared<ConfusedStore>());
    CHECK(keys.authenticate(given.reveal()).error() == Errc::not_found);
}

TEST_CASE("The errors of storage are passed on") {
    ApiKeys keys(std::make_shared<BrokenStore>());
    CHECK(keys.authenticate(given.reveal()).error() == Errc::unavailable);
    CHECK(keys.add(alice, given).error() == Errc::unavailable);
    CHECK(keys.create(alice).error() == Errc::unavailable);
    ApiKeys none(std::make_shared<ApiKeyStore>());
    CHECK(none.create(alice).error() == Errc::unsupported);
    CHECK(none.list().error() == Errc::unsupported);
    CHECK(none.revoke(ApiKeyId{1}).error() == Errc::unsupported);
}
