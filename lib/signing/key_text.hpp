#pragma once

/// @file
/// Keys as text (Standard Webhooks, "Signature scheme", row "Secret serialization").

#include <signing/ed25519.hpp>
#include <variant>
#include <webhooks/error.hpp>
#include <webhooks/secret.hpp>

namespace webhooks::signing {

/// The bytes of an HMAC key, or an Ed25519 key.
using Key = std::variant<Secret, Ed25519Key>;

/// @return as `check_secret`.
Result<Key> read_signing_key(const Secret& text);
/// @return as `check_verification_key`. An Ed25519 key may lack its private half.
Result<Key> read_verification_key(const Secret& text);

}  // namespace webhooks::signing
