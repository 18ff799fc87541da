#pragma once

#include <string>
#include <string_view>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// Text that must not leak: it has no stream output, compares in constant time for equal lengths,
/// and is wiped from memory on destruction. The caller must protect what `reveal()` returns.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept;
    Secret& operator=(const Secret& other);
    Secret& operator=(Secret&& other) noexcept;
    ~Secret();

    std::string_view reveal() const noexcept { return text_; }
    bool empty() const noexcept { return text_.empty(); }

    friend bool operator==(const Secret& a, const Secret& b) noexcept;

private:
    void wipe() noexcept;

    std::string text_;
};

}  // namespace webhooks
