#pragma once

#include <boost/json.hpp>
#include <json/object_parser.hpp>
#include <string>
#include <webhooks/http/api.hpp>

#include "../service/fixture.hpp"

namespace webhooks::http {

/// Uses a user's name as its key.
class NameAuthenticator final : public Authenticator {
public:
    Result<Principal> authenticate(const RequestHead& head) override {
        const std::string_view key = find_field(head.fields, "x-api-key");
        if (key == "admin") return testing::admin;
        if (key == "alice") return testing::alice;
        if (key == "bob") return testing::bob;
        if (key == "throws") throw std::runtime_error("no such table: users");
        if (key == "blocked") return Error(Errc::forbidden, "This account is blocked.");
        if (key == "down") return Error(Errc::unavailable, "the key store is down");
        return Error(Errc::invalid_argument, "what is this?");
    }
};

/// The API with a service on doubles: no sockets, no threads.
struct ApiFixture : testing::ServiceFixture {
    Api api = Api::make(service(), std::make_shared<NameAuthenticator>()).value();
    std::string key = "alice";
    std::string content_type = "application/json";
    Fields extra_fields;

    Response call(const std::string& method, const std::string& target,
                  const std::string& body = "") {
        RequestHead head{.method = method, .target = target, .fields = extra_fields, .peer = {}};
        if (!key.empty()) head.fields.push_back({"X-Api-Key", key});
        if (!content_type.empty()) head.fields.push_back({"Content-Type", content_type});
        std::optional<Response> response;
        api.handle(std::move(head), body,
                   [&](Response answered) { response = std::move(answered); });
        settle();
        REQUIRE(response);
        return *response;
    }

    /// A call below the base path whose response is parsed as JSON.
    boost::json::object json(int status, const std::string& method, const std::string& path,
                             const std::string& body = "") {
        const Response response = call(method, "/v1/webhooks" + path, body);
        INFO(response.body);
        REQUIRE(response.status == status);
        return boost::json::parse(response.body).as_object();
    }

    /// The `errors` of a 400, as JSON text.
    std::string errors(const std::string& method, const std::string& path,
                       const std::string& body = "") {
        return serialize(json(400, method, path, body).at("errors"));
    }

    /// Creates a subscription from these members and valid ones.
    boost::json::object create(const std::string& more = "") {
        return json(200, "POST", "/subscriptions", subscription(more))
            .at("subscription")
            .as_object();
    }

    static std::string subscription(const std::string& more = "") {
        return R"({"subscription":{"name":"n","eventType":"order.created",)"
               R"("url":"https://hooks.example.com/a")" +
               more + "}}";
    }
};

/// The names of an object's members, in order.
inline std::string names(std::string_view object) {
    std::string text;
    json::visit_members(object, [&](const std::string& name, std::string_view) {
        text += name + " ";
        return true;
    }).value();
    return text;
}

inline std::string raw_member(std::string_view object, std::string_view name) {
    return std::string(json::parse_object(object, {name}).value().at(name).value);
}

}  // namespace webhooks::http
