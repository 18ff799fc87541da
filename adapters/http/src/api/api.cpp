#include "api.hpp"

#include <exception>

#include "../ascii.hpp"
#include "answers.hpp"
#include "authenticate.hpp"

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

/// Credentials that are wrong are a 401, whatever the authenticator calls them; that it cannot tell
/// is an error of its own.
Result<Response> refuse_caller(const Error& error) {
    const int status = status_of(error);
    if (status >= 500) return error;
    return failure(401, "A valid API key is needed, in x-api-key or as a Bearer token.");
}

}  // namespace

Api::Api(WebhookService& service, std::shared_ptr<Authenticator> authenticator,
         std::shared_ptr<Observer> observer)
    : service_(service),
      authenticator_(authenticator ? std::move(authenticator) : refuse_everyone()),
      observer_(observer ? std::move(observer) : std::make_shared<Observer>()) {}

void Api::handle(const Request& request, const Respond& respond) const {
    const bool is_head = request.method == "HEAD";
    Done done = [respond, is_head, observer = observer_,
                 request_id = choose_request_id(request.fields)](Result<Response> result) {
        Response response =
            result ? std::move(*result) : failure(result.error(), request_id, *observer);
        add_common_fields(response, request_id);
        response.omit_body = is_head;
        respond(std::move(response));
    };
    try {
        answer(request, done);
    } catch (const std::exception& error) {
        done(Error(Errc::internal, error.what()));
    }
}

bool Api::may_have_large_body(const Request& head) const {
    const Route route = find_route(head.method, head.path);
    if (route.kind != Route::Kind::operation || route.operation != Operation::publish_batch) {
        return false;
    }
    try {
        return identify(*authenticator_, head.fields).has_value();
    } catch (const std::exception&) {
        return false;
    }
}

void Api::answer(const Request& request, Done done) const {
    const bool needs_caller = !is_health_path(request.path);
    auto caller = needs_caller ? identify(*authenticator_, request.fields)
                               : Result<Principal>(Principal::user(""));
    if (!caller) return done(refuse_caller(caller.error()));
    const Route route = find_route(request.method, request.path);
    switch (route.kind) {
        case Route::Kind::no_such_path:
            return done(no_such_path());
        case Route::Kind::wrong_method:
            return done(wrong_method(route));
        case Route::Kind::operation:
            break;
    }
    perform(route,
            {.request = request,
             .caller = *caller,
             .subscription = SubscriptionId{route.id},
             .event = EventId{route.event_id}},
            std::move(done));
}

void Api::perform(const Route& route, const Call& call, Done done) const {
    switch (route.operation) {
        case Operation::list_subscriptions:
            return done(list_subscriptions(service_, call));
        case Operation::create_subscription:
            return done(create_subscription(service_, call));
        case Operation::get_subscription:
            return done(get_subscription(service_, call));
        case Operation::update_subscription:
            return done(update_subscription(service_, call));
        case Operation::delete_subscription:
            return done(delete_subscription(service_, call));
        case Operation::list_event_types:
            return done(list_event_types(service_));
        case Operation::send_test_event:
            return done(send_test_event(service_, call));
        case Operation::list_events:
            return done(list_events(service_, call));
        case Operation::get_event:
            return done(get_event(service_, call));
        case Operation::delete_event:
            return done(delete_event(service_, call));
        case Operation::retry_event:
            return done(retry_event(service_, call));
        case Operation::recover:
            return done(recover(service_, call));
        case Operation::rotate_secret:
            return done(rotate_secret(service_, call));
        case Operation::get_statistics:
            return done(get_statistics(service_, call));
        case Operation::publish:
            return publish(service_, call, std::move(done));
        case Operation::publish_batch:
            return publish_batch(service_, call, std::move(done));
        case Operation::check_live:
            return done(check_live());
        case Operation::check_ready:
            return done(check_ready(service_));
    }
}

Response Api::refuse(int status, std::string_view message) {
    Response response = failure(status, message);
    add_common_fields(response, choose_request_id({}));
    return response;
}

}  // namespace webhooks::http
