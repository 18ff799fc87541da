#include <algorithm>
#include <base/ascii.hpp>
#include <base/thrown.hpp>
#include <charconv>
#include <optional>
#include <query/fields.hpp>
#include <query/parser.hpp>
#include <set>
#include <webhooks/query.hpp>

namespace webhooks {
namespace {

using query::ListItem;
using query::ListItems;
using query::SyntaxError;

/// The one relation that `include` can name.
constexpr std::string_view included_events = "webhookEvents";
constexpr std::uint32_t max_count = 2'147'483'647;
constexpr std::int64_t max_id = (std::int64_t{1} << 53) - 1;

/// Parses the parameters of one query, and collects their errors.
class Reader {
public:
    Reader(const ListQueryText& text, ListKind kind) : text_(text), kind_(kind) {}

    Result<ListQuery> read() {
        read_filter();
        read_sort();
        read_select();
        read_include();
        read_count("take", text_.take, list_.take);
        read_count("skip", text_.skip, list_.skip);
        read_after();
        read_has_total();
        show_included();
        if (const Result<> verdict = list_.check(kind_); !verdict) add_new(verdict.error());
        if (!errors_.empty()) return Error(std::move(errors_));
        return std::move(list_);
    }

private:
    void error(const char* parameter, const SyntaxError& error) {
        errors_.push_back({parameter, error.message()});
    }

    /// Errors of parameters that have none yet: the first one has its character.
    void add_new(const Error& error) {
        std::set<std::string> known;
        for (const FieldError& field_error : errors_) {
            known.insert(field_error.field);
        }
        for (const FieldError& field_error : error.fields()) {
            if (!known.contains(field_error.field)) errors_.push_back(field_error);
        }
    }

    /// The items of a list, or none where it has a error.
    ListItems noted(const char* parameter, std::variant<ListItems, SyntaxError> items) {
        if (const auto* found = std::get_if<SyntaxError>(&items)) {
            error(parameter, *found);
            return {};
        }
        return std::get<ListItems>(std::move(items));
    }

    void read_filter() {
        if (!text_.filter) return;
        Result<Filter> filter = Filter::parse(*text_.filter);
        if (!filter) return add_new(filter.error());
        list_.filter = *std::move(filter);
    }

    void read_sort() {
        if (!text_.sort) return;
        for (const ListItem& item : noted("sort", query::parse_names(*text_.sort, "a field"))) {
            const std::optional<bool> is_descending = direction(item.modifier);
            if (!is_descending) {
                return error("sort",
                             {"expected 'asc' or 'desc', found " + query::in_quotes(item.modifier),
                              item.modifier_position});
            }
            auto found = query::find_comparable_field(item.name, kind_);
            if (auto* unknown = std::get_if<SyntaxError>(&found)) {
                unknown->position = item.position;
                return error("sort", *unknown);
            }
            list_.sort.push_back({.field = item.name, .is_descending = *is_descending});
        }
    }

    /// @return whether the sort is descending; nullopt if it is not a direction.
    static std::optional<bool> direction(std::string_view modifier) {
        if (modifier.empty() || modifier == "asc" || modifier == "ascending") return false;
        if (modifier == "desc" || modifier == "descending") return true;
        return std::nullopt;
    }

    void read_select() {
        if (!text_.select || *text_.select == "*") return;
        std::set<std::size_t> columns;
        for (const ListItem& item : noted("select", query::parse_selection(*text_.select))) {
            auto found = query::find_field(item.name, kind_);
            if (auto* unknown = std::get_if<SyntaxError>(&found)) {
                unknown->position = item.position;
                return error("select", *unknown);
            }
            columns.insert(std::get<std::size_t>(found));
        }
        for (const std::size_t column : columns) {
            list_.select.emplace_back(query::fields_of(kind_)[column].name);
        }
    }

    void read_include() {
        if (!text_.include) return;
        const ListItems items = noted("include", query::parse_names(*text_.include, "a relation"));
        if (items.size() > query::max_relations) {
            return error("include", {.what = "more than 8 relations"});
        }
        for (const ListItem& item : items) {
            auto found = query::find_field(item.name, kind_);
            const auto* column = std::get_if<std::size_t>(&found);
            const bool is_relation = kind_ == ListKind::subscriptions && column &&
                                     query::fields_of(kind_)[*column].name == included_events;
            if (!is_relation || !item.modifier.empty()) {
                return error("include",
                             {"unknown relation " + query::in_quotes(item.name), item.position,
                              kind_ == ListKind::subscriptions ? "there is webhookEvents" : ""});
            }
            list_.include_events = true;
        }
    }

    /// What is included is shown, whatever else is selected: as in OData.
    void show_included() {
        if (!list_.include_events || list_.select.empty()) return;
        const bool is_selected =
            std::ranges::find(list_.select, included_events) != list_.select.end();
        if (!is_selected) list_.select.emplace_back(included_events);
    }

    void read_count(const char* parameter, const std::optional<std::string>& text,
                    std::uint32_t& count) {
        if (!text) return;
        const std::optional<std::int64_t> number = read_number(*text, 10);
        if (number && *number <= max_count) {
            count = static_cast<std::uint32_t>(*number);
        } else {
            error(parameter, {.what = "must be a whole number, 0 to 2147483647"});
        }
    }

    void read_after() {
        if (!text_.after) return;
        list_.after = read_number(*text_.after, 16);
        if (!list_.after || *list_.after > max_id) {
            error("after", {.what = "must be an id, a whole number from 0"});
        }
    }

    void read_has_total() {
        if (!text_.count) return;
        const std::string count = ascii::lower(*text_.count);
        list_.has_total = count == "true";
        if (!list_.has_total && count != "false") {
            error("count", {.what = "must be true or false"});
        }
    }

    static std::optional<std::int64_t> read_number(std::string_view text, std::size_t max_digits) {
        std::int64_t number = 0;
        const char* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, number);
        const bool is_number = error == std::errc() && stop == end && number >= 0 &&
                               !text.starts_with('-') && text.size() <= max_digits;
        return is_number ? std::optional(number) : std::nullopt;
    }

    const ListQueryText& text_;
    const ListKind kind_;
    ListQuery list_;
    std::vector<FieldError> errors_;
};

}  // namespace

Result<ListQuery> ListQuery::parse(const ListQueryText& text, ListKind kind) try {
    return Reader(text, kind).read();
} catch (...) {
    return error_of_thrown();
}

Error page_too_large() {
    return Error(std::vector<FieldError>{
        {"take",
         "the page would be larger than 16 MiB; take fewer rows, or leave members out with "
         "select"}});
}

Result<> ListQuery::check(ListKind kind) const try {
    const Result<query::Plan> plan = query::make_plan(*this, kind);
    if (!plan) return plan.error();
    return {};
} catch (...) {
    return error_of_thrown();
}

}  // namespace webhooks
