#pragma once

#include <optional>
#include <string_view>

#include <webhooks/http/message.hpp>

namespace webhooks::http {

/// For someone who opens the server's address in a browser: what it is, and where the portal and
/// the description of the API are.
/// @return nullopt for any other request: programs get the usual error.
std::optional<Response> front_page(std::string_view method, std::string_view path,
                                   const Fields& fields, std::string_view base_path,
                                   bool has_portal);

}  // namespace webhooks::http
