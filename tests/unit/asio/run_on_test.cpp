#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <support/catch.hpp>
#include <thread>
#include <webhooks/asio.hpp>
#include <webhooks/webhooks.hpp>

namespace webhooks::testing {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

struct ThreadObserver final : Observer {
    void on_attempt(const AttemptReport& report) override {
        thread = std::this_thread::get_id();
        delivered += report.outcome == Outcome::delivered ? 1 : 0;
    }
    std::thread::id thread;
    int delivered = 0;
};

/// A service whose delivery runs on the test's context, together with the receiver.
struct RunOnFixture {
    asio::io_context io;
    tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
    std::shared_ptr<ThreadObserver> observer = std::make_shared<ThreadObserver>();
    std::optional<WebhookService> service;

    RunOnFixture() {
        ServiceOptions options;
        options.endpoints.allowed_networks = {Network::parse("127.0.0.0/8").value()};
        // Longer than any test: what is delivered was not found by a heartbeat.
        options.heartbeat_interval = 60s;
        options.lease = 300s;
        service.emplace(WebhookService::open({.storage = make_memory_storage(),
                                              .transport = make_http_transport().value(),
                                              .observer = observer},
                                             options)
                            .value());
        service->register_event_type({.name = "order.created", .description = ""}).value();
        const std::string url =
            "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/";
        service
            ->create_subscription(Principal::user("alice"),
                                  {.name = "mine", .event_type = "order.created", .url = url})
            .value();
        asio::co_spawn(io, receive(), asio::detached);
    }

    /// Answers each connection's one request with 204.
    asio::awaitable<void> receive() {
        while (true) {
            tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
            std::string request;
            co_await asio::async_read_until(socket, asio::dynamic_buffer(request), "}",
                                            asio::use_awaitable);
            const std::string answer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
            co_await asio::async_write(socket, asio::buffer(answer), asio::use_awaitable);
        }
    }

    void publish(int events) {
        for (int i = 0; i < events; ++i) {
            service->async_publish(Principal::user("alice"),
                                   {.event_type = "order.created", .payload = "{}"},
                                   [](const Result<PublishReceipt>&) {});
        }
    }

    void run_until_delivered(int events) {
        const auto end = std::chrono::steady_clock::now() + 30s;
        while (observer->delivered < events && std::chrono::steady_clock::now() < end) {
            io.run_one_for(1s);
        }
        CHECK(observer->delivered == events);
    }
};

thread_local bool is_publisher = false;

/// Executes on a context, and calls a function before.
template <class Inner>
struct Watched {
    Inner inner;
    const std::function<void()>* before;

    template <class Function>
    void execute(Function function) const {
        (*before)();
        inner.execute(std::move(function));
    }
    template <class Property>
    auto query(const Property& property) const -> decltype(asio::query(inner, property)) {
        return asio::query(inner, property);
    }
    template <class Property>
    auto require(const Property& property) const
        -> Watched<std::decay_t<decltype(asio::require(inner, property))>> {
        return {asio::require(inner, property), before};
    }
    template <class Property>
    auto prefer(const Property& property) const
        -> Watched<std::decay_t<decltype(asio::prefer(inner, property))>> {
        return {asio::prefer(inner, property), before};
    }
    bool operator==(const Watched&) const = default;
};

}  // namespace

TEST_CASE_METHOD(RunOnFixture, "run_on delivers on the host's context") {
    const AsioRunner runner = run_on(*service, io.get_executor()).value();
    publish(20);
    run_until_delivered(20);
    CHECK(observer->thread == std::this_thread::get_id());
    CHECK(service->check_ready());
    CHECK(service->start().error() == Errc::conflict);
    CHECK(service->stop(1s));
}

TEST_CASE_METHOD(RunOnFixture, "while nothing happens run_on does almost nothing") {
    const AsioRunner runner = run_on(*service, io.get_executor()).value();
    publish(1);
    run_until_delivered(1);
    while (io.poll() > 0) {
    }
    // Heartbeats belong to the storage thread. A polling loop would run hundreds of handlers.
    CHECK(io.run_for(500ms) < 20);
    publish(1);
    run_until_delivered(2);
}

TEST_CASE_METHOD(RunOnFixture, "a runner that takes another's place is woken from then on") {
    asio::io_context earlier;
    AsioRunner runner = run_on(*service, earlier.get_executor()).value();
    earlier.run_for(10ms);
    runner = run_on(*service, io.get_executor()).value();
    publish(5);
    run_until_delivered(5);
    CHECK(service->stop(1s));
}

// Its last owner would destroy it on the service's thread, maybe after the context.
TEST_CASE_METHOD(RunOnFixture, "a service that wakes a runner does not own it") {
    std::weak_ptr<detail::AsioDriver> weak;
    long owners = 0;
    const std::function<void()> count_owners = [&] {
        if (is_publisher) owners = weak.use_count();
    };
    const asio::any_io_executor executor =
        Watched<asio::io_context::executor_type>{io.get_executor(), &count_owners};
    const auto driver = std::make_shared<detail::AsioDriver>(*service, executor);
    weak = driver;
    const AsioRunner runner(driver);
    REQUIRE(driver->begin());
    // Until it is this publication that wakes the runner, and not the service's own thread.
    while (owners == 0) {
        while (io.poll() > 0) {
        }
        std::thread([this] {
            is_publisher = true;
            publish(1);
        }).join();
    }
    CHECK(owners == weak.use_count());
}

TEST_CASE_METHOD(RunOnFixture, "run_on ends with its runner, and with the service") {
    std::optional<AsioRunner> runner(run_on(*service, io.get_executor()).value());
    publish(1);
    run_until_delivered(1);
    SECTION("the runner") {
        runner.reset();
        publish(1);
        io.run_for(50ms);
        CHECK(observer->delivered == 1);
        CHECK(service->stop(0s));
    }
    SECTION("the service") {
        CHECK(service->stop(1s));
        runner.reset();
        service.reset();
    }
    SECTION("both, while other threads run the context") {
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i)
            threads.emplace_back([this] { io.run(); });
        publish(50);
        runner.reset();
        CHECK(service->stop(0s));
        service.reset();
        io.stop();
        for (std::thread& thread : threads)
            thread.join();
    }
    acceptor.close();
}

}  // namespace webhooks::testing
