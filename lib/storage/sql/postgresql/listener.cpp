#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <base/thread.hpp>
#include <chrono>
#include <random>
#include <storage/sql/exchange.hpp>
#include <storage/sql/postgresql/listener.hpp>

namespace webhooks::storage {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds first_pause{100};
constexpr milliseconds longest_pause{10'000};
/// How often a silent server is probed.
constexpr milliseconds probe_interval{10'000};

}  // namespace

void notify(PostgresqlConnection& connection) {
    execute(connection.sql(), "SELECT pg_notify(current_schema(), '')");
}

void notify_of_events(PostgresqlConnection& connection, Time now, const std::string& sender) {
    static const PreparedStatement notify = {
        "notify_of_events",
        "SELECT pg_notify(current_schema(), $2) FROM webhooks_feed WHERE watched_until > $1"};
    connection.send(notify, {parameter(to_micros(now)), Parameter(sender)});
}

milliseconds reconnect_pause(int failures, double random) {
    const milliseconds pause =
        std::min(first_pause * (1 << std::clamp(failures - 1, 0, 10)), longest_pause);
    return std::chrono::duration_cast<milliseconds>(pause * (0.5 + random / 2));
}

/// What the thread does, and what it needs.
class PostgresqlListener::Listening {
public:
    Listening(const PostgresqlOptions& options, std::string self, Calls calls)
        : uri_(connection_uri(options).value()),
          channel_(options.schema),
          connect_timeout_(options.connect_timeout),
          answer_timeout_(options.answer_timeout),
          self_(std::move(self)),
          calls_(std::move(calls)),
          stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
    ~Listening() { ::close(stop_); }
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

    /// Returns after `stop`.
    void run();
    void stop() { ::eventfd_write(stop_, 1); }

private:
    using Deadline = steady_clock::time_point;
    /// How a wait ended.
    enum class Wake : std::uint8_t { ready, late, stopped };
    struct Heard {
        bool change = false;
        bool events = false;
    };

    /// @return whether it was listening before the connection was lost.
    bool listen();
    /// Reads input; sets `is_answered` on a response.
    Heard take_in(PGconn* connection, bool& is_answered) const;
    bool connect(PGconn* connection);
    Wake wait(int socket, short events, Deadline deadline) const;

    const std::string uri_;
    const std::string channel_;
    const milliseconds connect_timeout_;
    const milliseconds answer_timeout_;
    const std::string self_;
    const Calls calls_;
    std::mt19937 random_{std::random_device{}()};
    const int stop_;  ///< An eventfd that is readable once the thread should end.
};

PostgresqlListener::PostgresqlListener(const PostgresqlOptions& options, std::string self,
                                       Calls calls)
    : listening_(std::make_shared<Listening>(options, std::move(self), std::move(calls))),
      thread_(start_thread("webhooks-listen", [listening = listening_] { listening->run(); })) {}

PostgresqlListener::~PostgresqlListener() {
    listening_->stop();
    if (thread_.get_id() == std::this_thread::get_id()) {
        thread_.detach();
    } else {
        thread_.join();
    }
}

void PostgresqlListener::Listening::run() {
    int failures = 0;
    const auto pause = [&] {
        std::uniform_real_distribution<double> random(0, 1);
        return reconnect_pause(failures, random(random_));
    };
    do {
        failures = listen() ? 1 : failures + 1;
    } while (wait(-1, 0, steady_clock::now() + pause()) != Wake::stopped);
}

PostgresqlListener::Listening::Wake PostgresqlListener::Listening::wait(int socket, short events,
                                                                        Deadline deadline) const {
    pollfd watched[] = {{stop_, POLLIN, 0}, {socket, events, 0}};
    while (true) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
        const int timeout = deadline == Deadline::max()
                                ? -1
                                : static_cast<int>(std::max(left, milliseconds(0)).count());
        if (::poll(watched, 2, timeout) == 0) return Wake::late;
        if (watched[0].revents != 0) return Wake::stopped;
        if (watched[1].revents != 0) return Wake::ready;
    }
}

bool PostgresqlListener::Listening::connect(PGconn* connection) {
    const Deadline deadline = steady_clock::now() + connect_timeout_;
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (next == PGRES_POLLING_WRITING || next == PGRES_POLLING_READING) {
        if (PQstatus(connection) == CONNECTION_BAD) return false;
        const short events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (wait(PQsocket(connection), events, deadline) != Wake::ready) return false;
        next = PQconnectPoll(connection);
    }
    return next == PGRES_POLLING_OK;
}

bool PostgresqlListener::Listening::listen() {
    const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectStart(uri_.c_str()),
                                                                PQfinish);
    ignore_notices(connection.get());
    if (!connect(connection.get())) return false;
    if (PQsendQuery(connection.get(), ("LISTEN \"" + channel_ + "\"").c_str()) == 0) return false;
    bool is_listening = false;
    bool is_answered = false;
    while (true) {
        const Heard heard = take_in(connection.get(), is_answered);
        const bool is_new = is_answered && !is_listening;
        is_listening = is_answered || is_listening;
        if (heard.change || is_new) calls_.on_change();
        if (heard.events) calls_.on_events();
        const Wake wake =
            wait(PQsocket(connection.get()), POLLIN,
                 steady_clock::now() + (is_answered ? probe_interval : answer_timeout_));
        if (wake == Wake::late && is_answered) {
            if (PQsendQuery(connection.get(), "") == 0) return is_listening;
            is_answered = false;
            continue;
        }
        if (wake != Wake::ready || PQconsumeInput(connection.get()) == 0) return is_listening;
    }
}

PostgresqlListener::Listening::Heard PostgresqlListener::Listening::take_in(
    PGconn* connection, bool& is_answered) const {
    while (PQisBusy(connection) == 0) {
        PGresult* result = PQgetResult(connection);
        if (result == nullptr) break;
        const ExecStatusType status = PQresultStatus(result);
        is_answered = status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
        PQclear(result);
    }
    Heard heard;
    while (PGnotify* notification = PQnotifies(connection)) {
        const std::string_view sender = notification->extra;
        heard.change = heard.change || sender.empty();
        heard.events = heard.events || (!sender.empty() && sender != self_);
        PQfreemem(notification);
    }
    return heard;
}

}  // namespace webhooks::storage
