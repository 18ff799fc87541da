#pragma once

/// @file
/// The API in a server that is built on Boost.Beast. Opt-in: no other header needs Beast.

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>
#include <utility>
#include <webhooks/http/api.hpp>

namespace webhooks::http {

/// Converts the head of a request that Beast has read.
template <class BeastFields>
RequestHead to_head(const boost::beast::http::header<true, BeastFields>& header, Peer peer = {}) {
    RequestHead head{.method = std::string(header.method_string()),
                     .target = std::string(header.target()),
                     .fields = {},
                     .peer = std::move(peer)};
    for (const auto& field : header)
        head.fields.push_back({std::string(field.name_string()), std::string(field.value())});
    return head;
}

/// Converts a response for Beast.
/// @param version and keep_alive: as in the request.
inline boost::beast::http::response<boost::beast::http::string_body> to_response(Response response,
                                                                                 unsigned version,
                                                                                 bool keep_alive) {
    boost::beast::http::response<boost::beast::http::string_body> message;
    message.version(version);
    message.result(static_cast<unsigned>(response.status));
    for (const Field& field : response.fields)
        message.insert(field.name, field.value);
    message.keep_alive(keep_alive);
    if (response.status != 204 && response.status != 304) {
        message.content_length(response.body.size());
    }
    if (!response.omit_body) message.body() = std::move(response.body);
    return message;
}

/// Handles a request that Beast has read, as `Api::handle`.
/// @param request its body is a string. The host must reject what Beast's parser accepts but this
/// library's own server rejects (docs/decisions/0005).
/// @param send called exactly once with the response, from this thread or the service's; it must
/// post the response to where the connection is written. Must not throw.
template <class BeastFields, class Send>
void handle(const Api& api,
            boost::beast::http::request<boost::beast::http::string_body, BeastFields>&& request,
            Peer peer, Send send) {
    const unsigned version = request.version();
    const bool keep_alive = request.keep_alive();
    RequestHead head = to_head(request.base(), std::move(peer));
    api.handle(std::move(head), std::move(request.body()),
               [version, keep_alive, send = std::move(send)](Response response) mutable {
                   send(to_response(std::move(response), version, keep_alive));
               });
}

}  // namespace webhooks::http
