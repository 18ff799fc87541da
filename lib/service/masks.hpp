#pragma once

/// @file
/// What callers without `secrets:read` see in place of secrets. A mask that is written back keeps
/// what it stands for.

#include <webhooks/error.hpp>
#include <webhooks/principal.hpp>
#include <webhooks/query.hpp>
#include <webhooks/subscription.hpp>

namespace webhooks::service {

/// `whsec_****` and the last 4 characters. A secret of less than 16 characters shows none of them.
Secret mask_of(const Secret&);

/// Without the masks, which are not values. For a change of a subscription that is not known.
SubscriptionChange without_masks(SubscriptionChange);
/// Header values that a caller may not read cannot be sent to another server than until now, or
/// the caller would read them there.
/// @param change as the caller gave it, with masks
/// @return invalid_argument that names the headers to give with their values.
Result<> check_kept_headers(const Principal&, const SubscriptionChange& change,
                            const Subscription& current);
/// Replaces masks by what they stand for. Those of something else stay.
SubscriptionChange unmasked(SubscriptionChange, const Subscription& current);
/// @return invalid_argument that lists the masks that are left.
Result<> check_unmasked(const SubscriptionChange&);

/// What a principal may see of a result; only subscriptions have something to hide.
void show_to(const Principal&, Subscription&);
template <class T>
Result<T> shown_to(const Principal&, Result<T> result) {
    return result;
}
inline Result<Subscription> shown_to(const Principal& principal, Result<Subscription> found) {
    if (found) show_to(principal, *found);
    return found;
}
inline Result<Page<Subscription>> shown_to(const Principal& principal,
                                           Result<Page<Subscription>> page) {
    if (!page) return page;
    for (Subscription& subscription : page->items)
        show_to(principal, subscription);
    return page;
}

}  // namespace webhooks::service
