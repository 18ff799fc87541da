#pragma once

#include <soci/soci.h>

#include <string>
#include <webhooks/subscription.hpp>

namespace webhooks::storage {

/// A row of webhooks_subscription, whose columns statements read into it and write from it.
class SubscriptionRow {
public:
    SubscriptionRow() = default;
    explicit SubscriptionRow(const Subscription& subscription);

    /// Without `recent_events`.
    Subscription to_subscription() const;
    SubscriptionId id() const noexcept { return subscription_.id; }
    bool is_deleted() const noexcept { return deletion_ != 0; }

    /// The statements; `define` and `bind` exchange their columns.
    static std::string select_where(const std::string& condition);
    static const std::string& insert_returning_id();
    static const std::string& update_by_id();

    void define(soci::statement& select);
    /// All columns except the id.
    void bind(soci::statement& change) const;

private:
    template <class Row, class Visit>
    static void for_each_column(Row& row, Visit visit);
    struct Names;
    static const Names& names();

    Subscription subscription_;
    std::string headers_;
    std::string retired_secrets_;
    int deletion_ = 0;
};

}  // namespace webhooks::storage
