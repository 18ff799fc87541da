#pragma once

#include <webhooks/http/authenticator.hpp>

#include "../message.hpp"

namespace webhooks::http {

/// Asks who sends a request, by its `x-api-key` and `Authorization: Bearer` fields. Other schemes
/// of `Authorization` are left to the proxy they are meant for.
/// @return not_found for absent, repeated or wrong credentials; else the authenticator's error.
Result<Principal> identify(Authenticator& authenticator, const Fields& fields);

}  // namespace webhooks::http
