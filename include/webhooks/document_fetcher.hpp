#pragma once

#include <string>
#include <webhooks/error.hpp>
#include <webhooks/export.hpp>

namespace WEBHOOKS_EXPORT webhooks {

/// Reads small documents that others publish, such as a set of keys.
class DocumentFetcher {
public:
    virtual ~DocumentFetcher() = default;

    /// Reads a document, and waits for it. May be called from any thread.
    /// @return the body of a response with status 200; otherwise an error that says what happened.
    virtual Result<std::string> fetch(const std::string& url) = 0;
};

}  // namespace webhooks
