#pragma once

#include <deque>
#include <optional>
#include <webhooks/transport.hpp>

namespace webhooks::transport {

/// Attempts that are ready for a step of their TLS handshake, which takes as long as dozens of
/// requests on established connections. Handshakes that have begun go first: if there are more than
/// a thread can make, some end in time then, instead of none. Every fourth turn is for one that
/// begins, so that peers which send theirs in many small pieces cannot keep others from beginning.
class HandshakeTurns {
public:
    /// @param is_first it has not begun.
    void add(Transport::Token token, bool is_first) { (is_first ? new_ : begun_).push_back(token); }

    std::optional<Transport::Token> next() {
        const bool is_for_new = ++turn_ % 4 == 0;
        std::deque<Transport::Token>& preferred = is_for_new ? new_ : begun_;
        std::deque<Transport::Token>& others = is_for_new ? begun_ : new_;
        std::deque<Transport::Token>& chosen = preferred.empty() ? others : preferred;
        if (chosen.empty()) return std::nullopt;
        const Transport::Token token = chosen.front();
        chosen.pop_front();
        return token;
    }

    bool is_empty() const noexcept { return new_.empty() && begun_.empty(); }
    void clear() noexcept {
        new_.clear();
        begun_.clear();
    }

private:
    std::deque<Transport::Token> new_;
    std::deque<Transport::Token> begun_;
    unsigned turn_ = 0;
};

}  // namespace webhooks::transport
