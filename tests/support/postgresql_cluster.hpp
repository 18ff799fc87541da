#pragma once

#include <sys/types.h>

#include <csignal>
#include <string>
#include <support/temporary_folder.hpp>
#include <vector>

namespace webhooks::testing {

/// A PostgreSQL server of this process's own: on a Unix socket in a temporary folder, gone with the
/// object, and with the process however that ends. It does not wait for the disk, and its texts
/// are ordered as English is, so that whoever forgets a collation is found out.
class PostgresqlCluster {
public:
    PostgresqlCluster();
    ~PostgresqlCluster();
    PostgresqlCluster(const PostgresqlCluster&) = delete;
    PostgresqlCluster& operator=(const PostgresqlCluster&) = delete;

    /// Its database, as a URI.
    std::string uri() const;
    /// Its one socket.
    std::string socket() const { return folder_.file(".s.PGSQL.5432"); }
    /// Ends the server at once, with all of its connections, and starts it again.
    void restart();

    /// As `pg_ctl stop -m` has them; either ends all connections.
    enum class Shutdown : int { fast = SIGINT, immediate = SIGQUIT };
    void stop(Shutdown how = Shutdown::immediate);
    /// @pre it was stopped
    void start();

private:
    pid_t launch(const std::vector<std::string>& command) const;
    bool is_ready() const;
    /// What the programs said.
    std::string log() const;

    /// Not in TMPDIR: PostgreSQL's user may be unable to enter that, and the path of a socket is
    /// short.
    TemporaryFolder folder_{"/tmp"};
    pid_t server_ = 0;
};

/// The one that the tests of a program share. It starts when it is first wanted.
PostgresqlCluster& postgresql_cluster();

}  // namespace webhooks::testing
