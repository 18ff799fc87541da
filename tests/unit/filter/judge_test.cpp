#include <filter/filter_cache.hpp>
#include <filter/judge.hpp>
#include <support/catch.hpp>

namespace webhooks::filter {
namespace {

std::string array_of(std::size_t items) {
    std::string text = "[-1";
    for (std::size_t i = 1; i < items; ++i) {
        text += ",-1";
    }
    return text + "]";
}

/// Compares each item of an array with each: no array of 400 items has enough steps for that.
FilterPtr endless(int number) {
    return saved_filter("payload/any(x: payload/any(y: y eq " + std::to_string(number) + "))");
}

std::size_t steps_of(const std::string& filter, const std::string& payload) {
    Judge judge("order.created", "application/json", payload);
    REQUIRE(judge.lets_through(saved_filter(filter), "alice").has_value());
    return judge.steps();
}

}  // namespace

TEST_CASE("all filters of one user together take a limited number of steps") {
    const std::string payload = array_of(400);
    Judge judge("order.created", "application/json", payload);
    for (int i = 0; i < 1000; ++i) {
        CHECK(judge.lets_through(endless(i), "alice") == false);
    }
    CHECK(judge.steps() <= max_steps + payload.size());
    const FilterPtr cheap = saved_filter("payload/0 eq -1");
    CHECK(judge.judgement(cheap, "alice") == Judgement::unjudged);
    CHECK(judge.lets_through(cheap, "alice") == false);
    CHECK(judge.lets_through(cheap, "bob") == true);
    CHECK(judge.judgement(saved_filter("payload/0 eq 1"), "bob") == Judgement::fails);
    CHECK(judge.judgement(endless(0), "carol") == Judgement::unjudged);
}

TEST_CASE("filters of many users that have the same text are judged once") {
    const std::string payload = array_of(400);
    Judge judge("order.created", "application/json", payload);
    const FilterPtr filter = saved_filter("payload/any(x: x eq -1)");
    CHECK(judge.lets_through(filter, "alice") == true);
    const std::size_t steps = judge.steps();
    for (int i = 0; i < 1000; ++i) {
        CHECK(judge.lets_through(filter, "user " + std::to_string(i)) == true);
        CHECK(judge.lets_through(filter, "alice") == true);
    }
    CHECK(judge.steps() == steps);
}

TEST_CASE("a user pays for a filter once, however many subscriptions have it") {
    const std::string payload = array_of(20'000);
    Judge judge("order.created", "application/json", payload);
    const FilterPtr filter = saved_filter("payload/any(x: x eq 1)");
    for (int i = 0; i < 1000; ++i) {
        CHECK(judge.lets_through(filter, "alice") == false);
    }
    CHECK(judge.lets_through(saved_filter("payload/0 eq -1"), "alice") == true);
}

TEST_CASE("what turns leave over is judged in later ones, and what is known is kept") {
    const std::string payload = array_of(400);
    Judge judge("order.created", "application/json", payload);
    const std::vector<std::string> users = {"a", "b", "c", "d"};
    std::vector<FilterPtr> filters;
    for (std::size_t i = 0; i < users.size(); ++i) {
        filters.push_back(endless(static_cast<int>(i)));
    }
    std::size_t turns = 0;
    for (bool is_done = false; !is_done; ++turns) {
        REQUIRE(turns < 10);
        const std::size_t before = judge.steps();
        judge.begin(max_steps);
        is_done = true;
        for (std::size_t i = 0; i < users.size() && is_done; ++i) {
            is_done = judge.lets_through(filters[i], users[i]).has_value();
        }
        CHECK(judge.steps() - before <= max_steps + payload.size());
    }
    CHECK(turns > 2);
    judge.forget_payload();
    judge.begin(0);
    CHECK(judge.lets_through(filters.front(), "e") == false);
}

TEST_CASE("a short turn reads no large payload") {
    const std::string payload = array_of(50'000);
    Judge judge("order.created", "application/json", payload);
    judge.begin(5'000);
    CHECK(judge.lets_through(saved_filter("payload/0 eq 1"), "alice") == std::nullopt);
    CHECK(judge.steps() == 0);
    judge.begin(max_steps);
    CHECK(judge.lets_through(saved_filter("payload/0 eq -1"), "alice") == true);
}

TEST_CASE("whatever a filter does for each item of an array takes steps") {
    const std::string few = R"([{"a":{"b":1}},{"a":{"b":1}}])";
    const std::string condition = GENERATE(
        "exists(i/a/b)", "i/a/b", "i/a/b in (true,false,true)", "i/a/b eq null",
        "not (i/a/b eq true)", "startswith(i/a/b,'x')", "length(i/a/b) gt 1", "payload/0/a/b eq 2");
    const std::size_t once = steps_of("payload/any(i: " + condition + ")", few);
    const std::size_t thrice = steps_of("payload/any(i: " + condition + " and not false and " +
                                            condition + " or " + condition + ")",
                                        few);
    INFO(condition << ": " << once << " and " << thrice);
    CHECK(once > 3);
    CHECK(thrice > once);
}

TEST_CASE("a long text takes more steps than a short one") {
    const std::string text(64'000, 'a');
    CHECK(steps_of("contains(payload,'b')", '"' + text + '"') > 1000 + text.size() / 16);
    CHECK(steps_of("tolower(payload) eq 'b'", '"' + text + '"') > 1000 + text.size() / 16);
    CHECK(steps_of("payload eq 5", std::string(64'000, '1')) > 1000 + text.size() / 16);
    CHECK(steps_of("payload eq 'b'", '"' + text + '"') < 100 + text.size() / 16);
}

}  // namespace webhooks::filter
