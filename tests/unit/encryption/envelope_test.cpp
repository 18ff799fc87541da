#include <encryption/envelope.hpp>
#include <set>
#include <stdexcept>
#include <support/catch.hpp>

namespace webhooks::encryption {
namespace {

/// Returns what it was given.
struct GivenKey final : KeyProvider {
    explicit GivenKey(Result<EncryptionKey> given) : key(std::move(given)) {}
    Result<EncryptionKey> current() override { return key; }
    Result<EncryptionKey> find(const std::string&) override { return key; }
    Result<EncryptionKey> key;
};

struct ThrowingKeys final : KeyProvider {
    Result<EncryptionKey> current() override { throw std::runtime_error("no network"); }
    Result<EncryptionKey> find(const std::string&) override { throw 7; }
};

}  // namespace

TEST_CASE("a sealed value opens with its key and its context, and with no other") {
    const Secret key = make_key().value();
    const std::string sealed = seal(key, "s3cret", {"table", "column", "alice"}).value();
    CHECK(open(key, sealed, {"table", "column", "alice"}).value().reveal() == "s3cret");
    CHECK(open(make_key().value(), sealed, {"table", "column", "alice"}).error() == Errc::corrupt);
    CHECK(open(key, sealed, {"table", "column", "bob"}).error() == Errc::corrupt);
    CHECK(open(key, sealed, {"table", "columnalice"}).error() == Errc::corrupt);
    CHECK(open(key, sealed, {"tablecolumn", "", "alice"}).error() == Errc::corrupt);
    CHECK(open(key, "", {}).error() == Errc::corrupt);
    CHECK(open(key, seal(key, "", {}).value(), {}).value().empty());
}

TEST_CASE("a sealed value with any other character or bit does not open") {
    const Secret key = make_key().value();
    const std::string sealed = seal(key, "s3cret", {"a"}).value();
    for (std::size_t place = 0; place < sealed.size(); ++place) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string changed = sealed;
            changed[place] = static_cast<char>(changed[place] ^ (1 << bit));
            CHECK(open(key, changed, {"a"}).error() == Errc::corrupt);
        }
        CHECK(open(key, sealed.substr(0, place), {"a"}).error() == Errc::corrupt);
    }
}

TEST_CASE("one envelope seals and opens many values under several keys, also after a failure") {
    Envelope envelope;
    std::set<std::string> sealed;
    for (int i = 0; i < 200; ++i) {
        const Secret key = make_key().value();
        const std::string text = std::string(static_cast<std::size_t>(i), 'a');
        const std::string value = envelope.seal(key, text, {"a", "b"}).value();
        sealed.insert(value);
        CHECK(envelope.open(key, value, {"a", "c"}).error() == Errc::corrupt);
        CHECK(envelope.open(key, value, {"a", "b"}).value().reveal() == text);
        CHECK(open(key, value, {"a", "b"}).value().reveal() == text);
    }
    CHECK(sealed.size() == 200);
}

TEST_CASE("equal values are sealed differently") {
    const Secret key = make_key().value();
    std::set<std::string> sealed;
    for (int i = 0; i < 100; ++i) {
        sealed.insert(seal(key, "s3cret", {"a"}).value());
    }
    CHECK(sealed.size() == 100);
}

TEST_CASE("a host's encryption keys are checked") {
    const Secret bytes(std::string(32, 'b'));
    GivenKey good{EncryptionKey{.id = "2026-01.a_B", .bytes = bytes}};
    CHECK(current_key(good).value().id == "2026-01.a_B");
    for (const std::string& id : {std::string(), std::string("a b"), std::string(65, 'a')}) {
        GivenKey keys{EncryptionKey{.id = id, .bytes = bytes}};
        CHECK(current_key(keys).error() == Errc::invalid_argument);
    }
    GivenKey is_short{EncryptionKey{.id = "a", .bytes = Secret("short")}};
    CHECK(current_key(is_short).error() == Errc::invalid_argument);

    GivenKey gone{Error(Errc::not_found, "destroyed")};
    CHECK(find_key(gone, "old").error() == Errc::not_found);
    CHECK(find_key(gone, "old").error().detail().find("'old'") != std::string::npos);
    ThrowingKeys throwing;
    CHECK(current_key(throwing).error() == Errc::unavailable);
    CHECK(current_key(throwing).error().detail() == "EncryptionOptions::keys threw: no network");
    CHECK(find_key(throwing, "a").error() == Errc::unavailable);
}

}  // namespace webhooks::encryption
