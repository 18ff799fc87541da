#pragma once

#include <string>

namespace webhooks::storage {

/// Ids as a list in a statement: (1, 2, 3).
class IdList {
public:
    IdList() = default;
    /// @param ids of events or the like.
    template <class Ids>
    explicit IdList(const Ids& ids) {
        for (const auto id : ids) {
            add(id.value);
        }
    }

    void add(long long id) {
        text_ += is_empty() ? '(' : ',';
        text_ += std::to_string(id);
    }
    bool is_empty() const { return text_.empty(); }
    /// @pre it is not empty.
    std::string text() const { return text_ + ")"; }
    /// As the text of an array. @pre it is not empty.
    std::string array() const { return "'{" + text_.substr(1) + "}'"; }
    /// @pre it is not empty.
    std::string json() const { return "[" + text_.substr(1) + "]"; }

private:
    std::string text_;
};

}  // namespace webhooks::storage
