#include <storage/fan_out.hpp>
#include <storage/idempotency.hpp>

#include <base/hex.hpp>
#include <map>
#include <string>
#include <utility>

namespace webhooks::storage {
namespace {

/// The keys that appends of this batch are written with, each with its first append.
class Decision {
public:
    Decision(const std::vector<Append>& appends, const std::vector<Appended>& reserved,
             const FindEarlier& find_earlier, const IsFull& is_full)
        : appends_(appends), reserved_(reserved), find_earlier_(find_earlier), is_full_(is_full) {}

    std::vector<Result<Appended>> decide() && {
        std::size_t first = 0;
        while (first < appends_.size()) {
            std::size_t end = first + 1;
            while (end < appends_.size() && appends_[end].joins_previous) {
                ++end;
            }
            decide_group(first, end);
            first = end;
        }
        return std::move(verdicts_);
    }

private:
    void decide_group(std::size_t first, std::size_t end) {
        bool fails = false;
        for (std::size_t i = first; i < end; ++i) {
            verdicts_.push_back(judge(i));
            fails = fails || !verdicts_.back();
        }
        if (!fails) return;
        for (std::size_t i = first; i < end; ++i) {
            if (is_new(verdicts_[i])) forget_key(i);
            if (verdicts_[i])
                verdicts_[i] = Error(Errc::aborted, "an append joined with it failed");
        }
    }

    Result<Appended> judge(std::size_t i) {
        if (appends_[i].rejection) return *appends_[i].rejection;
        const std::optional<IdempotencyKey>& key = appends_[i].idempotency;
        if (!key) return write(i);
        const auto [place, is_first] = written_.try_emplace({key->scope, key->key}, i);
        if (!is_first) {
            const std::size_t before = place->second;
            return replay({.has_same_content = appends_[before].idempotency->digest == key->digest,
                           .appended = reserved_[before]});
        }
        const Result<std::optional<Earlier>> earlier = find_earlier_(*key);
        const bool is_first_ever = earlier && !*earlier;
        if (!is_first_ever || appends_[i].is_only_repeated) written_.erase(place);
        if (is_first_ever) return write(i);
        if (!earlier) return earlier.error();
        return replay(**earlier);
    }

    Result<Appended> write(std::size_t i) {
        if (appends_[i].is_only_repeated) return Error(Errc::aborted, "it repeats nothing");
        if (appends_[i].is_fanned_out && is_full(appends_[i].message->user_id)) {
            return too_many_waiting();
        }
        return reserved_[i];
    }

    /// Asked once for each user.
    bool is_full(const std::string& user) {
        const auto [place, is_first] = full_.try_emplace(user, false);
        if (is_first) place->second = is_full_(user);
        return place->second;
    }

    static Result<Appended> replay(const Earlier& earlier) {
        if (!earlier.has_same_content) {
            return Error(Errc::conflict,
                         "the idempotency key was used for other content within 24 hours");
        }
        Appended appended = earlier.appended;
        appended.is_replay = true;
        return appended;
    }

    void forget_key(std::size_t i) {
        if (const std::optional<IdempotencyKey>& key = appends_[i].idempotency) {
            written_.erase({key->scope, key->key});
        }
    }

    const std::vector<Append>& appends_;
    const std::vector<Appended>& reserved_;
    const FindEarlier& find_earlier_;
    const IsFull& is_full_;
    std::map<std::pair<std::string, std::string>, std::size_t> written_;
    std::map<std::string, bool> full_;
    std::vector<Result<Appended>> verdicts_;
};

}  // namespace

bool has_digest(const IdempotencyKey& key, std::string_view stored) {
    return stored == to_hex(key.digest) ||
           (!key.former_digest.empty() && stored == to_hex(key.former_digest));
}

std::vector<Appended> assign_ids(const std::vector<Append>& appends, EventId first) {
    std::vector<Appended> reserved;
    reserved.reserve(appends.size());
    for (const Append& append : appends) {
        reserved.push_back({.first_event = first,
                            .count = static_cast<std::uint32_t>(append.subscriptions.size())});
        first.value += reserved.back().count;
    }
    return reserved;
}

std::vector<Result<Appended>> decide(const std::vector<Append>& appends,
                                     const std::vector<Appended>& reserved,
                                     const FindEarlier& find_earlier, const IsFull& is_full) {
    return Decision(appends, reserved, find_earlier, is_full).decide();
}

}  // namespace webhooks::storage
