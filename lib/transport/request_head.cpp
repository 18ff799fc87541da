#include <array>
#include <transport/request_head.hpp>
#include <transport/text.hpp>
#include <utility>
#include <webhooks/endpoint.hpp>

namespace webhooks::transport {
namespace {

void add_header(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

Result<std::string> request_head(const Target& target, const std::string& user_agent, Usage usage) {
    if (Result<> judged = check_headers(target.headers); !judged) return judged.error();
    std::string head = usage == Usage::document ? "GET " : "POST ";
    head.append(target.url.target()).append(" HTTP/1.1\r\n");
    add_header(head, "host", target.url.authority());
    add_header(head, "user-agent", user_agent);
    add_header(head, "accept-encoding", "identity");  // The log can store only text.
    for (const Header& header : target.headers) {
        add_header(head, header.name, header.value);
    }
    return head;
}

Result<std::string> request_bytes(const std::string& head, const OutgoingRequest& request,
                                  Usage usage) {
    if (usage == Usage::document) return head + "\r\n";
    const std::array<std::pair<const char*, const std::string&>, 4> headers{{
        {"content-type", request.content_type},
        {"webhook-id", request.webhook_id},
        {"webhook-timestamp", request.webhook_timestamp},
        {"webhook-signature", request.webhook_signature},
    }};
    std::string bytes;
    bytes.reserve(head.size() + request.body->size() + request.webhook_signature.size() + 256);
    bytes = head;
    for (const auto& [name, value] : headers) {
        if (!is_header_value(value)) {
            return Error(std::vector<FieldError>{
                {name, "must be printable ASCII without surrounding spaces"}});
        }
        add_header(bytes, name, value);
    }
    for (const Header& header : request.headers) {
        if (!is_header_value(header.value)) {
            return Error(std::vector<FieldError>{
                {header.name, "must be printable ASCII without surrounding spaces"}});
        }
        add_header(bytes, header.name, header.value);
    }
    add_header(bytes, "content-length", std::to_string(request.body->size()));
    bytes.append("\r\n").append(*request.body);
    return bytes;
}

}  // namespace webhooks::transport
