#include <support/postgresql_cluster.hpp>

namespace webhooks::testing {

void PostgresqlCluster::restart() {
    stop();
    start();
}

PostgresqlCluster& postgresql_cluster() {
    static PostgresqlCluster cluster;
    return cluster;
}

}  // namespace webhooks::testing
