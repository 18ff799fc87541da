#include "scene.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <kill/scene.hpp>

#ifdef __SANITIZE_ADDRESS__
/// SOCI 4.0 forgets a connection whose server ends between the login and SOCI's first statement.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libsoci_postgresql";
}
#endif

namespace webhooks::testing {
namespace {

constexpr const char* event_type = "order.created";
constexpr int publishers_of_each = 4;
constexpr auto pace = 10ms;

}  // namespace

std::string administer(const std::string& statement) {
    const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(
        PQconnectdb(postgresql_cluster().uri().c_str()), PQfinish);
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result(
        PQexec(connection.get(), statement.c_str()), PQclear);
    const ExecStatusType status = PQresultStatus(result.get());
    INFO(PQerrorMessage(connection.get()));
    REQUIRE((status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK));
    return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

void CountingObserver::on_log(LogLevel, std::string_view line) noexcept {
    ++lines;
    if (std::getenv("WEBHOOKS_TEST_VERBOSE") != nullptr) {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        std::cerr << std::chrono::duration_cast<std::chrono::milliseconds>(now).count() % 100'000
                  << ' ' << std::string(line) + '\n';
    }
}

// ---- A member.

Member::Member(const Options& options)
    : storage_(
          std::make_shared<CountingStorage>(make_postgresql_storage(options.storage).value())) {
    HttpTransportOptions transport{.user_agent = "run-" + std::to_string(options.number)};
    service_.emplace(
        WebhookService::open(
            {.storage = storage_,
             .transport = make_http_transport(transport).value(),
             .clock = options.clock,
             .observer = observer_},
            {.retry_schedule = {1s},
             .retry_jitter = 0,
             .breaker_failures = 1000,
             .heartbeat_interval = options.lease / 5,
             .lease = options.lease,
             .endpoints = {.allowed_networks = {Network::parse("127.0.0.0/8").value(),
                                                Network::parse("198.18.0.0/15").value()}}})
            .value());
    service_->register_event_type({.name = event_type, .description = "An order"}).value();
    service_->start().value();
}

// ---- The scene.

FaultScene::FaultScene(const Options& options) {
    migrate_postgresql(direct()).value();
    const std::string here = "127.0.0.1";
    std::string receiver = receiver_.url();
    while (members_.size() + 1 < options.clocks.size()) {
        start_member(options, here);
    }
    if (options.elsewhere == nullptr) {
        start_member(options, here);
    } else {
        const std::string address = options.elsewhere->second_address();
        way_to_receiver_ = std::make_unique<TcpProxy>(std::to_string(receiver_.port()), address);
        receiver = "http://" + address + ":" + std::to_string(way_to_receiver_->port()) + "/";
        start_member(options, options.elsewhere->first_address());
    }
    for (const char* name : {steady, flaky}) {
        members_[0]
            ->service()
            .create_subscription(host, {.name = name,
                                        .event_type = event_type,
                                        .url = receiver + name,
                                        .secret = Secret(secret)})
            .value();
    }
    successes_.resize(members_.size());
    failures_.resize(members_.size());
}

void FaultScene::start_member(const Options& options, const std::string& address) {
    networks_.push_back(std::make_unique<TcpProxy>(postgresql_cluster().socket(), address));
    const std::size_t number = members_.size();
    std::optional<NetworkNamespace::Visit> visit;
    if (options.elsewhere != nullptr && address == options.elsewhere->first_address()) {
        visit.emplace(*options.elsewhere);
    }
    members_.push_back(std::make_unique<Member>(Member::Options{.number = static_cast<int>(number),
                                                                .storage = through(number, address),
                                                                .clock = options.clocks[number],
                                                                .lease = options.lease}));
}

int FaultScene::struck() const {
    int sum = 0;
    for (const auto& network : networks_) {
        sum += network->struck();
    }
    return sum;
}

FaultScene::~FaultScene() {
    stop_publishing();
}

PostgresqlOptions FaultScene::direct() const {
    return {.connection = Secret(postgresql_cluster().uri()), .schema = schema_, .connections = 2};
}

PostgresqlOptions FaultScene::through(std::size_t network, const std::string& address) const {
    const std::string uri = "postgresql://webhooks@" + address + ":" +
                            std::to_string(networks_[network]->port()) +
                            "/postgres?sslmode=disable&gssencmode=disable";
    return {.connection = Secret(uri), .schema = schema_, .connections = 2};
}

void FaultScene::load() {
    for (std::size_t member = 0; member < members_.size(); ++member) {
        for (int i = 0; i < publishers_of_each; ++i) {
            publishers_.emplace_back([this, member] { publish_until_stopped(member); });
        }
    }
    check_resumes();
}

void FaultScene::publish_until_stopped(std::size_t member) {
    while (!is_stopping_) {
        publish_one(member, next_++);
        std::this_thread::sleep_for(pace);
    }
}

void FaultScene::publish_one(std::size_t member, int number) {
    const auto began = std::chrono::steady_clock::now();
    const Result<PublishReceipt> receipt = members_[member]->service().publish(
        host, {.event_type = event_type, .payload = payload_of(number)});
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - began);
    const std::scoped_lock lock(mutex_);
    longest_ = std::max(longest_, took);
    if (receipt) {
        published_.acknowledged[number] = receipt->event_ids;
        ++successes_[member];
        return;
    }
    ++failures_[member];
    // Checked later, on the test's own thread.
    if (!(receipt.error() == Errc::unavailable)) unexpected_ = receipt.error().to_string();
    const bool is_certain = receipt.error().detail().starts_with("storage does not respond");
    (is_certain ? published_.rejected : published_.unknown).insert(number);
}

std::vector<std::size_t> FaultScene::successes() const {
    const std::scoped_lock lock(mutex_);
    return successes_;
}

void FaultScene::check_resumes() {
    const std::vector<std::size_t> before = successes();
    const std::size_t received = receiver_.requests().size();
    const auto all_went_on = [&](std::size_t by) {
        const std::vector<std::size_t> now = successes();
        for (std::size_t i = 0; i < now.size(); ++i) {
            if (now[i] < before[i] + by) return false;
        }
        return true;
    };
    CHECK(eventually([&] { return all_went_on(20); }, 5s));
    CHECK(eventually([&] { return receiver_.requests().size() > received; }, 5s));
}

void FaultScene::await_failures(std::optional<std::size_t> member) {
    const auto failures = [&] {
        const std::scoped_lock lock(mutex_);
        return member ? std::vector{failures_[*member]} : failures_;
    };
    const std::vector<std::size_t> before = failures();
    CHECK(eventually(
        [&] {
            const std::vector<std::size_t> now = failures();
            for (std::size_t i = 0; i < now.size(); ++i) {
                if (now[i] == before[i]) return false;
            }
            return true;
        },
        10s));
}

void FaultScene::watch_calls() {
    watched_since_ = std::chrono::steady_clock::now();
    calls_before_.clear();
    lines_before_.clear();
    connections_before_ = connections();
    for (const auto& member : members_) {
        calls_before_.push_back(member->storage().calls);
        lines_before_.push_back(member->observer().lines);
    }
}

void FaultScene::check_calls() {
    for (std::size_t i = 0; i < members_.size(); ++i) {
        CHECK(eventually([&] { return members_[i]->storage().calls >= calls_before_[i] + 2; }));
    }
    const auto passed = std::chrono::steady_clock::now() - watched_since_;
    // One call each half second, and those in flight at the start.
    const int bound = 5 + static_cast<int>(passed / 500ms);
    for (std::size_t i = 0; i < members_.size(); ++i) {
        CHECK(members_[i]->storage().calls - calls_before_[i] <= bound);
        CHECK(members_[i]->observer().lines - lines_before_[i] <= 2 * bound);
        // One for itself and one that listens.
        CHECK(networks_[i]->connections() - connections_before_[i] <= 3 * bound);
    }
}

void FaultScene::await_heartbeats(int count) {
    for (const auto& member : members_) {
        const int before = member->storage().heartbeats;
        CHECK(eventually([&] { return member->storage().heartbeats >= before + count; }));
    }
}

void FaultScene::await_connections(const std::vector<int>& before) {
    for (std::size_t i = 0; i < networks_.size(); ++i) {
        CHECK(eventually([&] { return networks_[i]->connections() > before[i]; }));
    }
}

std::vector<int> FaultScene::connections() const {
    std::vector<int> counts;
    for (const auto& network : networks_) {
        counts.push_back(network->connections());
    }
    return counts;
}

void FaultScene::stop_publishing() {
    is_stopping_ = true;
    for (std::thread& publisher : publishers_) {
        publisher.join();
    }
    publishers_.clear();
}

Findings FaultScene::finish() {
    stop_publishing();
    const std::shared_ptr<Storage> storage = make_postgresql_storage(direct()).value();
    const auto is_done = [&] {
        const ListQuery undone{.filter = field("isSuccess") == false, .take = 0};
        for (const Subscription& subscription :
             storage->list_subscriptions(host, {}).value().items) {
            if (storage->list_events(host, subscription.id, undone).value().total != 0) {
                return false;
            }
        }
        return true;
    };
    CHECK(eventually(is_done, 15s));
    CHECK(unexpected_ == "");
    for (const auto& member : members_) {
        CHECK(member->service().stop(5s));
    }
    return audit(postgresql_cluster().uri(), schema_, published_, receiver_.requests(), {});
}

std::size_t FaultScene::acknowledged() const {
    const std::scoped_lock lock(mutex_);
    return published_.acknowledged.size();
}

std::size_t FaultScene::failed() const {
    const std::scoped_lock lock(mutex_);
    return published_.rejected.size() + published_.unknown.size();
}

}  // namespace webhooks::testing
