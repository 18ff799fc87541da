#include <base/thrown.hpp>
#include <transport/client.hpp>
#include <transport/make_transport.hpp>
#include <transport/threaded_transport.hpp>
#include <webhooks/version.hpp>

namespace webhooks::transport {
namespace {

Result<std::unique_ptr<HttpTransport>> make_one(const HttpTransportOptions& options, Usage usage) {
    // One for each thread: what is shared by all connections of a context is locked.
    Result<TlsContext> tls = TlsContext::make(options.ca_file);
    if (!tls) return tls.error();
    return std::make_unique<HttpTransport>(options, *std::move(tls), usage);
}

/// The share of one of `count` in a limit of all together.
std::size_t share_of(std::size_t limit, std::size_t index, std::size_t count) {
    return limit / count + (index < limit % count ? 1 : 0);
}

}  // namespace

Result<std::shared_ptr<Transport>> make_transport(HttpTransportOptions options, Usage usage) try {
    if (Result<> valid = options.validate(); !valid) return valid.error();
    if (options.user_agent.empty()) options.user_agent = "webhooks/" WEBHOOKS_VERSION;
    const auto count = static_cast<std::size_t>(options.delivery_threads);
    const std::size_t max_idle = options.max_idle_connections;
    std::vector<std::unique_ptr<HttpTransport>> made;
    for (std::size_t i = 0; i < count; ++i) {
        options.max_idle_connections = share_of(max_idle, i, count);
        Result<std::unique_ptr<HttpTransport>> one = make_one(options, usage);
        if (!one) return one.error();
        made.push_back(*std::move(one));
    }
    if (count == 1) return std::shared_ptr<Transport>(std::move(made.front()));
    return std::shared_ptr<Transport>(std::make_shared<ThreadedTransport>(std::move(made)));
} catch (...) {
    return error_of_opening("the HTTP transport");
}

}  // namespace webhooks::transport

namespace webhooks {

Result<std::shared_ptr<Transport>> make_http_transport(HttpTransportOptions options) {
    return transport::make_transport(std::move(options), transport::Usage::delivery);
}

}  // namespace webhooks
