#pragma once

#include <span>
#include <webhooks/signature.hpp>

namespace webhooks::signing {

/// The value of `webhook-signature` while secrets are rotated: one signature by each signer, in
/// order, separated by spaces (specification, "Webhook headers"). Pass the newest first.
/// @pre there is a signer. @return as `Signer::sign`.
Result<std::string> signature_header(std::span<Signer> signers, std::string_view id,
                                     std::string_view timestamp, std::string_view body);

}  // namespace webhooks::signing
