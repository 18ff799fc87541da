#include <storage/sql/postgresql/array.hpp>

namespace webhooks::storage {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

void put(std::string& bytes, std::uint32_t number) {
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        bytes += static_cast<char>(number >> shift);
    }
}

}  // namespace

void PostgresqlArray::add(std::optional<std::int64_t> number) {
    if (!number) return add_null();
    const auto bits = static_cast<std::uint64_t>(*number);
    put(elements_, element_ == Element::bigint ? 8 : 4);
    if (element_ == Element::bigint) put(elements_, static_cast<std::uint32_t>(bits >> 32U));
    put(elements_, static_cast<std::uint32_t>(bits));
    ++size_;
}

void PostgresqlArray::add(std::optional<std::string_view> text) {
    if (!text) return add_null();
    std::string mended;
    if (text->find('\0') != std::string_view::npos) {
        for (const char c : *text) {
            c == '\0' ? mended.append(replacement) : mended.append(1, c);
        }
        text = mended;
    }
    put(elements_, static_cast<std::uint32_t>(text->size()));
    elements_ += *text;
    ++size_;
}

void PostgresqlArray::add_null() {
    put(elements_, 0xFFFFFFFFU);  // a length of -1
    has_null_ = true;
    ++size_;
}

Parameter PostgresqlArray::parameter() const {
    std::string bytes;
    put(bytes, 1);  // dimensions
    put(bytes, has_null_ ? 1 : 0);
    put(bytes, static_cast<std::uint32_t>(element_));
    put(bytes, size_);
    put(bytes, 1);  // the first index
    return bytes + elements_;
}

}  // namespace webhooks::storage
