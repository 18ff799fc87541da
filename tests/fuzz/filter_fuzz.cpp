/// Reads arbitrary text as each parameter of a list query. Valid queries are planned and evaluated
/// on a few rows; invalid ones must be rejected properly. The text also seeds a filter that is
/// written in both spellings, which must give the same result. Its first line is also read as a
/// payload filter, and judges the rest. For libFuzzer (`./dev fuzz`); driver.cpp replaces it if it
/// is not available.

#include <algorithm>
#include <base/utf8.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filter/explain.hpp>
#include <filter/judge.hpp>
#include <webhooks/event.hpp>
#include <webhooks/query.hpp>
#include <webhooks/subscription.hpp>
#include <webhooks/testing/storage_contract/random_filters.hpp>

namespace {

using namespace webhooks;

void expect(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

std::vector<Event> rows() {
    std::vector<Event> events(3);
    for (std::size_t i = 0; i < events.size(); ++i) {
        events[i].id = {static_cast<std::int64_t>(i) + 1};
        events[i].payload = "payload";
    }
    events[1].status_code = 500;
    events[1].response = "\xC3\xA9";
    return events;
}

void check_rejection(const Error& error) {
    expect(error == Errc::invalid_argument, "a rejection is an invalid_argument");
    expect(!error.fields().empty(), "a rejection names a parameter");
    for (const FieldError& field_error : error.fields()) {
        expect(is_storable_text(field_error.message), "a message is UTF-8");
        expect(field_error.message.size() < 400, "a message is short");
    }
}

void ask(const ListQueryText& text) {
    const Result<ListQuery> query = ListQuery::parse(text, ListKind::events);
    if (!query) return check_rejection(query.error());
    const Result<Page<Event>> page = evaluate(*query, rows());
    expect(page.has_value(), "what can be read can be asked");
    expect(page->items.size() <= 3 && page->total <= 3, "no row is made up");
}

std::string answered(const std::string& filter, const std::string& sort) {
    const Result<ListQuery> query =
        ListQuery::parse({.filter = filter, .sort = sort}, ListKind::events);
    // A filter may happen to exceed a limit that the other form does not.
    if (!query) return {};
    std::string text = "ids:";
    for (const Event& row : evaluate(*query, rows()).value().items) {
        text += " " + std::to_string(row.id.value);
    }
    return text;
}

void compare_spellings(unsigned seed) {
    testing::storage_contract::RandomFilters random({.numbers = {"id", "statusCode"},
                                                     .texts = {"payload", "response"},
                                                     .times = {"sentAt", "createdAt"},
                                                     .booleans = {"isSuccess"}},
                                                    seed);
    const auto filter = random.filter().text();
    const auto sort = random.sort();
    const std::string odata = answered(filter.odata, sort.odata);
    const std::string mixed = answered(filter.mixed, sort.mixed);
    expect(odata == mixed || odata.empty() || mixed.empty(), "both spellings are answered alike");
}

/// A payload filter never fails on a payload, and looks at a bounded part of it.
void judge(const std::string& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string filter = text.substr(0, end);
    const std::string payload = text.substr(std::min(end + 1, text.size()));
    auto parsed = filter::PayloadFilter::parse(filter);
    if (const auto* error = std::get_if<query::SyntaxError>(&parsed)) {
        expect(is_storable_text(error->message()), "a message is UTF-8");
        expect(error->message().size() < 400, "a message is short");
        return;
    }
    const auto condition = std::make_shared<const filter::PayloadFilter>(
        std::get<filter::PayloadFilter>(std::move(parsed)));
    filter::Judge judge("order.created", "application/json", payload);
    const std::optional<bool> verdict = judge.lets_through(condition, "");
    expect(verdict.has_value(), "a turn without an end judges");
    expect(judge.steps() <= payload.size() + filter::max_steps, "a filter keeps its limit");
    expect(verdict == judge.lets_through(condition, ""), "a verdict stays");
    for (const FilterCondition& part : explain(*condition, filter, judge.candidate())) {
        expect(filter.find(part.text) != std::string::npos, "a condition is part of its filter");
        expect(!part.value || is_storable_text(*part.value), "a value is UTF-8");
        expect(!part.value || part.value->size() <= max_condition_value_bytes, "a value is cut");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    ask({.filter = text});
    ask({.sort = text});
    ask({.select = text});
    ask({.include = text});
    ask({.take = text, .skip = text, .after = text});
    judge(text);
    std::seed_seq seed(text.begin(), text.end());
    compare_spellings(std::mt19937(seed)());
    return 0;
}
