#include <webhooks/http/api.hpp>

#include <algorithm>
#include <chrono>
#include <exception>

#include "../access/callers.hpp"
#include "../access/request_limits.hpp"
#include "../ascii.hpp"
#include "../guarded_observer.hpp"
#include "../portal/portal.hpp"
#include "../target.hpp"
#include "answers.hpp"
#include "feed_waits.hpp"
#include "front_page.hpp"
#include "metrics.hpp"
#include "query.hpp"
#include "router.hpp"

namespace webhooks::http {
namespace {

Response no_such_path() {
    return failure(404, "There is nothing at this path.");
}

Response wrong_method(const Route& route) {
    Response response = failure(405, "This method is not available here.");
    response.fields.push_back({"Allow", route.allow});
    return response;
}

/// More than any publication has in addition to its payload, even if each character is an escape.
constexpr std::size_t bytes_beside_payload = 64 * 1024;

/// Enough for the code of a session.
constexpr std::size_t small_body_bytes = 4096;

constexpr const char* moved_from = "This API was moved to another object.";

/// Fills in the body limits that follow from the service's payload limit.
ApiOptions complete(ApiOptions options, const ServiceOptions& service) {
    if (options.max_body_bytes == 0) {
        options.max_body_bytes = service.max_payload_bytes + bytes_beside_payload;
    }
    options.max_batch_body_bytes = std::max(options.max_batch_body_bytes, options.max_body_bytes);
    return options;
}

}  // namespace

/// A request without its body. The parts of the target point into the head's.
struct Api::Admission::Data {
    explicit Data(RequestHead given)
        : head(std::move(given)),
          request_id(choose_request_id(head.fields)),
          caller(Principal::user("").coming_from(
              {.request_id = request_id, .address = head.peer.address})) {}

    RequestHead head;
    const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
    std::string request_id;
    std::string_view path;
    std::string_view query;
    Route route;
    Principal caller;
    bool is_authenticated = false;
    std::size_t max_body_bytes = 0;
};

class Api::Impl {
public:
    using Data = Admission::Data;

    Impl(WebhookService& service, std::shared_ptr<Authenticator> authenticator, ApiOptions options,
         std::shared_ptr<Observer> observer)
        : service_(service),
          options_(std::move(options)),
          portal_(make_portal(options_, service)),
          callers_(std::make_shared<const Callers>(
              service, authenticator ? std::move(authenticator) : deny_all(), portal_ != nullptr)),
          observer_(std::make_shared<GuardedObserver>(std::move(observer))) {}

    /// One that answers `GET /metrics` alone, to anyone, with what `other` counts.
    static std::unique_ptr<Impl> for_metrics(const Impl& other) {
        auto impl = std::make_unique<Impl>(other);
        impl->has_metrics_alone_ = true;
        return impl;
    }

    /// Fills in the rest. @return the response if the request is rejected, or needs no more.
    std::optional<Response> admit(Data& data) const {
        const std::optional<Target> target = split_target(data.head.target);
        if (!target) return failure(400, "The request target is malformed.");
        data.path = target->path;
        data.query = target->query;
        data.route =
            find_route(data.head.method, target->path, options_.base_path, portal_ != nullptr);
        if (has_metrics_alone_) return admit_for_metrics(data);
        if (auto page = front_page(data.head.method, target->path, data.head.fields,
                                   options_.base_path, portal_ != nullptr)) {
            return page;
        }
        const Operation* const operation = data.route.operation;
        data.max_body_bytes = max_body_bytes(operation);
        const bool needs_caller =
            operation ? operation->action.has_value() : !is_public_path(target->path);
        if (!needs_caller) return {};
        if (auto rejected = identify(data)) return rejected;
        if (const auto wait = limits_->admit(data.caller, data.started)) {
            return too_many_requests("These credentials have made too many requests.", *wait);
        }
        return operation ? check_early(data.caller, *operation->action) : std::nullopt;
    }

    void answer(const Data& data, const std::string& body, Done done, std::stop_token stop,
                const Continue& resume) const {
        if (!data.route.operation) {
            return done(data.route.allow.empty() ? no_such_path() : wrong_method(data.route));
        }
        if (const Result<> known = check_parameters(*data.route.operation, data.query); !known) {
            return done(known.error());
        }
        const Call call{.head = data.head,
                        .fields = data.head.fields,
                        .peer = data.head.peer,
                        .path = data.path,
                        .query = data.query,
                        .base_path = options_.base_path,
                        .body = body,
                        .caller = data.caller,
                        .callers = callers_,
                        .metrics = *metrics_,
                        .limits = *limits_,
                        .subscription = SubscriptionId{data.route.id},
                        .event = EventId{data.route.event_id},
                        .api_key = ApiKeyId{data.route.key_id},
                        .portal_session = PortalSessionId{data.route.session_id},
                        .event_type = data.route.event_type,
                        .webhook_id = data.route.webhook_id,
                        .portal = portal_.get(),
                        .asset_hash = data.route.asset_hash,
                        .asset_name = data.route.asset_name,
                        .stop = std::move(stop),
                        .feed_waits = *feed_waits_,
                        .resume = resume};
        data.route.operation->handler(service_, call, std::move(done));
    }

    /// Turns a result into a response. It outlives the request that it is for.
    Done respond_with(const Data& data, const Respond& respond) const {
        return [respond, is_head = data.head.method == "HEAD", observer = observer_,
                request_id = data.request_id, metrics = metrics_, started = data.started,
                operation = data.route.operation](Result<Response> result) {
            Response response =
                result ? std::move(*result) : failure(result.error(), request_id, *observer);
            metrics->count(operation, response.status, std::chrono::steady_clock::now() - started);
            add_common_fields(response, request_id);
            response.omit_body = is_head;
            send(respond, std::move(response), *observer);
        };
    }

    /// To a host that may throw despite the contract: its request has been answered all the same.
    static void send(const Respond& respond, Response response, Observer& observer) {
        try {
            respond(std::move(response));
        } catch (...) {
            observer.on_record({.level = LogLevel::error,
                                .event = LogEvent::callback_failed,
                                .message = "a host threw when it was given a response"});
        }
    }
    void send(const Respond& respond, Response response) const {
        send(respond, std::move(response), *observer_);
    }

    void count(const Data& data, const Response& response) const {
        metrics_->count(data.route.operation, response.status,
                        std::chrono::steady_clock::now() - data.started);
    }

    void end_waits() const { feed_waits_->end_all(); }

    /// Whether this API is responsible for a path.
    bool serves(std::string_view path) const {
        return below(options_.base_path, path) || is_health_path(path) ||
               (portal_ && is_portal_path(path)) ||
               find_route("GET", path, options_.base_path, portal_ != nullptr).operation != nullptr;
    }

private:
    static std::shared_ptr<const Portal> make_portal(const ApiOptions& options,
                                                     const WebhookService& service) {
        if (!options.portal) return nullptr;
        return std::make_shared<const Portal>(*options.portal, options.base_path,
                                              service.options());
    }

    /// Where also a caller without credentials may learn that there is nothing.
    static bool is_public_path(std::string_view path) {
        return is_health_path(path) || is_portal_path(path);
    }

    std::size_t max_body_bytes(const Operation* operation) const {
        const BodySize size = operation ? operation->body_size : BodySize::ordinary;
        if (size == BodySize::batch) return options_.max_batch_body_bytes;
        if (size == BodySize::small) return std::min(options_.max_body_bytes, small_body_bytes);
        return options_.max_body_bytes;
    }

    static std::optional<Response> admit_for_metrics(Data& data) {
        const Operation* const operation = data.route.operation;
        if (!operation || operation->action != Action::get_metrics) return no_such_path();
        data.caller = Principal::administrator("metrics");
        return {};
    }

    static Result<> check_parameters(const Operation& operation, std::string_view query) {
        FieldErrors errors;
        if (operation.parameters && !query.empty()) {
            reject_unknown(QueryParameters(query), *operation.parameters, errors);
        }
        return errors.empty() ? Result<>() : Error(std::move(errors));
    }

    /// The service checks the same again: here, before a body is read.
    static std::optional<Response> check_early(const Principal& caller, Action action) {
        if (const Result<> allowed = check_access(caller, action); !allowed) {
            return failure(status_of(allowed.error()), allowed.error().detail());
        }
        return {};
    }

    std::optional<Response> identify(Data& data) const {
        auto caller = callers_->find(data.head);
        if (caller) {
            data.caller = caller->coming_from(data.caller.origin());
            data.is_authenticated = true;
            return {};
        }
        const Error error = caller.error();
        const int status = status_of(error);
        if (status >= 500) return failure(error, data.request_id, *observer_);
        if (status == 403) return failure(403, error.detail());
        if (const auto wait = limits_->count_failed_login(data.head.peer.address, data.started)) {
            return too_many_requests(
                "Too many requests without valid credentials came from this address.", *wait);
        }
        return callers_->unauthorized(error);
    }

    WebhookService& service_;
    ApiOptions options_;
    std::shared_ptr<const Portal> portal_;  ///< Null if there is none.
    std::shared_ptr<const Callers> callers_;
    std::shared_ptr<Observer> observer_;
    std::shared_ptr<ApiMetrics> metrics_ = std::make_shared<ApiMetrics>();
    std::shared_ptr<RequestLimits> limits_ = std::make_shared<RequestLimits>(options_.rate_limit);
    std::shared_ptr<FeedWaits> feed_waits_ = std::make_shared<FeedWaits>(options_.max_feed_waits);
    bool has_metrics_alone_ = false;
};

Api::Admission::Admission(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Api::Admission::Admission(Admission&&) noexcept = default;
Api::Admission& Api::Admission::operator=(Admission&&) noexcept = default;
Api::Admission::~Admission() = default;

std::size_t Api::Admission::max_body_bytes() const noexcept {
    return data_ ? data_->max_body_bytes : 0;
}

bool Api::Admission::is_authenticated() const noexcept {
    return data_ && data_->is_authenticated;
}

bool Api::Admission::is_query() const noexcept {
    const Operation* const operation = data_ ? data_->route.operation : nullptr;
    return operation && operation->duration == Duration::query;
}

const std::string& Api::Admission::user_id() const noexcept {
    static const std::string nobody;
    return data_ ? data_->caller.user_id() : nobody;
}

Result<Api> Api::make(WebhookService& service, std::shared_ptr<Authenticator> authenticator,
                      ApiOptions options, std::shared_ptr<Observer> observer) {
    if (auto valid = options.validate(); !valid) return valid.error();
    return Api(std::make_unique<Impl>(service, std::move(authenticator),
                                      complete(std::move(options), service.options()),
                                      std::move(observer)));
}

Api::Api(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Api::Api(Api&&) noexcept = default;
Api& Api::operator=(Api&&) noexcept = default;
Api::~Api() = default;

Api Api::for_metrics() const {
    return Api(Impl::for_metrics(*impl_));
}

bool Api::serves(std::string_view target) const {
    const std::optional<Target> parts = split_target(target);
    return parts && impl_ && impl_->serves(parts->path);
}

std::variant<Api::Admission, Response> Api::admit(RequestHead head) const {
    if (!impl_) return reject(503, moved_from);
    auto data = std::make_unique<Admission::Data>(std::move(head));
    auto rejected = impl_->admit(*data);
    if (!rejected) return Admission(std::move(data));
    impl_->count(*data, *rejected);
    add_common_fields(*rejected, data->request_id);
    rejected->omit_body = data->head.method == "HEAD";
    return *std::move(rejected);
}

void Api::end_waits() const {
    if (impl_) impl_->end_waits();
}

void Api::answer(Admission admission, std::string body, const Respond& respond,
                 std::stop_token stop, const Continue& resume) const {
    if (!impl_ || !admission.data_) return respond(reject(503, moved_from));
    const Admission::Data& data = *admission.data_;
    const Done done = impl_->respond_with(data, respond);
    try {
        impl_->answer(data, body, done, std::move(stop), resume);
    } catch (const std::exception& error) {
        done(Error(Errc::internal, error.what()));
    } catch (...) {
        done(Error(Errc::internal, "an operation threw an exception"));
    }
}

void Api::handle(RequestHead head, std::string body, const Respond& respond, std::stop_token stop,
                 const Continue& resume) const {
    if (!impl_) return respond(reject(503, moved_from));
    auto admitted = admit(std::move(head));
    if (auto* rejected = std::get_if<Response>(&admitted)) {
        return impl_->send(respond, std::move(*rejected));
    }
    auto& admission = std::get<Admission>(admitted);
    if (body.size() > admission.max_body_bytes()) {
        return impl_->send(respond,
                           reject(413, "The body is larger than the limit of " +
                                           std::to_string(admission.max_body_bytes()) + " bytes."));
    }
    answer(std::move(admission), std::move(body), respond, std::move(stop), resume);
}

Response Api::reject(int status, std::string_view message) {
    Response response = failure(status, message);
    add_common_fields(response, choose_request_id({}));
    return response;
}

}  // namespace webhooks::http
