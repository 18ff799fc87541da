#include <openssl/evp.h>
#include <fstream>
#include <iterator>
#include <portal/assets.hpp>
#include <regex>
#include <sstream>

#include "api_fixture.hpp"

using namespace webhooks;
using namespace webhooks::http;

namespace {

struct PortalFixture : ApiFixture {
    PortalFixture() { open(options); }

    void open(const std::optional<PortalOptions>& portal,
              const std::string& base_path = "/v1/webhooks") {
        api = Api::make(service(), std::make_shared<NameAuthenticator>(),
                        {.base_path = base_path, .portal = portal})
                  .value();
        key.clear();
        content_type.clear();
    }
    Response get(const std::string& path) { return call("GET", path); }
    std::string field(const std::string& path, std::string_view name) {
        return std::string(find_field(get(path).fields, name));
    }

    PortalOptions options{.public_url = "https://hooks.example.com"};
    const std::string hash{portal_assets().hash};
};

std::string file_text(const std::string& path) {
    std::ifstream file(WEBHOOKS_SOURCE_FOLDER "/adapters/http/portal/" + path, std::ios::binary);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string_view asset(std::string_view name) {
    for (const PortalAsset& file : portal_assets().files) {
        if (file.name == name) return file.text;
    }
    FAIL("there is no file " << name);
    return {};
}

std::string sha256_hex(const std::string& bytes) {
    unsigned char digest[32];
    REQUIRE(EVP_Digest(bytes.data(), bytes.size(), digest, nullptr, EVP_sha256(), nullptr) == 1);
    std::string text;
    for (const unsigned char byte : digest) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

/// The detail of the error, or nothing.
std::string error_of(PortalOptions options) {
    const auto valid = options.validate();
    return valid ? "" : valid.error().detail();
}

PortalOptions options_with(std::function<void(PortalOptions&)> change) {
    PortalOptions options{.public_url = "https://hooks.example.com"};
    change(options);
    return options;
}

}  // namespace

TEST_CASE_METHOD(PortalFixture, "without a portal, there is nothing at its paths") {
    open(std::nullopt);
    for (const std::string path : {"/portal", "/portal/", "/portal/brand.css", "/portal/logo",
                                   "/portal/config.json", "/portal/x"}) {
        CHECK(get(path).status == 404);
        CHECK_FALSE(api.serves(path));
    }
    CHECK(get("/portal/assets/" + hash + "/portal.js").status == 404);
}

TEST_CASE_METHOD(PortalFixture, "the page and its files need no credentials") {
    for (const auto& [path, type] : std::map<std::string, std::string>{
             {"/portal/", "text/html; charset=utf-8"},
             {"/portal/assets/" + hash + "/portal.js", "text/javascript; charset=utf-8"},
             {"/portal/assets/" + hash + "/operator.js", "text/javascript; charset=utf-8"},
             {"/portal/assets/" + hash + "/portal.css", "text/css; charset=utf-8"},
             {"/portal/brand.css", "text/css; charset=utf-8"},
             {"/portal/config.json", "application/json; charset=utf-8"}}) {
        INFO(path);
        const Response response = get(path);
        CHECK(response.status == 200);
        CHECK(find_field(response.fields, "content-type") == type);
        CHECK(find_field(response.fields, "x-content-type-options") == "nosniff");
        CHECK(find_field(response.fields, "cross-origin-resource-policy") == "same-origin");
        CHECK(find_field(response.fields, "referrer-policy") == "no-referrer");
        CHECK(count_fields(response.fields, "cache-control") == 1);
        CHECK(call("HEAD", path).omit_body);
        CHECK(call("POST", path).status == 405);
        CHECK(api.serves(path));
    }
    CHECK(get("/portal/x").status == 404);
    CHECK(get("/portal/logo").status == 204);
    CHECK(get("/elsewhere").status == 401);
}

TEST_CASE_METHOD(PortalFixture, "the page may load only what its own server has") {
    const Response page = get("/portal/");
    CHECK(find_field(page.fields, "content-security-policy") ==
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
          "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
          "require-trusted-types-for 'script'; trusted-types 'none'");
    CHECK(find_field(page.fields, "x-frame-options") == "DENY");
    CHECK(find_field(page.fields, "cache-control") == "no-store");
}

TEST_CASE_METHOD(PortalFixture, "only the given origins may show the page in a frame") {
    options.frame_ancestors = {"https://app.example.com:8443", "https://*.example.org"};
    open(options);
    const Response page = get("/portal/");
    const std::string policy(find_field(page.fields, "content-security-policy"));
    CHECK(policy.find("; frame-ancestors https://app.example.com:8443 https://*.example.org; ") !=
          std::string::npos);
    CHECK(count_fields(page.fields, "x-frame-options") == 0);
}

TEST_CASE_METHOD(PortalFixture, "the path without a slash leads to the page, also behind a proxy") {
    const Response response = get("/portal");
    CHECK(response.status == 308);
    CHECK(find_field(response.fields, "location") == "portal/");
    CHECK(find_field(response.fields, "cache-control") == "no-store");
}

TEST_CASE_METHOD(PortalFixture,
                 "all links of the page are relative, and one content has one path") {
    options.brand.logo = "<svg/>";
    open(options);
    const std::string page = get("/portal/").body;
    CHECK(page.find('@') == std::string::npos);
    const std::regex link("(?:src|href)=\"([^\"]*)\"");
    std::size_t files = 0;
    for (std::sregex_iterator at(page.begin(), page.end(), link), end; at != end; ++at) {
        const std::string target = (*at)[1];
        INFO(target);
        if (target.starts_with('#')) continue;
        CHECK(target.find(':') == std::string::npos);
        CHECK_FALSE(target.starts_with('/'));
        CHECK(get("/portal/" + target).status == 200);
        ++files;
    }
    CHECK(files >= 3);
    CHECK(field("/portal/assets/" + hash + "/portal.js", "cache-control") ==
          "public, max-age=31536000, immutable");
    CHECK(get("/portal/assets/0123456789abcdef/portal.js").status == 404);
    CHECK(get("/portal/assets/" + hash + "/other.js").status == 404);
}

TEST_CASE_METHOD(PortalFixture, "the first page takes at most 120 KiB") {
    CHECK(portal_assets().page.size() + asset("portal.js").size() + asset("portal.css").size() <
          120 * 1024);
}

TEST_CASE_METHOD(PortalFixture, "the script has the libraries first, and then the page's own") {
    const std::string script = get("/portal/assets/" + hash + "/portal.js").body;
    const auto at = [&](const char* text) { return script.find(text); };
    CHECK(at(").preact={}") < at(").preactHooks={}"));
    CHECK(at(").preactHooks={}") < at("n.htm=e()"));
    CHECK(at("n.htm=e()") < at("(() => {\n\"use strict\";\n"));
    CHECK(script.ends_with("})();\n"));
    CHECK(script.find("sourceMappingURL") == std::string::npos);
}

TEST_CASE("the files of others are those that their list names") {
    const std::string list = file_text("VENDORED.md");
    const std::regex row("\\| `([a-z.]+)` \\|.*\\| `([0-9a-f]{64})` \\|");
    std::size_t files = 0;
    for (std::sregex_iterator at(list.begin(), list.end(), row), end; at != end; ++at) {
        INFO((*at)[1]);
        CHECK(sha256_hex(file_text("vendor/" + (*at)[1].str())) == (*at)[2].str());
        ++files;
    }
    CHECK(files == 3);
}

TEST_CASE("the page makes no element from text") {
    std::vector<std::string_view> texts = {portal_assets().page};
    for (const PortalAsset& file : portal_assets().files) {
        const bool has_libraries = file.name == "portal.js";
        texts.push_back(file.text.substr(has_libraries ? file.text.find("(() => {\n") : 0));
    }
    for (const std::string_view text : texts) {
        for (const std::string_view word :
             {"innerHTML", "outerHTML", "insertAdjacentHTML", "dangerouslySetInnerHTML",
              "document.write", "eval(", "new Function", "DOMParser", "createContextualFragment"}) {
            INFO(word);
            CHECK(text.find(word) == std::string_view::npos);
        }
    }
}

TEST_CASE_METHOD(PortalFixture, "the page is told what it needs before anyone is known") {
    options.brand.name = "Sh\u00f6p";
    options.brand.home_url = "https://example.com/";
    options.egress_addresses = {"192.0.2.1", "2001:db8::/64"};
    options.show_operator = false;
    open(options, "/api/hooks");
    const Response response = get("/portal/config.json");
    auto config = boost::json::parse(response.body).as_object();
    CHECK(config.at("version").as_string().size() > 0);
    config.erase("version");
    CHECK(config.at("retrySchedule").as_array().size() ==
          service().options().retry_schedule.size());
    config.erase("retrySchedule");
    CHECK(serialize(config) ==
          "{\"apiBase\":\"../api/hooks/\",\"brand\":{\"name\":\"Sh\u00f6p\",\"homeUrl\":"
          "\"https://example.com/\",\"hasLogo\":false},\"appearance\":\"auto\","
          "\"egressAddresses\":[\"192.0.2.1\",\"2001:db8::/64\"],\"showOperator\":false,"
          "\"logWhileDeactivated\":[\"failing\"]}");
    CHECK(find_field(response.fields, "cache-control") == "no-store");
}

TEST_CASE_METHOD(PortalFixture,
                 "text on the brand's color is the more legible of black and white") {
    const auto [accent, css] = GENERATE(table<const char*, const char*>({
        {"", ":root{color-scheme:light dark}\n"},
        {"#1A73e8", ":root{color-scheme:light dark;--accent:#1A73e8;--on-accent:#000000}\n"},
        {"#0b57d0", ":root{color-scheme:light dark;--accent:#0b57d0;--on-accent:#ffffff}\n"},
        {"#ffff00", ":root{color-scheme:light dark;--accent:#ffff00;--on-accent:#000000}\n"},
    }));
    options.brand.accent = accent;
    open(options);
    CHECK(get("/portal/brand.css").body == css);
}

TEST_CASE_METHOD(PortalFixture, "the page is dark if the host says so") {
    options.appearance = PortalAppearance::dark;
    open(options);
    CHECK(get("/portal/brand.css").body == ":root{color-scheme:dark}\n");
    CHECK(get("/portal/config.json").body.find("\"appearance\":\"dark\"") != std::string::npos);
}

TEST_CASE_METHOD(PortalFixture, "a logo that is opened by itself can do nothing") {
    const auto [bytes, type] = GENERATE(table<std::string, const char*>({
        {"\x89PNG\r\n\x1a\n...", "image/png"},
        {"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"},
        {"<?xml version='1.0'?><svg/>", "image/svg+xml"},
    }));
    options.brand.logo = bytes;
    open(options);
    const Response logo = get("/portal/logo");
    CHECK(logo.status == 200);
    CHECK(logo.body == bytes);
    CHECK(find_field(logo.fields, "content-type") == type);
    CHECK(find_field(logo.fields, "content-security-policy") ==
          "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    CHECK(get("/portal/config.json").body.find("\"hasLogo\":true") != std::string::npos);
}

TEST_CASE("a member of the portal's options that is invalid is named") {
    CHECK(error_of({.public_url = "http://127.0.0.1:8080/hooks/"}).empty());
    for (const char* url :
         {"", "hooks.example.com", "ftp://example.com", "https://a.example/?x",
          "https://a.example/#x", "https://u:p@a.example", "javascript:alert(1)"}) {
        INFO(url);
        CHECK(error_of({.public_url = url}).starts_with("public_url: "));
        if (*url == '\0' || std::string_view(url).find('?') != std::string_view::npos) continue;
        CHECK(error_of(options_with([&](auto& o) {
                  o.brand.home_url = url;
              })).starts_with("brand.home_url: "));
    }
    for (const char* origin :
         {"http://a.example", "https://a.example/", "https://a.example/x", "https://*", "*",
          "'self'", "https://a.example; script-src *", "https://a.example https://b.example",
          "https://*.*.example", "https://a.example:0", "https://*.192.0.2.1",
          "https://a.example\r\nX: y"}) {
        INFO(origin);
        CHECK(error_of(options_with([&](auto& o) {
                  o.frame_ancestors = {origin};
              })).starts_with("frame_ancestors: "));
    }
    CHECK_FALSE(error_of(options_with([](auto& o) {
                    o.frame_ancestors.assign(21, "https://a.example");
                })).empty());
    for (const char* color : {"red", "#12345", "#1234567", "#12345g", "#12;}a"}) {
        CHECK(error_of(options_with([&](auto& o) {
                  o.brand.accent = color;
              })).starts_with("brand.accent"));
    }
    for (const std::string& name : {std::string(65, 'a'), std::string("a\nb"), std::string("\xff"),
                                    std::string("\xed\xa0\x80"), std::string("a\0b", 3)}) {
        CHECK(error_of(options_with([&](auto& o) {
                  o.brand.name = name;
              })).starts_with("brand.name: "));
    }
    CHECK(error_of(options_with([](auto& o) {
              for (int i = 0; i < 64; ++i)
                  o.brand.name += "\u00fc";
          })).empty());
    CHECK(error_of(options_with([](auto& o) {
              o.brand.logo = "GIF89a";
          })).starts_with("brand.logo: "));
    CHECK(error_of(options_with([](auto& o) {
              o.brand.logo = "<svg>" + std::string(65'536, ' ');
          })) == "brand.logo: must be at most 64 KiB");
    for (const std::string& address : {std::string(), std::string(65, '1'), std::string("a\tb")}) {
        CHECK(error_of(options_with([&](auto& o) {
                  o.egress_addresses = {address};
              })).starts_with("egress_addresses: "));
    }
    CHECK(ApiOptions{.portal = PortalOptions{}}.validate().error().detail().starts_with(
        "portal.public_url: "));
}
