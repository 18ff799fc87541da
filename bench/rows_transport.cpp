/// Deliveries with only the HTTP transport: each is signed and sent, nothing is stored.

#include <measure.hpp>
#include <sink.hpp>
#include <stdexcept>
#include <webhooks/http_transport.hpp>
#include <webhooks/signature.hpp>

namespace bench {
namespace {

using namespace webhooks;

constexpr std::size_t in_flight = 64;
constexpr std::size_t hosts = 4;

class Sender final : public Transport::Sink {
public:
    explicit Sender(const Bench& bench) : signer_(Signer::create(make_secret().value()).value()) {
        const auto policy = std::make_shared<const EndpointPolicy>(
            EndpointPolicy{.allowed_networks = {Network::parse("127.0.0.0/8").value()}});
        for (std::size_t i = 0; i < hosts; ++i) {
            targets_.push_back(std::make_shared<const webhooks::Target>(
                webhooks::Target{.url = EndpointUrl::parse(bench.sink.url(i)).value(),
                                 .headers = {},
                                 .policy = policy}));
        }
    }

    /// @return the number of deliveries.
    std::uint64_t run_for(std::chrono::milliseconds duration) {
        const auto end = std::chrono::steady_clock::now() + duration;
        const std::uint64_t before = answered_;
        is_ending_ = false;
        while (started_ < answered_ + in_flight)
            send();
        while (started_ != answered_) {
            transport_->run(end + std::chrono::seconds(20), *this);
            if (std::chrono::steady_clock::now() >= end) is_ending_ = true;
        }
        return answered_ - before;
    }

    void on_answer(Transport::Token, TransportAnswer answer) override {
        if (answer.status_code != 200) throw std::runtime_error("transport: " + answer.error);
        ++answered_;
        if (!is_ending_) send();
    }

private:
    void send() {
        std::string id = "msg_0123456789abcdef_" + std::to_string(++started_);
        std::string timestamp = "1767225600";
        std::string signature = signer_.sign(id, timestamp, *body_).value();
        transport_->start(started_, {.target = targets_[started_ % hosts],
                                     .body = body_,
                                     .content_type = "application/json",
                                     .webhook_id = std::move(id),
                                     .webhook_timestamp = std::move(timestamp),
                                     .webhook_signature = std::move(signature)});
    }

    std::shared_ptr<Transport> transport_ = make_http_transport().value();
    Signer signer_;
    std::vector<std::shared_ptr<const webhooks::Target>> targets_;
    std::shared_ptr<const std::string> body_ = std::make_shared<const std::string>(payload());
    std::uint64_t started_ = 0;
    std::uint64_t answered_ = 0;
    bool is_ending_ = false;
};

Figures measure(const Bench& bench) {
    Sender sender(bench);
    sender.run_for(bench.scale.duration / 10);
    const Meter meter(bench);
    return meter.rate(static_cast<double>(sender.run_for(bench.scale.duration)));
}

}  // namespace

void add_transport_rows(Rows& rows, const Scale&) {
    rows.push_back({.name = "transport",
                    .what = "signed deliveries by only the transport, 64 at once to 4 hosts",
                    .measure = measure,
                    .targets = {{.figure = "ratio_to_W", .bar = 0.85, .aim = 0.98}},
                    .beside_yardstick = true});
}

}  // namespace bench
