#include <filesystem>
#include <fstream>
#include <support/postgresql_cluster.hpp>

namespace webhooks::testing {

bool PostgresqlCluster::has_in_its_files(const std::string& text) const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
        std::error_code gone;
        if (!entry.is_regular_file(gone)) continue;
        std::ifstream file(entry.path(), std::ios::binary);
        std::string content(entry.file_size(gone), '\0');
        file.read(content.data(), static_cast<std::streamsize>(content.size()));
        if (content.find(text) != std::string::npos) return true;
    }
    return false;
}

void PostgresqlCluster::restart() {
    stop();
    start();
}

PostgresqlCluster& postgresql_cluster() {
    static PostgresqlCluster cluster;
    return cluster;
}

}  // namespace webhooks::testing
