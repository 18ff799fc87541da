#pragma once

/// @file
/// Which rows of a list to return, in which order, and which part: a fixed subset of OData 4.01,
/// each part of which can also be written as in System.Linq.Dynamic.Core. The grammar and all
/// rules: docs/list-queries.md. A query gives the same result on every storage.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>
#include <webhooks/time.hpp>

namespace WEBHOOKS_EXPORT webhooks {

struct Subscription;
struct Event;
struct AuditRecord;
/// The library's own: a filter as a tree.
struct FilterNode;

/// One side of a comparison: a field, a value, or a function of one of these.
class Term {
public:
    // Implicit, so that values can be used as terms: field("statusCode") >= 500.
    Term(std::nullptr_t);      // NOLINT(google-explicit-constructor)
    Term(bool value);          // NOLINT(google-explicit-constructor)
    Term(int value);           // NOLINT(google-explicit-constructor)
    Term(std::int64_t value);  // NOLINT(google-explicit-constructor)
    Term(const char* text);    // NOLINT(google-explicit-constructor)
    Term(std::string text);    // NOLINT(google-explicit-constructor)
    Term(Time moment);         // NOLINT(google-explicit-constructor)

    explicit Term(std::shared_ptr<const FilterNode> node) : node_(std::move(node)) {}
    const std::shared_ptr<const FilterNode>& node() const noexcept { return node_; }

private:
    std::shared_ptr<const FilterNode> node_;
};

/// A member of the rows, as named in the REST API, case-insensitive.
Term field(std::string_view name);
/// Changes only ASCII letters.
Term to_lower(Term text);
Term to_upper(Term text);
/// In code points.
Term length(Term text);

/// A condition on rows. Immutable and cheap to copy; can be shared by threads. Whether its fields
/// exist and its types match is checked when a list is requested (or by `check`).
class Filter {
public:
    /// Parses the text form, e.g. "isActive eq true and contains(name,'order')", or the same as
    /// `IsActive == true && Name.Contains("order")`.
    /// @return invalid_argument with one FieldError "filter" that names the error and its position.
    static Result<Filter> parse(std::string_view text);

    explicit Filter(std::shared_ptr<const FilterNode> node) : node_(std::move(node)) {}
    const FilterNode& node() const noexcept { return *node_; }

    friend Filter operator&&(Filter left, Filter right);
    friend Filter operator||(Filter left, Filter right);
    friend Filter operator!(Filter inner);

private:
    std::shared_ptr<const FilterNode> node_;
};

Filter operator==(Term left, Term right);
Filter operator!=(Term left, Term right);
Filter operator<(Term left, Term right);
Filter operator<=(Term left, Term right);
Filter operator>(Term left, Term right);
Filter operator>=(Term left, Term right);
Filter contains(Term text, std::string part);
Filter starts_with(Term text, std::string part);
Filter ends_with(Term text, std::string part);
Filter is_in(Term value, std::initializer_list<Term> list);

/// One sort key. Nulls are lowest; text is ordered by code point.
struct SortKey {
    std::string field;
    bool is_descending = false;
};

/// The kind of list, which determines the fields.
enum class ListKind : std::uint8_t { subscriptions, events, audit };

/// The parameters of a query as text, decoded. Absent ones have their default.
struct ListQueryText {
    std::optional<std::string> select = {};
    std::optional<std::string> filter = {};
    std::optional<std::string> sort = {};
    std::optional<std::string> include = {};
    std::optional<std::string> take = {};
    std::optional<std::string> skip = {};
    std::optional<std::string> after = {};
    std::optional<std::string> count = {};
};

/// Which rows of a list, in which order, and which part of them.
struct ListQuery {
    std::optional<Filter> filter = {};
    /// At most 8. `id` is always the last key, ascending unless it is named here; in a list of
    /// audit records, descending.
    std::vector<SortKey> sort = {};
    /// The fields to return; empty: all. Other fields need not be filled.
    std::vector<std::string> select = {};
    /// The maximum number of rows; 0 returns only the count; more than 1,000 means 1,000.
    std::uint32_t take = 100;
    /// The number of rows to skip.
    std::uint32_t skip = 0;
    /// Only rows after this id, in the order of ids (not part of OData). It requires a sort by only
    /// `id` (or none), and takes the same time wherever it starts. Does not change the total.
    std::optional<std::int64_t> after = {};
    /// Count all rows that match. In a long log that takes longer than to read a page.
    bool has_total = true;
    /// Subscriptions only: fill `Subscription::recent_events`.
    bool include_events = false;
    /// If requested, the result is no longer needed. A running query may then end with `timed_out`.
    std::stop_token stop = {};

    /// Parses the text form and checks it as `check` does.
    /// @return invalid_argument with a FieldError for each wrong parameter.
    static Result<ListQuery> parse(const ListQueryText& text, ListKind kind);
    /// Whether this query is valid for such a list.
    /// @return invalid_argument with a FieldError for each wrong member.
    Result<> check(ListKind kind) const;
};

inline constexpr std::uint32_t max_take = 1000;
/// The number of events that `ListQuery::include_events` returns for each subscription.
inline constexpr std::uint32_t max_included_events = 100;

/// The maximum size of the payloads and responses of a page's events together, so that no query
/// takes more memory than that. Those that `ListQuery::select` leaves out do not count.
inline constexpr std::size_t max_page_bytes = 16 * 1024 * 1024;
/// What a storage returns for a larger page. @return invalid_argument with a FieldError "take".
Error page_too_large();

/// A part of a list and, unless it was not wanted, the size of the whole.
template <class T>
struct Page {
    std::vector<T> items;
    /// The number of the caller's rows that match, independent of `take`, `skip` and `after`.
    /// Absent if `ListQuery::has_total` is false.
    std::optional<std::int64_t> total = 0;
};

/// Evaluates a query on rows in memory, for storages that have no query language of their own.
/// @param rows the rows that the caller may see, in any order.
Result<Page<Subscription>> evaluate(const ListQuery&, std::vector<Subscription> rows);
Result<Page<Event>> evaluate(const ListQuery&, std::vector<Event> rows);
Result<Page<AuditRecord>> evaluate(const ListQuery&, std::vector<AuditRecord> rows);

}  // namespace webhooks
