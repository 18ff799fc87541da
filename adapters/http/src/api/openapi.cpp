#include "openapi.hpp"

#include <webhooks/http/api.hpp>

#include "answers.hpp"
#include "operations.hpp"

namespace webhooks::http {
namespace {

/// The document with another base path: it is the prefix of the paths, which are member names.
std::string document_for(std::string_view base_path) {
    const std::string standard = '"' + ApiOptions().base_path + '/';
    const std::string chosen = '"' + std::string(base_path) + '/';
    std::string text(openapi_text());
    std::size_t at = 0;
    while ((at = text.find(standard, at)) != std::string::npos) {
        text.replace(at, standard.size(), chosen);
        at += chosen.size();
    }
    return text;
}

}  // namespace

Result<Response> get_openapi(WebhookService&, const Call& call) {
    return Response{.status = 200,
                    .fields = {{"Content-Type", "application/json; charset=utf-8"}},
                    .body = document_for(call.base_path)};
}

}  // namespace webhooks::http
