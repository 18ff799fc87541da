#include <boost/json/basic_parser_impl.hpp>
#include <catalog/duplicates.hpp>
#include <catalog/keywords.hpp>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

namespace webhooks::catalog {
namespace {

namespace json = boost::json;

/// Reads the names of members from the events of Boost.JSON's parser.
class NameHandler {
public:
    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

    std::string take() { return std::move(found_); }

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) { return open(false); }
    bool on_object_end(std::size_t, json::error_code&) { return close(); }
    bool on_array_begin(json::error_code&) { return open(true); }
    bool on_array_end(std::size_t, json::error_code&) { return close(); }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        name_.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code& error) {
        name_.append(part.data(), part.size());
        Level& level = levels_.back();
        level.name = std::exchange(name_, {});
        if (level.names.insert(level.name).second) return true;
        for (const Level& each : levels_) {
            found_ = below(found_, each.is_array ? std::to_string(each.items) : each.name);
        }
        error = json::error::syntax;
        return false;
    }
    bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_string(json::string_view, std::size_t, json::error_code&) { return leaf(); }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, json::error_code&) { return leaf(); }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return leaf(); }
    bool on_double(double, json::string_view, json::error_code&) { return leaf(); }
    bool on_bool(bool, json::error_code&) { return leaf(); }
    bool on_null(json::error_code&) { return leaf(); }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    /// An array or object that has not ended.
    struct Level {
        bool is_array = false;
        std::size_t items = 0;  ///< That have ended.
        std::string name = {};  ///< Of the latest member.
        std::set<std::string> names = {};
    };

    bool open(bool is_array) {
        levels_.push_back({.is_array = is_array});
        return true;
    }
    bool close() {
        levels_.pop_back();
        return leaf();
    }
    bool leaf() {
        if (!levels_.empty()) ++levels_.back().items;
        return true;
    }

    std::vector<Level> levels_;
    std::string name_;  ///< That is being read.
    std::string found_;
};

}  // namespace

std::string find_duplicate(std::string_view text) {
    json::basic_parser<NameHandler> parser(json::parse_options{});
    json::error_code error;
    parser.write_some(false, text.data(), text.size(), error);
    return parser.handler().take();
}

}  // namespace webhooks::catalog
