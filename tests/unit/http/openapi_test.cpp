#include <algorithm>
#include <api/operations.hpp>
#include <fstream>
#include <set>
#include <string>
#include <support/catch.hpp>

using namespace webhooks::http;

namespace {

/// The "METHOD path" of each operation in the document.
std::set<std::string> documented() {
    std::ifstream document(WEBHOOKS_SOURCE_FOLDER "/adapters/http/openapi.yaml");
    REQUIRE(document);
    std::set<std::string> found;
    std::string path;
    for (std::string line; std::getline(document, line) && line != "components:";) {
        if (line.starts_with("  /")) path = line.substr(2, line.find_last_of(':') - 2);
        for (const std::string method : {"get", "post", "put", "delete"}) {
            if (line != "    " + method + ":") continue;
            std::string name = method;
            std::transform(name.begin(), name.end(), name.begin(), ::toupper);
            CHECK(found.insert(name + " " + path).second);
        }
    }
    return found;
}

}  // namespace

TEST_CASE("the OpenAPI document and the table have the same operations") {
    std::set<std::string> served;
    for (const Operation& operation : operations()) {
        std::string path(operation.path);
        const std::string base = "{base}";
        if (path.starts_with(base)) path.replace(0, base.size(), "/v1/webhooks");
        CHECK(served.insert(std::string(operation.method) + " " + path).second);
    }
    CHECK(documented() == served);
}

TEST_CASE("the metrics know each operation by its operationId in the OpenAPI document") {
    std::ifstream document(WEBHOOKS_SOURCE_FOLDER "/adapters/http/openapi.yaml");
    REQUIRE(document);
    const std::string member = "      operationId: ";
    std::set<std::string> documented_ids;
    for (std::string line; std::getline(document, line) && line != "components:";) {
        if (line.starts_with(member)) documented_ids.insert(line.substr(member.size()));
    }
    std::set<std::string> ids;
    for (const Operation& operation : operations())
        ids.emplace(operation.id);
    CHECK(ids == documented_ids);
}
