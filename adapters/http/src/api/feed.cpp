#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>
#include <stop_token>
#include <utility>
#include <webhooks/webhook_service.hpp>

#include "../access/callers.hpp"
#include "answers.hpp"
#include "documents.hpp"
#include "feed_waits.hpp"
#include "operations.hpp"
#include "query.hpp"

namespace webhooks::http {
namespace {

/// A whole number of at least `min`; a large one is read as `max`. @return nullopt if it is absent
/// or wrong.
std::optional<std::size_t> find_number(const QueryParameters& parameters, const char* name,
                                       std::size_t min, std::size_t max, FieldErrors& errors) {
    const std::optional<std::string> text = parameters.find(name, "", errors);
    if (!text) return {};
    const bool is_number = text->find_first_not_of("0123456789") == std::string::npos;
    std::size_t number = 0;
    const auto [stop, error] =
        std::from_chars(text->data(), text->data() + text->size(), number, 10);
    const bool is_large = error == std::errc::result_out_of_range;
    if (!is_number || (!is_large && number < min)) {
        errors.push_back({name, "must be a whole number of at least " + std::to_string(min)});
        return {};
    }
    return is_large ? max : std::min(number, max);
}

FeedQuery read_feed_query(const QueryParameters& parameters, FieldErrors& errors) {
    reject_empty(parameters, {"cursor", "since", "take", "wait"}, errors);
    FeedQuery query;
    query.cursor = parameters.find("cursor", "", errors).value_or("");
    query.since = find_time(parameters, "since", errors);
    query.take = find_number(parameters, "take", 1, max_feed_take, errors).value_or(query.take);
    return query;
}

void write_feed_event(json::Writer& writer, const FeedEvent& event) {
    writer.begin_object()
        .member("id", event.id.value)
        .member("webhookId", event.webhook_id)
        .member("eventType", event.event_type)
        .member("contentType", event.content_type)
        .member("payload", event.payload)
        .member("createdAt", format_time(event.created_at));
    if (event.deliver_at) writer.member("deliverAt", format_time(*event.deliver_at));
    if (event.is_payload_gone) writer.member("isPayloadGone", true);
    if (event.is_unreadable) writer.member("isUnreadable", true);
    writer.end_object();
}

/// A cursor that is too old: what to continue with.
Response gone(const FeedPage& page) {
    json::Writer writer;
    writer.begin_object()
        .member("cursor", page.cursor)
        .member("success", false)
        .member("message",
                "The retention has deleted events before they were read here: some of "
                "those after id " +
                    std::to_string(page.gap->after.value) + ", up to id " +
                    std::to_string(page.gap->until.value) +
                    ", may be missing. Continue with this cursor.")
        .end_object();
    return json_response(410, writer);
}

Response answer(const FeedPage& page) {
    if (page.gap) return gone(page);
    json::Writer writer;
    writer.begin_object().key("events").begin_array();
    for (const FeedEvent& event : page.events)
        write_feed_event(writer, event);
    writer.end_array().member("cursor", page.cursor).member("hasMore", page.has_more);
    return success(writer, std::to_string(page.events.size()) + " events.");
}

Response too_many_waits(std::string_view message) {
    return too_many_requests(message, std::chrono::seconds(1));
}

Result<Response> to_response(const Result<FeedPage>& page) {
    if (page) return answer(*page);
    if (page.error() == Errc::overloaded) return too_many_waits(page.error().detail());
    return page.error();
}

/// What a reader asked for.
struct Reading {
    FeedQuery query;
    std::chrono::steady_clock::time_point until;
};

/// One request that waits: reads, waits, and reads again.
class FeedReader : public std::enable_shared_from_this<FeedReader> {
public:
    FeedReader(WebhookService& service, const Call& call, Reading reading,
               std::unique_ptr<FeedWaits::Place> place, Done done)
        : service_(service),
          callers_(call.callers),
          head_(call.head),
          caller_(call.caller),
          id_(call.subscription),
          reading_(std::move(reading)),
          place_(std::move(place)),
          resume_(call.resume),
          done_(std::move(done)),
          on_client_gone_(call.stop, [place = place_.get()] { place->end(); }) {}

    void read() {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            reading_.until - std::chrono::steady_clock::now());
        service_.async_read_feed(
            caller_, id_, reading_.query, left,
            [self = shared_from_this()](Result<FeedPage> page) { self->finish(std::move(page)); },
            place_->token());
    }

private:
    void finish(Result<FeedPage> page) {
        if (page && page->events.empty() && page->has_more && resume_) {
            reading_.query.since.reset();
            reading_.query.cursor = page->cursor;
            return resume_([self = shared_from_this()] { self->read_again(); });
        }
        end(to_response(page));
    }

    /// What allowed the request may have been revoked while it waited.
    void read_again() {
        const Result<Principal> caller = callers_->find(head_);
        if (caller) {
            caller_ = caller->coming_from(caller_.origin());
            return read();
        }
        const int status = status_of(caller.error());
        if (status == 403 || status >= 500) return end(caller.error());
        end(callers_->unauthorized(caller.error()));
    }

    void end(Result<Response> response) {
        const Done done = std::exchange(done_, nullptr);
        done(std::move(response));
    }

    WebhookService& service_;
    const std::shared_ptr<const Callers> callers_;
    const RequestHead head_;
    Principal caller_;
    const SubscriptionId id_;
    Reading reading_;
    const std::unique_ptr<FeedWaits::Place> place_;
    const Continue resume_;
    Done done_;
    const std::stop_callback<std::function<void()>> on_client_gone_;
};

}  // namespace

void read_feed(WebhookService& service, const Call& call, Done done) {
    FieldErrors errors;
    const QueryParameters parameters(call.query);
    Reading reading{.query = read_feed_query(parameters, errors), .until = {}};
    const std::chrono::seconds wait(
        find_number(parameters, "wait", 0, max_feed_wait.count(), errors).value_or(0));
    if (!errors.empty()) return done(Error(std::move(errors)));
    if (wait.count() > 0) {
        reading.until = std::chrono::steady_clock::now() + wait;
        if (auto place = call.feed_waits.take(call.caller.user_id())) {
            return std::make_shared<FeedReader>(service, call, std::move(reading), std::move(place),
                                                std::move(done))
                ->read();
        }
    }
    const auto page = service.read_feed(call.caller, call.subscription, reading.query);
    const bool would_wait = wait.count() > 0 && page && page->events.empty() && !page->gap;
    done(would_wait ? too_many_waits("As many readers as may wait for feeds are waiting.")
                    : to_response(page));
}

}  // namespace webhooks::http
