// How a running service handles endpoints that misbehave, each in its own way and all at once.

#include <algorithm>
#include <delivery/running_service.hpp>
#include <regex>
#include <support/descriptors.hpp>
#include <transport/closed_port.hpp>
#include <vector>

namespace webhooks::testing {
namespace {

using Then = Manner::Then;

/// A kind of misbehaviour, and what the first attempt leaves in the log.
struct Case {
    std::string name;
    Manner manner = {};
    std::optional<int> status = {};
    std::string error = {};  ///< A regular expression; empty: delivered.
};

Manner status(int code, const std::string& headers = {}) {
    return {.bytes = "HTTP/1.1 " + std::to_string(code) + " Status\r\n" + headers +
                     (code == 204 ? "\r\n" : "content-length: 0\r\n\r\n")};
}

Case failing_status(int code, const std::string& headers = {}) {
    return {.name = std::to_string(code),
            .manner = status(code, headers),
            .status = code,
            .error = "endpoint responded with " + std::to_string(code)};
}

const std::string head = "HTTP/1.1 200 OK\r\n";

std::vector<Case> cases(const std::string& redirect_target) {
    return {
        {"silent", {.bytes = ""}, {}, "no response within 1 s"},
        {"slow", {.delay = 300ms}, 200},
        {"trickling its headers", {.pace = 100ms}, {}, "no response within 1 s"},
        {"trickling its body",
         {.bytes = head + "content-length: 1000\r\n\r\n",
          .then = Then::endless,
          .filler = "x",
          .pace = 5ms},
         200},
        // The kernel determines which call meets the reset first.
        {"resetting after accept",
         {.bytes = "", .then = Then::reset, .heeds_requests = false},
         {},
         "connection (reset|closed) before a response|could not connect: .*"},
        {"resetting after the request",
         {.bytes = "", .then = Then::reset},
         {},
         "connection reset before a response"},
        {"closing after the request",
         {.bytes = "", .then = Then::close},
         {},
         "connection closed before a response"},
        {"resetting within its headers",
         {.bytes = head + "content-", .then = Then::reset},
         {},
         "connection closed within the response headers"},
        {"resetting within its body",
         {.bytes = head + "content-length: 100\r\n\r\nabc", .then = Then::reset},
         200},
        {"endless body",
         {.bytes = head + "\r\n", .then = Then::endless, .filler = std::string(16384, 'x')},
         200},
        {"endless headers",
         {.bytes = head, .then = Then::endless, .filler = "x-filler: and so on\r\n"},
         {},
         "response headers exceed 64 KiB"},
        {"endless interim answers",
         {.bytes = "", .then = Then::endless, .filler = "HTTP/1.1 103 Early Hints\r\n\r\n"},
         {},
         "more than 5 interim responses"},
        {"not HTTP", {.bytes = "SSH-2.0-OpenSSH_9.2\r\n"}, {}, "malformed response: not HTTP/1"},
        {"malformed header", {.bytes = head + "what?\r\n\r\n"}, {}, "malformed response: .*"},
        {"switching protocols", status(101), {}, "malformed response: unexpected protocol switch"},
        {"more bytes after its answer", {.bytes = std::string(ok) + head}, 200},
        {"closing after each answer", {.then = Then::close}, 200},
        {"204", status(204), 204},
        failing_status(301, "location: " + redirect_target + "\r\n"),
        failing_status(307, "location: " + redirect_target + "\r\n"),
        failing_status(404),
        failing_status(410),
        failing_status(429, "retry-after: 1\r\n"),
        failing_status(500),
        failing_status(503),
    };
}

/// An endpoint, its subscription and its one event.
struct Trial {
    Case expected;
    HostileServer::Port port = 0;
    bool is_served = true;  ///< By the server; otherwise not at all.
    Subscription subscription = {};
    EventId event = {};
};

}  // namespace

TEST_CASE_METHOD(RunningService,
                 "each kind of misbehaviour leaves its reason in the log, and nothing else",
                 "[slow]") {
    const Place place = GENERATE(from_range(places.begin(), places.end()));
    CAPTURE(place);
    keep_in(place);
    start();

    const HostileServer::Port redirect_target = server.open({});
    std::vector<Trial> trials;
    for (const Case& one :
         cases("http://127.0.0.1:" + std::to_string(redirect_target) + "/stolen")) {
        trials.push_back({.expected = one, .port = server.open(one.manner)});
    }
    // These two are not servers: one rejects connections, one never accepts them.
    const ClosedPort closed;
    ClosedPort full;
    full.hang();
    const auto add_unserved = [&](const std::string& name, const std::string& error, int port) {
        trials.push_back({.expected = {.name = name, .error = error},
                          .port = static_cast<HostileServer::Port>(port),
                          .is_served = false});
    };
    add_unserved("closed", "connection refused", closed.number());
    add_unserved("never accepting", "connection timed out", full.number());
    for (Trial& trial : trials) {
        trial.subscription = subscribe("hostile.event", trial.port);
    }
    const auto history = [this](const Trial& trial) {
        return storage->find_event(admin, trial.subscription.id, trial.event).value();
    };

    // Create everything that exists once before counting.
    const Subscription sound = subscribe("sound.event", server.open({}));
    publish("sound.event");
    REQUIRE(eventually([&] {
        return storage->list_events(admin, sound.id, {}).value().items.front().is_success;
    }));
    REQUIRE(eventually([&] { return server.connections(redirect_target) == 0; }));
    const std::size_t threads = running_threads();
    const std::size_t bytes = allocated_bytes();

    const std::vector<EventId> events = publish("hostile.event").event_ids;
    REQUIRE(events.size() == trials.size());
    for (std::size_t i = 0; i < trials.size(); ++i) {
        trials[i].event = events[i];
    }
    for (const Trial& trial : trials) {
        CAPTURE(trial.expected.name);
        REQUIRE(eventually([&] { return !history(trial).attempts.empty(); }));
        const Attempt first = history(trial).attempts.front();
        const bool is_delivered = trial.expected.error.empty();
        CHECK(first.status_code == trial.expected.status);
        INFO(first.error_message.value_or("no error"));
        CHECK(std::regex_match(first.error_message.value_or(""), std::regex(trial.expected.error)));
        const Outcome outcome = is_delivered                   ? Outcome::delivered
                                : trial.expected.status == 410 ? Outcome::exhausted
                                                               : Outcome::retry;
        CHECK(first.outcome == outcome);
        CHECK(first.response.value_or("").size() <= 4096);
        CHECK(first.duration < 10s);  // The limit is a second; a busy machine may be late.
    }

    // They recover, two of them by moving elsewhere.
    const HostileServer::Port elsewhere = server.open({});
    for (const Trial& trial : trials) {
        if (trial.is_served) {
            server.set(trial.port, {});
            continue;
        }
        service()
            .update_subscription(admin, trial.subscription.id,
                                 {.url = "http://127.0.0.1:" + std::to_string(elsewhere) + "/hook"})
            .value();
    }
    for (const Trial& trial : trials) {
        if (trial.expected.status == 410) continue;
        CAPTURE(trial.expected.name);
        REQUIRE(eventually([&] { return history(trial).event.is_success; }));
        const std::vector<Attempt> attempts = history(trial).attempts;
        for (std::size_t i = 0; i < attempts.size(); ++i) {
            CHECK(attempts[i].number == static_cast<int>(i) + 1);
            CHECK((attempts[i].outcome == Outcome::delivered) == (i + 1 == attempts.size()));
        }
        CHECK((attempts.size() == 1) == trial.expected.error.empty());
    }
    CHECK(server.arrivals(redirect_target).empty());
    for (const Trial& trial : trials) {
        const Subscription now = service().subscription(admin, trial.subscription.id).value();
        CHECK(now.is_active == (trial.expected.status != 410));
        CHECK_FALSE((now.is_active && now.failing_since));
    }

    // All resources are released while the service continues: idle connections end by themselves,
    // and only the log remains in memory.
    for (const Trial& trial : trials) {
        CHECK(eventually([&] { return !trial.is_served || server.connections(trial.port) == 0; }));
    }
    CHECK(running_threads() == threads);
    CHECK(allocated_bytes() < bytes + 1024 * 1024);
}

TEST_CASE("a service that has met hostile endpoints leaves no descriptor and no thread", "[slow]") {
    const std::size_t descriptors = open_descriptors();
    const std::size_t threads = running_threads();
    {
        RunningService host;
        host.start();
        for (const Case& one : cases("http://127.0.0.1/")) {
            host.subscribe("hostile.event", host.server.open(one.manner));
        }
        host.publish("hostile.event");
        const HostileServer::Port last = host.server.open({});
        host.subscribe("sound.event", last);
        host.publish("sound.event");
        REQUIRE(host.server.wait_for_arrivals(last, 1, 20s));
        // Destroyed in the middle of it, without draining.
    }
    CHECK(open_descriptors() == descriptors);
    CHECK(running_threads() == threads);
}

}  // namespace webhooks::testing
