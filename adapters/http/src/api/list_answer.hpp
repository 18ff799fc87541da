#pragma once

#include <string_view>
#include <webhooks/query.hpp>

#include "answers.hpp"
#include "documents.hpp"

namespace webhooks::http {

/// @return page_too_large() for a response that is larger than max_page_bytes.
template <class T>
Result<Response> list_answer(const Page<T>& page, const ListQuery& query, std::string_view items,
                             std::string_view total) {
    json::Writer writer;
    writer.begin_object().key(items).begin_array();
    for (const T& item : page.items) {
        write(writer, item, query.select);
        if (writer.size() > max_page_bytes) {
            return page_too_large();
        }
    }
    writer.end_array().member(total, page.total);
    std::string rows = std::to_string(page.items.size());
    if (page.total) rows += " of " + std::to_string(*page.total);
    return success(writer, rows + " rows.");
}

}  // namespace webhooks::http
