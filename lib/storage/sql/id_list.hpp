#pragma once

#include <string>

namespace webhooks::storage {

/// Ids as a list in a statement: (1, 2, 3).
class IdList {
public:
    void add(long long id) {
        text_ += is_empty() ? '(' : ',';
        text_ += std::to_string(id);
    }
    bool is_empty() const { return text_.empty(); }
    /// @pre it is not empty.
    std::string text() const { return text_ + ")"; }

private:
    std::string text_;
};

}  // namespace webhooks::storage
