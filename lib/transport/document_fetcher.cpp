#include <base/thrown.hpp>
#include <mutex>
#include <optional>
#include <transport/make_transport.hpp>
#include <webhooks/http_transport.hpp>

namespace webhooks {
namespace transport {
namespace {

/// Longer than any request takes, each of which has a time limit of its own.
constexpr std::chrono::seconds longest_wait(1);

Error unreadable(const std::string& why) {
    return {Errc::unavailable, why};
}

Result<std::string> body_of(TransportAnswer answer) {
    if (answer.kind != TransportAnswer::Kind::answered) return unreadable(answer.error);
    if (answer.status_code / 100 == 3) {
        return unreadable("the response is a redirect, which is not followed");
    }
    if (answer.status_code != 200) {
        return unreadable("the response has status " + std::to_string(answer.status_code));
    }
    return std::move(answer.body);
}

/// One request at a time.
class HttpDocumentFetcher final : public DocumentFetcher, Transport::Sink {
public:
    HttpDocumentFetcher(std::shared_ptr<Transport> transport, EndpointPolicy policy)
        : transport_(std::move(transport)),
          policy_(std::make_shared<const EndpointPolicy>(std::move(policy))) {}

    Result<std::string> fetch(const std::string& url) override {
        const Result<EndpointUrl> parsed = EndpointUrl::parse(url);
        if (!parsed) return parsed.error();
        if (Result<> allowed = check_url(*parsed, *policy_); !allowed) return allowed.error();
        const std::scoped_lock lock(mutex_);
        answer_.reset();
        OutgoingRequest request;
        request.target = std::make_shared<const Target>(
            Target{.url = *parsed, .headers = {}, .policy = policy_});
        request.body = std::make_shared<const std::string>();
        transport_->start(++token_, std::move(request));
        while (!answer_)
            transport_->run(SteadyTime::clock::now() + longest_wait, *this);
        return body_of(*std::move(answer_));
    }

private:
    void on_answer(Transport::Token, TransportAnswer answer) override {
        answer_ = std::move(answer);
    }

    const std::shared_ptr<Transport> transport_;
    const std::shared_ptr<const EndpointPolicy> policy_;
    std::mutex mutex_;
    Transport::Token token_ = 0;
    std::optional<TransportAnswer> answer_;
};

}  // namespace
}  // namespace transport

Result<std::shared_ptr<DocumentFetcher>> make_document_fetcher(HttpTransportOptions options,
                                                               EndpointPolicy policy) try {
    policy.https_only = true;
    if (Result<> valid = check_policy(policy); !valid) return valid.error();
    if (Result<> valid = options.validate(); !valid) return valid.error();
    options.delivery_threads = 1;
    auto made = transport::make_transport(std::move(options), transport::Usage::document);
    if (!made) return made.error();
    return std::shared_ptr<DocumentFetcher>(
        std::make_shared<transport::HttpDocumentFetcher>(*std::move(made), std::move(policy)));
} catch (...) {
    return error_of_opening("the document fetcher");
}

}  // namespace webhooks
