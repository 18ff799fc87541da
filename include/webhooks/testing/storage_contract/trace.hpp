#pragma once

#include <webhooks/testing/storage_contract/fixture.hpp>

namespace webhooks::testing::storage_contract {
namespace {

using namespace std::chrono_literals;

STORAGE_TEST("a message keeps its trace context, whichever way its event is read") {
    const auto trace = GENERATE(values<std::optional<TraceContext>>(
        {std::nullopt,
         TraceContext{.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
         TraceContext{.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                      .tracestate = "foo=1,bar=2"}}));
    const SubscriptionId id = this->subscribe().id;
    auto message = std::make_shared<Message>(*this->message("{}"));
    message->trace = trace;
    const auto append = [&](std::optional<Time> due) {
        Batch batch{.revision = this->revision()};
        batch.appends.push_back({.message = message, .subscriptions = {id}, .due = due});
        this->write(batch);
    };
    append({});
    append(this->clock->now());
    const auto in_memory = this->storage->appended_after(this->worker.id, {}, 10).value();
    REQUIRE(in_memory.size() == 1);
    CHECK(in_memory.front().message->trace == trace);
    const auto claimed = this->storage->claim(this->worker.id, 10).value().events;
    REQUIRE(claimed.size() == 1);
    CHECK(claimed.front().message->trace == trace);
}

}  // namespace
}  // namespace webhooks::testing::storage_contract
