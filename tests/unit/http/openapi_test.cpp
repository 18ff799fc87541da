#include <algorithm>
#include <api/operations.hpp>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <support/catch.hpp>

using namespace webhooks;
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

/// "['a', 'b']" as "a, b".
std::string without_brackets(std::string list) {
    std::erase_if(list, [](char c) { return c == '[' || c == ']' || c == '\''; });
    return list;
}

}  // namespace

TEST_CASE("the OpenAPI document and the table have the same operations") {
    std::set<std::string> served;
    for (const Operation& operation : operations()) {
        if (operation.area == Area::portal_page) continue;
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
    for (const Operation& operation : operations()) {
        if (operation.area != Area::portal_page) ids.emplace(operation.id);
    }
    CHECK(ids == documented_ids);
}

TEST_CASE("the OpenAPI document has the permissions that each operation needs") {
    std::ifstream document(WEBHOOKS_SOURCE_FOLDER "/adapters/http/openapi.yaml");
    REQUIRE(document);
    std::map<std::string, std::string> documented_permissions;
    std::string id;
    for (std::string line; std::getline(document, line) && line != "components:";) {
        const std::string id_member = "      operationId: ";
        const std::string member = "      x-permissions: ";
        if (line.starts_with(id_member)) id = line.substr(id_member.size());
        if (line.starts_with(member))
            documented_permissions[id] = without_brackets(line.substr(member.size()));
    }
    for (const Operation& operation : operations()) {
        INFO(operation.id);
        const std::string needed =
            operation.action ? to_string(requirement_of(*operation.action).permissions) : "";
        CHECK(documented_permissions[std::string(operation.id)] == needed);
    }
}

TEST_CASE("the documentation has the permissions that each operation needs") {
    std::ifstream document(WEBHOOKS_SOURCE_FOLDER "/docs/access.md");
    REQUIRE(document);
    std::set<std::string> rows;
    for (std::string line; std::getline(document, line);)
        rows.insert(line);
    for (const Operation& operation : operations()) {
        if (operation.area == Area::portal_page) continue;
        std::string path(operation.path);
        if (path.starts_with("{base}")) path.erase(0, 6);
        std::string needed = "none";
        if (operation.action) needed = to_string(requirement_of(*operation.action).permissions);
        if (needed.empty()) needed = "any credentials";
        const std::string row =
            "| `" + std::string(operation.method) + " " + path + "` | " + needed + " |";
        INFO(row);
        CHECK(rows.count(row) == 1);
    }
}
