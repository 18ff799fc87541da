#include <array>
#include <charconv>
#include <storage/sql/attempt_details.hpp>
#include <storage/sql/exchange.hpp>
#include <storage/sql/header_text.hpp>
#include <string_view>

namespace webhooks::storage {
namespace {

using Duration = std::optional<std::chrono::microseconds>;

constexpr std::array durations = {&AttemptDetails::lookup, &AttemptDetails::connect,
                                  &AttemptDetails::tls, &AttemptDetails::first_byte};

/// Removes the first word of a line, and what follows it.
std::string_view take_word(std::string_view& line) {
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    return word;
}

Duration read_duration(std::string_view word) {
    std::int64_t micros = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), micros);
    if (error != std::errc()) return std::nullopt;
    return std::chrono::microseconds(micros);
}

}  // namespace

std::optional<std::string> write_details(const std::shared_ptr<const AttemptDetails>& details) {
    if (!details) return std::nullopt;
    std::string text = details->address.empty() ? "-" : details->address;
    for (const auto member : durations) {
        const Duration& duration = (*details).*member;
        text.append(" ").append(duration ? std::to_string(duration->count()) : "-");
    }
    return text.append("\n").append(write_headers(details->response_headers));
}

std::shared_ptr<const AttemptDetails> read_details(const std::optional<std::string>& text,
                                                   bool is_encrypted) {
    if (!text) return nullptr;
    const std::size_t end = std::min(text->find('\n'), text->size());
    std::string_view line = std::string_view(*text).substr(0, end);
    AttemptDetails details;
    const std::string_view address = take_word(line);
    if (address != "-") details.address = address;
    for (const auto member : durations) {
        details.*member = read_duration(take_word(line));
    }
    details.response_headers =
        read_headers(std::string_view(*text).substr(std::min(end + 1, text->size())), is_encrypted);
    return std::make_shared<const AttemptDetails>(std::move(details));
}

std::vector<Attempt> read_attempts(soci::session& sql, EventId event) {
    std::vector<Attempt> attempts;
    Attempt attempt;
    std::optional<std::string> details;
    soci::statement query(sql);
    query.exchange(soci::into(attempt.number));
    query.exchange(soci::into(attempt.sent_at));
    query.exchange(soci::into(attempt.duration));
    query.exchange(soci::into(attempt.status_code));
    query.exchange(soci::into(attempt.response));
    query.exchange(soci::into(attempt.error_message));
    query.exchange(soci::into(attempt.outcome));
    query.exchange(soci::into(details));
    query.exchange(soci::into(attempt.key_id));
    query.exchange(soci::use(event, "id"));
    for_each_row(
        query,
        "SELECT number, sent_at, duration_us, status_code, response, error_message, "
        "outcome, details, key_id FROM webhooks_attempt WHERE event_id = :id ORDER BY number",
        [&] {
            attempt.details = read_details(details, attempt.key_id != 0);
            attempts.push_back(attempt);
        });
    return attempts;
}

}  // namespace webhooks::storage
