#pragma once

#include <sys/types.h>

#include <csignal>
#include <string>
#include <support/temporary_folder.hpp>
#include <vector>

namespace webhooks::testing {

/// A PostgreSQL server of this process: on a Unix socket in a temporary folder. It ends with the
/// object, and with the process, however that ends. It does not wait for the disk, and uses an
/// English collation, so that a forgotten COLLATE is detected.
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

    /// The modes of `pg_ctl stop -m`; both end all connections.
    enum class Shutdown : int { fast = SIGINT, immediate = SIGQUIT };
    void stop(Shutdown how = Shutdown::immediate);
    /// @pre it was stopped
    void start();

private:
    pid_t launch(const std::vector<std::string>& command) const;
    bool is_ready() const;
    /// The output of the programs.
    std::string log() const;

    /// Not in TMPDIR: PostgreSQL's user may not be able to enter it, and the path of a socket must
    /// be short.
    TemporaryFolder folder_{"/tmp"};
    pid_t server_ = 0;
};

/// The cluster that the tests of a program share. It starts on first use.
PostgresqlCluster& postgresql_cluster();

}  // namespace webhooks::testing
