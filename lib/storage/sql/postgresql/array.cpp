#include <storage/sql/postgresql/array.hpp>
#include <utility>

namespace webhooks::storage {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

/// Dimensions, null flag, element type, size and first index.
constexpr std::size_t header_size = 20;

/// Most significant byte first.
template <class Number>
void write(char* place, Number number) {
    for (std::size_t i = sizeof number; i-- > 0; number >>= 8U) {
        place[i] = static_cast<char>(number);
    }
}

template <class Number>
void put(std::string& bytes, Number number) {
    char text[sizeof number];
    write(text, number);
    bytes.append(text, sizeof text);
}

}  // namespace

PostgresqlArray::PostgresqlArray(Element element) : element_(element), bytes_(header_size, '\0') {}

void PostgresqlArray::add(std::optional<std::int64_t> number) {
    if (!number) return add_null();
    const auto bits = static_cast<std::uint64_t>(*number);
    if (element_ == Element::bigint) {
        put(bytes_, std::uint32_t{sizeof bits});
        put(bytes_, bits);
    } else {
        put(bytes_, std::uint32_t{sizeof(std::uint32_t)});
        put(bytes_, static_cast<std::uint32_t>(bits));
    }
    ++size_;
}

void PostgresqlArray::add(std::optional<std::string_view> text) {
    if (!text) return add_null();
    std::string repaired;
    if (text->find('\0') != std::string_view::npos) {
        for (const char c : *text) {
            c == '\0' ? repaired.append(replacement) : repaired.append(1, c);
        }
        text = repaired;
    }
    put(bytes_, static_cast<std::uint32_t>(text->size()));
    bytes_ += *text;
    ++size_;
}

void PostgresqlArray::add_null() {
    put(bytes_, std::uint32_t{0xFFFFFFFFU});  // a length of -1
    has_null_ = true;
    ++size_;
}

Parameter PostgresqlArray::take() {
    char* place = bytes_.data();
    for (const std::uint32_t part :
         {1U, has_null_ ? 1U : 0U, static_cast<std::uint32_t>(element_), size_, 1U}) {
        write(place, part);
        place += sizeof part;
    }
    size_ = 0;
    has_null_ = false;
    return std::exchange(bytes_, std::string(header_size, '\0'));
}

}  // namespace webhooks::storage
