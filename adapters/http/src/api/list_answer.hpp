#pragma once

#include <string_view>
#include <webhooks/query.hpp>

#include "answers.hpp"
#include "documents.hpp"

namespace webhooks::http {

/// The maximum size of a page.
inline constexpr std::size_t max_page_bytes = 16 * 1024 * 1024;

inline constexpr const char* too_large =
    "the page would be larger than 16 MiB; take fewer rows, or leave members out with select";

/// @return invalid_argument for a page that is larger than max_page_bytes.
template <class T>
Result<Response> list_answer(const Page<T>& page, const ListQuery& query, std::string_view items,
                             std::string_view total) {
    json::Writer writer;
    writer.begin_object().key(items).begin_array();
    for (const T& item : page.items) {
        write(writer, item, query.select);
        if (writer.size() > max_page_bytes) {
            return Error(std::vector<FieldError>{{"take", too_large}});
        }
    }
    writer.end_array().member(total, page.total);
    std::string rows = std::to_string(page.items.size());
    if (page.total) rows += " of " + std::to_string(*page.total);
    return success(writer, rows + " rows.");
}

}  // namespace webhooks::http
