#pragma once

#include <support/postgresql_server.hpp>
#include <support/temporary_folder.hpp>

namespace webhooks::testing {

/// A PostgreSQL server with an empty database, in a temporary folder. It does not wait for the
/// disk, and uses an English collation, so that a forgotten COLLATE is detected.
class PostgresqlCluster {
public:
    /// Its database, as a URI.
    std::string uri() const { return server_.uri(); }
    /// Its one socket.
    std::string socket() const { return server_.socket(); }
    /// Whether any file of its data, its write-ahead log or its log contains a text.
    bool has_in_its_files(const std::string& text) const;
    /// Ends the server at once, with all of its connections, and starts it again.
    void restart();

    using Shutdown = PostgresqlServer::Shutdown;
    void stop(Shutdown how = Shutdown::immediate) { server_.stop(how); }
    /// @pre it was stopped
    void start() { server_.start(); }

private:
    /// Not in TMPDIR: PostgreSQL's user may not be able to enter it, and the path of a socket must
    /// be short.
    TemporaryFolder folder_{"/tmp"};
    PostgresqlServer server_{
        {.data = folder_.file("data"),
         .sockets = folder_.path(),
         .initdb = {"--locale=C", "--locale-provider=icu", "--icu-locale=en", "--no-sync"},
         .settings = {"fsync=off", "full_page_writes=off", "max_connections=50"}}};
};

/// The cluster that the tests of a program share. It starts on first use.
PostgresqlCluster& postgresql_cluster();

}  // namespace webhooks::testing
