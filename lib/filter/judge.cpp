#include <algorithm>
#include <base/ascii.hpp>
#include <filter/judge.hpp>

namespace webhooks::filter {
namespace {

/// Whether a media type is JSON, or one of those that are written in it: `application/x+json`.
bool is_json(std::string_view content_type) {
    const std::string type =
        ascii::lower(ascii::trimmed(content_type.substr(0, content_type.find(';'))));
    return type == "application/json" || type == "text/json" || type.ends_with("+json");
}

}  // namespace

void Judge::begin(std::size_t steps) {
    turn_ = steps;
    asked_.clear();
}

void Judge::take(std::size_t steps) {
    turn_ -= std::min(turn_, steps);
    steps_ += steps;
}

std::size_t Judge::steps_of_reading() const {
    constexpr std::size_t bytes_of_a_step = 16;
    return is_read_ ? 0 : payload_.size() / bytes_of_a_step;
}

void Judge::read() {
    if (is_read_) return;
    take(steps_of_reading());
    if (is_json(content_type_)) document_ = JsonDocument::parse(payload_);
    is_read_ = true;
}

Candidate Judge::candidate() {
    read();
    return {.event_type = event_type_, .payload = document_ ? &*document_ : nullptr};
}

void Judge::forget_payload() {
    document_.reset();
    is_read_ = false;
}

std::optional<Judge::Known> Judge::judge(const FilterPtr& filter) {
    const auto known = known_.find(filter);
    if (known != known_.end()) return known->second;
    // A whole turn reads any payload.
    if (turn_ < max_steps && turn_ < steps_of_reading()) return std::nullopt;
    const Candidate read = candidate();
    const std::size_t given = std::min(turn_, max_steps);
    std::size_t left = given;
    const bool holds = filter->judge(read, left) == true;
    take(given - left);
    // It may need more steps than a turn has left, but none has more than all.
    if (left == 0 && given < max_steps) return std::nullopt;
    const Judgement judgement = left == 0 ? Judgement::unjudged
                                : holds   ? Judgement::passes
                                          : Judgement::fails;
    return known_.emplace(filter, Known{.judgement = judgement, .steps = given - left})
        .first->second;
}

std::optional<Judgement> Judge::judgement(const FilterPtr& filter, const std::string& user) {
    if (!filter) return Judgement::passes;
    Asked& asked = asked_[user];
    if (asked.steps >= max_steps) return Judgement::unjudged;
    const std::optional<Known> known = judge(filter);
    if (!known) return std::nullopt;
    if (asked.filters.insert(filter.get()).second) asked.steps += known->steps;
    const bool is_too_late = known->judgement == Judgement::passes && asked.steps > max_steps;
    return is_too_late ? Judgement::unjudged : known->judgement;
}

std::optional<bool> Judge::lets_through(const FilterPtr& filter, const std::string& user) {
    const std::optional<Judgement> found = judgement(filter, user);
    return found ? std::optional(*found == Judgement::passes) : std::nullopt;
}

}  // namespace webhooks::filter
