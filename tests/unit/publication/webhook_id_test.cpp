#include <limits>
#include <publication/webhook_id.hpp>
#include <support/catch.hpp>

using namespace webhooks;

TEST_CASE("a webhook-id is read back as it was written") {
    const auto id = GENERATE(values<WebhookId>(
        {{0, {1}},
         {0x00ab'cdef'0123'4567, {42}},
         {std::numeric_limits<std::uint64_t>::max(), {std::numeric_limits<std::int64_t>::max()}}}));
    CHECK(parse_webhook_id(to_string(id)) == id);
}

TEST_CASE("other text is no webhook-id") {
    const auto text = GENERATE(as<std::string>(), "", "42", "00abcdef01234567", "00abcdef01234567_",
                               "00ABCDEF01234567_1", "0abcdef01234567_1", "00abcdef01234567_01",
                               "00abcdef01234567_+1", "00abcdef01234567_1 ", "00abcdef01234567-1",
                               "00abcdef01234567_99999999999999999999", "+0abcdef01234567_1");
    CHECK_FALSE(parse_webhook_id(text));
}
