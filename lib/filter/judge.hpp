#pragma once

#include <cstddef>
#include <cstdint>
#include <filter/payload_filter.hpp>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace webhooks::filter {

/// Whether an event goes to a subscription.
enum class Judgement : std::uint8_t {
    passes,
    fails,     ///< The filter does not hold, or is unknown for this payload.
    unjudged,  ///< Its user's filters took all steps: it is unknown whether it holds.
};

/// Judges the filters of subscriptions on one event. The payload is read for the first of them,
/// each distinct filter is judged once, and those of one user together take at most `max_steps`:
/// the others of that user are unknown, beginning with those that are asked about last.
///
/// A caller with other things to do judges in turns: `begin` says how many steps a turn has, and
/// all are asked about again, of which those that are known take none. What the arguments refer to
/// must outlive it.
class WEBHOOKS_EXPORT Judge {
public:
    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

    Judge(std::string_view event_type, std::string_view content_type, std::string_view payload)
        : event_type_(event_type), content_type_(content_type), payload_(payload) {}

    /// Begins a turn. One with at least `max_steps` always finds out something.
    void begin(std::size_t steps);

    /// What the filter of a user's subscription says.
    /// @param filter null: it has none, and everything passes.
    /// @return nullopt: the turn has too few steps left.
    std::optional<Judgement> judgement(const FilterPtr& filter, const std::string& user);
    /// Whether it passes.
    std::optional<bool> lets_through(const FilterPtr& filter, const std::string& user);

    /// Forgets the payload, but not what is known of filters.
    void forget_payload();

    Candidate candidate();
    /// How many steps were taken in all turns.
    std::size_t steps() const noexcept { return steps_; }

private:
    struct Known {
        Judgement judgement = Judgement::fails;  ///< If its user has enough steps.
        std::size_t steps = 0;
    };

    /// What a user's subscriptions have asked about.
    struct Asked {
        std::size_t steps = 0;
        std::unordered_set<const PayloadFilter*> filters = {};
    };

    /// @return nullopt: the turn has too few steps left.
    std::optional<Known> judge(const FilterPtr& filter);
    void read();
    std::size_t steps_of_reading() const;
    void take(std::size_t steps);

    const std::string_view event_type_;
    const std::string_view content_type_;
    const std::string_view payload_;
    bool is_read_ = false;
    std::optional<JsonDocument> document_;
    std::size_t turn_ = unlimited;  ///< What is left of it.
    std::size_t steps_ = 0;
    std::unordered_map<FilterPtr, Known> known_;
    std::map<std::string, Asked> asked_;  ///< By user, since the turn began.
};

}  // namespace webhooks::filter
