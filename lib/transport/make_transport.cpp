#include <base/thrown.hpp>
#include <transport/client.hpp>
#include <transport/make_transport.hpp>
#include <transport/threaded_transport.hpp>
#include <webhooks/version.hpp>

namespace webhooks::transport {
namespace {

Result<std::unique_ptr<HttpTransport>> make_one(const HttpTransportOptions& options, Usage usage,
                                                const std::shared_ptr<IdleLimit>& idle) {
    // One for each thread: what is shared by all connections of a context is locked.
    Result<TlsContext> tls = TlsContext::make(options.ca_file);
    if (!tls) return tls.error();
    return std::make_unique<HttpTransport>(options, *std::move(tls), usage, idle);
}

}  // namespace

Result<std::shared_ptr<Transport>> make_transport(HttpTransportOptions options, Usage usage) try {
    if (Result<> valid = options.validate(); !valid) return valid.error();
    if (options.user_agent.empty()) options.user_agent = "webhooks/" WEBHOOKS_VERSION;
    const auto idle = std::make_shared<IdleLimit>(options.max_idle_connections);
    std::vector<std::unique_ptr<HttpTransport>> made;
    for (int i = 0; i < options.delivery_threads; ++i) {
        Result<std::unique_ptr<HttpTransport>> one = make_one(options, usage, idle);
        if (!one) return one.error();
        made.push_back(*std::move(one));
    }
    if (made.size() == 1) return std::shared_ptr<Transport>(std::move(made.front()));
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
