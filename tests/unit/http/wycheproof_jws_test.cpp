#include <access/jwks.hpp>
#include <access/jws.hpp>
#include <boost/json.hpp>
#include <fstream>
#include <set>

#include "jwt_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

TEST_CASE("tokens are accepted and rejected as the tests of Project Wycheproof say") {
    // A '?' among the base64, which it accepts; and two that it rejects, although they are the same
    // text as a valid one.
    const std::set<std::int64_t> other_result = {372, 373, 367, 370};
    std::ifstream file(WEBHOOKS_SOURCE_FOLDER "/tests/unit/http/wycheproof_jws.txt");
    std::vector<JwtVerifier> keys;
    int valid = 0;
    int invalid = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#')) continue;
        const boost::json::value row = boost::json::parse(line);
        if (const boost::json::object* group = row.if_object()) {
            const auto read =
                read_jwks(R"({"keys":[)" + boost::json::serialize(group->at("key")) + "]}",
                          KeySetOrigin::file);
            keys = read ? *read : std::vector<JwtVerifier>();
            continue;
        }
        const boost::json::array& test = row.as_array();
        const std::int64_t id = test.at(0).as_int64();
        const bool is_valid = test.at(1) == "valid";
        INFO("test " << id);
        const bool is_accepted = verify_jws(test.at(2).as_string(), keys).has_value();
        CHECK(is_accepted == (is_valid != other_result.contains(id)));
        ++(is_valid ? valid : invalid);
    }
    CHECK(valid == 20);
    CHECK(invalid == 296);
}
