#include <algorithm>
#include <api/router.hpp>
#include <fstream>
#include <set>
#include <string>
#include <support/catch.hpp>

using namespace webhooks::http;

TEST_CASE("the OpenAPI document and the router know the same operations") {
    std::ifstream document(WEBHOOKS_SOURCE_FOLDER "/adapters/http/openapi.yaml");
    REQUIRE(document);
    std::set<Operation> found;
    std::string path;
    for (std::string line; std::getline(document, line) && line != "components:";) {
        if (line.starts_with("  /")) path = line.substr(2, line.find_last_of(':') - 2);
        if (line != "    get:" && line != "    post:" && line != "    put:" &&
            line != "    delete:") {
            continue;
        }
        std::string method = line.substr(4, line.size() - 5);
        std::transform(method.begin(), method.end(), method.begin(), ::toupper);
        std::string concrete = path;
        for (const std::string& id : {std::string("{id}"), std::string("{eventId}")}) {
            if (const auto at = concrete.find(id); at != std::string::npos) {
                concrete.replace(at, id.size(), "1");
            }
        }
        INFO(method << ' ' << concrete);
        const Route route = find_route(method, concrete);
        CHECK(route.kind == Route::Kind::operation);
        CHECK(found.insert(route.operation).second);
    }
    CHECK(found.size() == static_cast<std::size_t>(Operation::check_ready) + 1);
}
