#include "front_page.hpp"

#include <string>

#include "../ascii.hpp"

namespace webhooks::http {
namespace {

constexpr std::string_view page_start =
    "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\"><title>Webhooks</title>\n"
    "<h1>Webhooks</h1>\n"
    "<p>This server sends webhooks. There is nothing else to see at this address.</p>\n<ul>\n";
constexpr std::string_view portal_item =
    "<li><a href=\"portal/\">The portal</a>, where endpoints and deliveries are managed. Customers "
    "open it by a link from the application that sends them webhooks.</li>\n";

std::string api_item(std::string_view base_path) {
    return "<li>Programs use the REST API below <code>" +
           std::string(base_path.empty() ? "/" : base_path) +
           "</code>, with an API key in the header <code>x-api-key</code>: "
           "<a href=\"openapi.json\">its description</a> (OpenAPI).</li>\n";
}

}  // namespace

std::optional<Response> front_page(std::string_view method, std::string_view path,
                                   const Fields& fields, std::string_view base_path,
                                   bool has_portal) {
    const bool is_read = method == "GET" || method == "HEAD";
    // Browsers ask for HTML by name, programs do not.
    const bool is_browser = find_field(fields, "accept").find("text/html") != std::string::npos;
    if (!is_read || path != "/" || !is_browser) return std::nullopt;
    std::string body(page_start);
    if (has_portal) body += portal_item;
    return Response{.status = 200,
                    .fields = {{"Content-Type", "text/html; charset=utf-8"},
                               {"Content-Security-Policy",
                                "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"}},
                    .body = body + api_item(base_path) + "</ul>\n"};
}

}  // namespace webhooks::http
