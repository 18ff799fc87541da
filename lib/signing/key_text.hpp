#pragma once

/// @file
/// Keys as text (Standard Webhooks, "Signature scheme", row "Secret serialization").

#include <signing/ed25519.hpp>
#include <variant>
#include <webhooks/error.hpp>
#include <webhooks/secret.hpp>

namespace webhooks::signing {

/// The bytes of a key of HMAC, or a key of Ed25519.
using Key = std::variant<Secret, Ed25519Key>;

/// @return as `check_secret`.
Result<Key> read_signing_key(const Secret& text);
/// @return as `check_verification_key`. A key of Ed25519 may lack its private half.
Result<Key> read_verification_key(const Secret& text);

}  // namespace webhooks::signing
