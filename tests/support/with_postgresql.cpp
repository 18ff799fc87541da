// usage: webhooks_with_postgresql PROGRAM. Runs a program with the URI of a new database as its
// argument.
// @return what the program returns.

#include <cstdlib>
#include <support/postgresql_cluster.hpp>

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    const webhooks::testing::PostgresqlCluster cluster;
    const std::string command = "'" + std::string(argv[1]) + "' '" + cluster.uri() + "'";
    return std::system(command.c_str()) == 0 ? 0 : 1;
}
