#include <publication/publication.hpp>
#include <publication/webhook_id.hpp>
#include <service/batch_errors.hpp>
#include <service/masks.hpp>
#include <service/validation.hpp>
#include <service/webhook_service_impl.hpp>
#include <signing/digest.hpp>
#include <webhooks/access.hpp>
#include <webhooks/operational.hpp>
#include <webhooks/signature.hpp>

namespace webhooks {

using service::check;
using service::PendingPublication;
using service::PublishReceipts;
using service::Submission;

namespace {

/// The default payload of `send_test_event`.
constexpr std::string_view default_test_payload =
    R"({"type":"webhook.test","message":"This is a test event. Your endpoint received it."})";

/// A subscription changes in between only if others change it at the same moment.
constexpr int max_update_attempts = 5;

/// A message of which only these are known yet.
std::shared_ptr<Message> make_message(std::string&& event_type, std::string&& content_type,
                                      std::string&& payload) {
    auto message = std::make_shared<Message>();
    message->event_type = std::move(event_type);
    message->content_type = std::move(content_type);
    message->payload = std::make_shared<const std::string>(std::move(payload));
    return message;
}

Submission single(PendingPublication&& publication) {
    Submission submission;
    submission.publications.push_back(std::move(publication));
    return submission;
}

/// Its caller must get a result even if there is no memory for a copy of the error.
Result<PublishReceipt> single_receipt(Result<PublishReceipts> receipts) noexcept {
    try {
        if (!receipts) return receipts.error();
        return std::move(receipts->front());
    } catch (...) {
        return Error(Errc::unavailable, {});
    }
}

Error unreadable() {
    return {
        Errc::corrupt,
        "the stored secret of this subscription cannot be decrypted; update it with a new secret "
        "and new headers instead"};
}

/// A receiver that verifies with a public key gets a key pair again.
Result<Secret> make_secret_like(const Secret& secret, Random& random) {
    return secret.reveal().starts_with("whsk_") ? make_signing_key(random) : make_secret(random);
}

SubscriptionChange as_change(const SubscriptionDraft& draft) {
    return {.name = draft.name,
            .event_type = draft.event_type,
            .filter = draft.filter,
            .url = draft.url,
            .secret = draft.secret,
            .headers = draft.headers,
            .max_retry_count = draft.max_retry_count,
            .rate_limit = draft.rate_limit,
            .timeout = draft.timeout,
            .retry_on = draft.retry_on,
            .operator_scope = draft.operator_scope,
            .delivery = draft.delivery};
}

}  // namespace

Result<Submission> WebhookService::Impl::prepare(const Principal& principal,
                                                 Publication&& publication) const {
    if (Result<> verdict = service::check_principal(principal); !verdict) return verdict.error();
    Result<PendingPublication> pending =
        prepare(principal, std::move(publication), rules(&principal));
    if (!pending) return pending.error();
    return single(*std::move(pending));
}

Result<Submission> WebhookService::Impl::prepare(const Principal& principal,
                                                 std::vector<Publication> batch) const {
    if (Result<> verdict = service::check_principal(principal); !verdict) return verdict.error();
    const service::Rules current = rules(&principal);
    if (Result<> verdict = check_size(batch, current); !verdict) return verdict.error();
    Submission submission{.is_batch = true};
    submission.publications.reserve(batch.size());
    service::BatchErrors errors;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        Result<PendingPublication> pending = prepare(principal, std::move(batch[i]), current);
        if (pending) {
            submission.publications.push_back(*std::move(pending));
        } else {
            errors.add(i, pending.error());
        }
    }
    if (!errors.empty()) return errors.error();
    return submission;
}

Result<PendingPublication> WebhookService::Impl::prepare(const Principal& principal,
                                                         Publication&& publication,
                                                         const service::Rules& current) const {
    if (Result<> verdict = check_publication(publication, current); !verdict) {
        return verdict.error();
    }
    std::optional<std::string> owner;
    if (!publication.user_id.empty()) {
        owner = publication.user_id;
    } else if (!principal.is_administrator()) {
        owner = principal.user_id();
    }
    if (owner && !principal.may_see(*owner)) {
        return Error(Errc::forbidden, "only an administrator may publish to another user");
    }
    PendingPublication pending;
    if (!publication.idempotency_key.empty()) {
        pending.idempotency =
            IdempotencyKey{.scope = principal.user_id(),
                           .key = publication.idempotency_key,
                           .digest = signing::sha256(digest_input(publication, owner))};
    }
    // An event that is already due need not wait in storage.
    if (publication.deliver_at > current.now) pending.due = publication.deliver_at;
    std::shared_ptr<Message> message =
        make_message(std::move(publication.event_type), std::move(publication.content_type),
                     std::move(publication.payload));
    message->expires_at = publication.expires_at;
    if (publication.trace) {
        message->trace =
            TraceContext::parse(publication.trace->traceparent, publication.trace->tracestate);
    }
    message->user_id = owner.value_or("");
    message->ordering_key = std::move(publication.ordering_key);
    message->deliver_at = pending.due;
    pending.message = std::move(message);
    pending.owner = std::move(owner);
    return pending;
}

// ---- Validation.

Result<> WebhookService::Impl::validate(const Principal& principal,
                                        const SubscriptionDraft& draft) const {
    if (Result<> verdict = service::check_principal(principal); !verdict) return verdict;
    if (!draft.user_id.empty()) {
        const Result<> owner = service::check_principal(Principal::user(draft.user_id));
        if (!owner) return owner;
        if (!principal.may_see(draft.user_id)) {
            return Error(Errc::forbidden,
                         "only an administrator may create a subscription of another user");
        }
    }
    const service::Rules current = rules(&principal);
    if (Result<> verdict = check(as_change(draft), current); !verdict) return verdict;
    if (draft.operator_scope && !principal.is_administrator()) {
        return service::only_for_administrators();
    }
    return service::check_operator_scope(draft.operator_scope, draft.event_type);
}

Result<> WebhookService::Impl::validate(const Principal& principal,
                                        const SubscriptionChange& change) const {
    return check(service::without_masks(change), rules(&principal));
}

Result<> WebhookService::Impl::validate(const Principal& principal, SubscriptionId id,
                                        const SubscriptionChange& change) const {
    const Result<SubscriptionChange> prepared = prepare(principal, id, change);
    if (!prepared) return prepared.error();
    return {};
}

Result<SubscriptionChange> WebhookService::Impl::prepare(const Principal& principal,
                                                         SubscriptionId id,
                                                         SubscriptionChange change) const {
    const Result<Subscription> found = storage->find_subscription(principal, id);
    if (!found) return found.error();
    if (Result<> verdict = service::check_kept_headers(principal, change, *found); !verdict) {
        return verdict.error();
    }
    change = service::unmasked(std::move(change), *found);
    // It is fixed: events are stored as what is delivered, or as what is read.
    if (change.delivery.value_or(found->delivery) != found->delivery) {
        return service::cannot_be_changed("delivery");
    }
    change.delivery = found->delivery;
    // What exists stays, even if the type was retired since.
    if (change.event_type == found->event_type) change.event_type.reset();
    if (Result<> verdict = check(change, rules(&principal)); !verdict) return verdict.error();
    const std::string& pattern = change.event_type ? *change.event_type : found->event_type;
    if (Result<> verdict = service::check_reach(principal, change, *found); !verdict) {
        return verdict.error();
    }
    if (change.event_type) {
        const Result<> verdict = service::check_operator_scope(found->operator_scope, pattern);
        if (!verdict) return verdict.error();
    }
    change.expected_revision = found->revision;
    return change;
}

// ---- Subscriptions.

Result<Subscription> WebhookService::Impl::create_subscription(const Principal& principal,
                                                               SubscriptionDraft draft) {
    if (Result<> verdict = validate(principal, draft); !verdict) return verdict.error();
    if (!draft.secret) {
        Result<Secret> secret = make_secret(*random);
        if (!secret) return secret.error();
        draft.secret = *std::move(secret);
    }
    Subscription subscription{
        .name = std::move(draft.name),
        .event_type = std::move(draft.event_type),
        .filter = std::move(draft.filter),
        .delivery = draft.delivery,
        .url = std::move(draft.url),
        .secret = *std::move(draft.secret),
        .headers = std::move(draft.headers),
        .max_retry_count = draft.max_retry_count.value_or(options.default_max_retry_count),
        .is_active = draft.is_active,
        .rate_limit = draft.rate_limit,
        .timeout = draft.timeout,
        .retry_on = draft.retry_on,
        .operator_scope = draft.operator_scope,
        .user_id = draft.user_id.empty() ? principal.user_id() : std::move(draft.user_id)};
    Result<Subscription> stored = storage->insert_subscription(principal, subscription);
    if (stored) apply_change();
    return stored;
}

Result<Subscription> WebhookService::Impl::subscription(const Principal& principal,
                                                        SubscriptionId id) const {
    return storage->find_subscription(principal, id);
}

Result<Subscription> WebhookService::Impl::update_subscription(const Principal& principal,
                                                               SubscriptionId id,
                                                               SubscriptionChange change) {
    // What is checked is what is changed: a header that its owner sets meanwhile is not sent to the
    // new URL of a caller who may not read it.
    for (int attempt = 0; attempt < max_update_attempts; ++attempt) {
        const Result<SubscriptionChange> prepared = prepare(principal, id, change);
        if (!prepared) return prepared.error();
        Result<Subscription> stored = storage->update_subscription(principal, id, *prepared);
        if (stored) apply_change();
        if (stored || stored.error() != Errc::stale_revision) return stored;
    }
    return Error(Errc::unavailable, "others are changing this subscription; try again");
}

Result<> WebhookService::Impl::delete_subscription(const Principal& principal, SubscriptionId id) {
    if (Result<> deleted = storage->delete_subscription(principal, id); !deleted) {
        return deleted;
    }
    engine.request_maintenance();
    apply_change();
    return {};
}

Result<Page<Subscription>> WebhookService::Impl::subscriptions(const Principal& principal,
                                                               const ListQuery& query) const {
    if (query.include_events) {
        if (Result<> allowed = check_permissions(principal, Permission::events_read); !allowed) {
            return allowed.error();
        }
    }
    return storage->list_subscriptions(principal, query);
}

Result<Subscription> WebhookService::Impl::rotate_secret(const Principal& principal,
                                                         SubscriptionId id,
                                                         std::optional<Secret> secret,
                                                         std::chrono::seconds overlap) {
    const Result<Subscription> found = storage->find_subscription(principal, id);
    if (!found) return found.error();
    if (found->is_unreadable) return unreadable();
    if (Result<> verdict = service::check_rotation(secret, found->secret, overlap); !verdict) {
        return verdict.error();
    }
    if (!secret) {
        Result<Secret> made = make_secret_like(found->secret, *random);
        if (!made) return made.error();
        secret = *std::move(made);
    }
    Result<Subscription> stored = storage->rotate_secret(principal, id, *secret, overlap);
    if (stored) apply_change();
    return stored;
}

// ---- The event log.

Result<Page<Event>> WebhookService::Impl::events(const Principal& principal, SubscriptionId id,
                                                 const ListQuery& query) const {
    return storage->list_events(principal, id, query);
}

Result<Page<Event>> WebhookService::Impl::all_events(const Principal& principal,
                                                     const ListQuery& query) const {
    return storage->list_all_events(principal, query);
}

Result<EventHistory> WebhookService::Impl::event(const Principal& principal, SubscriptionId id,
                                                 EventId event) const {
    return storage->find_event(principal, id, event);
}

Result<EventHistory> WebhookService::Impl::event(const Principal& principal, EventId event) const {
    return storage->find_any_event(principal, event, std::nullopt);
}

Result<EventHistory> WebhookService::Impl::event(const Principal& principal,
                                                 std::string_view webhook_id) const {
    const std::optional<WebhookId> id = parse_webhook_id(webhook_id);
    if (!id) return Error(Errc::not_found, "no such event");
    return storage->find_any_event(principal, id->event, id->worker_tag);
}

Result<> WebhookService::Impl::delete_event(const Principal& principal, SubscriptionId id,
                                            EventId event) {
    Result<> deleted = storage->delete_event(principal, id, event);
    if (deleted) engine.cancel({.subscription = id, .event = event});
    // The next event with its ordering key.
    if (deleted) engine.request_claim();
    return deleted;
}

Result<EventId> WebhookService::Impl::send_test_event(const Principal& principal, SubscriptionId id,
                                                      std::optional<std::string> payload) {
    const Result<Subscription> found = storage->find_subscription(principal, id);
    if (!found) return found.error();
    if (found->delivery == Delivery::pull) return service::only_read();
    if (!payload) payload = std::string(default_test_payload);
    if (Result<> verdict = check_payload(*payload, options.max_payload_bytes); !verdict) {
        return verdict.error();
    }
    PendingPublication pending;
    std::shared_ptr<Message> message =
        make_message(std::string(test_event_type), "application/json", *std::move(payload));
    message->user_id = found->user_id;
    pending.message = std::move(message);
    pending.only = id;
    const Result<PublishReceipt> receipt =
        single_receipt(engine.submit_and_wait(single(std::move(pending))));
    if (!receipt) return receipt.error();
    return receipt->event_ids.front();
}

// ---- Publishing.

Result<PublishReceipt> WebhookService::Impl::publish(const Principal& principal,
                                                     Publication&& publication) {
    Result<Submission> submission = prepare(principal, std::move(publication));
    if (!submission) return submission.error();
    return single_receipt(engine.submit_and_wait(*std::move(submission)));
}

Result<> WebhookService::Impl::async_publish(
    const Principal& principal, Publication&& publication,
    std::shared_ptr<service::Completion<PublishReceipt>> done) {
    Result<Submission> submission = prepare(principal, std::move(publication));
    if (!submission) return submission.error();
    submission->done = [done = std::move(done)](Result<PublishReceipts> receipts) {
        (*done)(single_receipt(std::move(receipts)));
    };
    return engine.submit(*std::move(submission));
}

Result<std::vector<PublishReceipt>> WebhookService::Impl::publish_batch(
    const Principal& principal, std::vector<Publication> publications) {
    Result<Submission> submission = prepare(principal, std::move(publications));
    if (!submission) return submission.error();
    return engine.submit_and_wait(*std::move(submission));
}

Result<> WebhookService::Impl::async_publish_batch(
    const Principal& principal, std::vector<Publication> publications,
    std::shared_ptr<service::Completion<PublishReceipts>> done) {
    Result<Submission> submission = prepare(principal, std::move(publications));
    if (!submission) return submission.error();
    submission->done = [done = std::move(done)](Result<PublishReceipts> receipts) {
        (*done)(std::move(receipts));
    };
    return engine.submit(*std::move(submission));
}

}  // namespace webhooks
