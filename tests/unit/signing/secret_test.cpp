#include <algorithm>
#include <memory>
#include <new>
#include <ostream>
#include <string>
#include <support/catch.hpp>
#include <type_traits>
#include <webhooks/secret.hpp>

using namespace webhooks;

namespace {

const std::string short_text = "hunter2";  // inside the string object itself
const std::string long_text(100, 'k');     // on the heap

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
    out << value;
};

/// The bytes of an object, even after its destruction.
std::string bytes_of(const void* object, std::size_t size) {
    return {static_cast<const char*>(object), size};
}

}  // namespace

TEST_CASE("a secret cannot be written to a stream, nor created by accident") {
    STATIC_REQUIRE_FALSE(Streamable<Secret>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::string, Secret>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<Secret, std::string>);
}

TEST_CASE("a secret gives back its text") {
    CHECK(Secret().empty());
    CHECK(Secret(short_text).reveal() == short_text);
    CHECK(Secret(long_text).reveal() == long_text);
    CHECK_FALSE(Secret(short_text).empty());
}

TEST_CASE("secrets compare by their text") {
    CHECK(Secret("abc") == Secret("abc"));
    CHECK(Secret() == Secret(""));
    CHECK_FALSE(Secret("abc") == Secret("abd"));
    CHECK_FALSE(Secret("abc") == Secret("ab"));
    CHECK(Secret("abc") != Secret("xbc"));
}

TEST_CASE("a copy is an independent secret") {
    for (const std::string& text : {short_text, long_text}) {
        Secret original(text);
        Secret copy(original);
        Secret assigned("earlier");
        assigned = original;
        original = Secret("changed");
        CHECK(copy.reveal() == text);
        CHECK(assigned.reveal() == text);
        const Secret& same = assigned;
        assigned = same;
        CHECK(assigned.reveal() == text);
    }
}

TEST_CASE("moving takes the text and leaves none behind") {
    for (const std::string& text : {short_text, long_text}) {
        Secret original(text);
        Secret taken(std::move(original));
        CHECK(taken.reveal() == text);
        CHECK(original.empty());
        CHECK(bytes_of(&original, sizeof original).find(text) == std::string::npos);
        Secret assigned("earlier");
        assigned = std::move(taken);
        CHECK(assigned.reveal() == text);
        CHECK(taken.empty());
        CHECK(bytes_of(&taken, sizeof taken).find(text) == std::string::npos);
        Secret& same = assigned;
        assigned = std::move(same);
        CHECK(assigned.reveal() == text);
    }
}

TEST_CASE("the text is wiped when a secret ends") {
    alignas(Secret) unsigned char room[sizeof(Secret)];
    Secret* const secret = new (room) Secret(short_text);
    REQUIRE(bytes_of(room, sizeof room).find(short_text) != std::string::npos);
    secret->~Secret();
    const volatile unsigned char* const rest = room;
    std::string left;
    for (std::size_t i = 0; i < sizeof room; ++i) {
        left += static_cast<char>(rest[i]);
    }
    CHECK(left.find(short_text) == std::string::npos);
}

TEST_CASE("a shorter text assigned over a longer one leaves nothing of it") {
    Secret secret("a longer text");
    secret = Secret("short");
    CHECK(secret.reveal() == "short");
    CHECK(bytes_of(&secret, sizeof secret).find("longer") == std::string::npos);
}
