#pragma once

/// @file
/// Catch2, version 2 or 3, whichever the including program is built with, and how it prints the
/// library's types.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>

namespace webhooks::testing {
using CatchInvoker = Catch::Detail::unique_ptr<Catch::ITestInvoker>;
}  // namespace webhooks::testing
#else
#include <catch2/catch.hpp>

namespace Catch::Matchers {
/// What version 3 calls it; its own `Contains` is about elements.
inline auto ContainsSubstring(const std::string& text) {  // NOLINT(readability-identifier-naming)
    return Contains(text);
}
}  // namespace Catch::Matchers

namespace webhooks::testing {
using CatchInvoker = Catch::ITestInvoker*;
}  // namespace webhooks::testing
#endif
#include <webhooks/error.hpp>

template <class T>
struct Catch::StringMaker<webhooks::Result<T>> {
    static std::string convert(const webhooks::Result<T>& result) {
        return result ? "success" : result.error().to_string();
    }
};

template <>
struct Catch::StringMaker<webhooks::FieldError> {
    static std::string convert(const webhooks::FieldError& field_error) {
        return field_error.field + ": " + field_error.message;
    }
};
