#include "config_file.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

namespace server {
namespace {

namespace json = boost::json;
using webhooks::FieldError;

std::string_view expected(Kind kind) {
    switch (kind) {
        case Kind::text:
            return "must be a string";
        case Kind::number:
            return "must be a number";
        case Kind::boolean:
            return "must be true or false";
        case Kind::list:
            return "must be an array of strings";
        case Kind::map:
            return "must be an object of strings";
    }
    return "";
}

std::optional<std::vector<std::string>> list_texts(const json::array& items) {
    std::vector<std::string> texts;
    for (const json::value& item : items) {
        if (!item.is_string()) return {};
        texts.emplace_back(item.get_string());
    }
    return texts;
}

std::optional<std::vector<std::string>> map_texts(const json::object& members) {
    std::vector<std::string> texts;
    for (const auto& [key, value] : members) {
        if (!value.is_string()) return {};
        texts.push_back(std::string(key) + "=" + std::string(value.get_string()));
    }
    return texts;
}

/// A value in the form of a flag's text. Absent: it does not have the option's type.
std::optional<std::vector<std::string>> texts_of(Kind kind, const json::value& value) {
    using Texts = std::vector<std::string>;
    switch (kind) {
        case Kind::text:
            if (value.is_string()) return Texts{std::string(value.get_string())};
            break;
        case Kind::number:
            if (value.is_number()) return Texts{json::serialize(value)};
            break;
        case Kind::boolean:
            if (value.is_bool()) return Texts{value.get_bool() ? "true" : "false"};
            break;
        case Kind::list:
            if (value.is_array()) return list_texts(value.get_array());
            break;
        case Kind::map:
            if (value.is_object()) return map_texts(value.get_object());
            break;
    }
    return {};
}

bool is_section(std::string_view name) {
    return std::ranges::any_of(option_table(), [&](const Option& option) {
        return option.is_in_file() && option.name.starts_with(name) &&
               option.name.substr(name.size()).starts_with('.');
    });
}

/// The members of an object and of the objects in it, each with its lines: more than one if it is
/// given more than once.
using Lines = std::map<std::string, std::vector<int>>;

/// Finds the lines of the members in valid JSON.
class LineFinder {
public:
    explicit LineFinder(std::string_view text) : text_(text) {}

    Lines find() {
        while (at_ < text_.size()) {
            const char c = text_[at_++];
            if (c == '\n') ++line_;
            if (c == '{' || c == '[') path_.emplace_back();
            if (c == '}' || c == ']') path_.pop_back();
            if (c == '"') read_string();
        }
        return std::move(lines_);
    }

private:
    void read_string() {
        const std::size_t begin = at_;
        while (text_[at_] != '"')
            at_ += text_[at_] == '\\' ? 2 : 1;
        const std::string_view name = text_.substr(begin, at_++ - begin);
        if (!text_.substr(std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()))
                 .starts_with(':')) {
            return;
        }
        path_.back() = name;
        std::string path;
        for (const std::string& part : path_)
            path += (path.empty() ? "" : ".") + part;
        lines_[path].push_back(line_);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    int line_ = 1;
    std::vector<std::string> path_;  // the name of the current member, at each depth
    Lines lines_;
};

/// Visits the members of the file and collects their values.
class Reader {
public:
    Reader(const std::string& file, Lines lines, std::vector<FieldError>& errors)
        : file_(file), lines_(std::move(lines)), errors_(errors) {
        for (const auto& [path, found] : lines_) {
            if (found.size() > 1) errors_.push_back({source(path), "is given more than once"});
        }
    }

    void read_members(const json::object& members, const std::string& prefix) {
        for (const auto& [key, value] : members) {
            const bool names_the_schema = prefix.empty() && key == "$schema";
            if (!names_the_schema) read_member(prefix + std::string(key), value);
        }
    }

    std::vector<Given> take() { return std::move(given_); }

private:
    void read_member(const std::string& path, const json::value& value) {
        if (is_section(path)) {
            read_section(path, value);
        } else if (const Option* option = option_by_name(path); option && option->is_in_file()) {
            read_option(*option, path, value);
        } else {
            errors_.push_back({source(path), "there is no such member"});
        }
    }

    void read_section(const std::string& path, const json::value& value) {
        if (value.is_object()) {
            read_members(value.get_object(), path + ".");
        } else {
            errors_.push_back({source(path), "must be an object"});
        }
    }

    void read_option(const Option& option, const std::string& path, const json::value& value) {
        auto texts = texts_of(option.kind, value);
        if (texts) {
            given_.push_back({&option, std::move(*texts), source(path)});
        } else {
            errors_.push_back({source(path), std::string(expected(option.kind))});
        }
    }

    /// The file, and the last line of the member, which is the one that counts.
    std::string source(const std::string& path) const {
        const auto found = lines_.find(path);
        if (found == lines_.end()) return file_ + ": " + path;
        return file_ + ", line " + std::to_string(found->second.back()) + ": " + path;
    }

    const std::string& file_;
    const Lines lines_;
    std::vector<FieldError>& errors_;
    std::vector<Given> given_;
};

std::optional<json::value> parse_json(const std::string& path, std::string_view text,
                                      FieldError& field_error) {
    json::stream_parser parser;
    boost::system::error_code error;
    const std::size_t end = parser.write_some(text.data(), text.size(), error);
    if (!error) parser.finish(error);
    if (!error && text.find_first_not_of(" \t\r\n", end) == std::string_view::npos) {
        return parser.release();
    }
    const auto line = 1 + std::count(text.begin(), text.begin() + end, '\n');
    field_error = {path + ", line " + std::to_string(line), "this is not JSON"};
    return {};
}

std::optional<std::string> read_file(const std::string& path, FieldError& field_error) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        field_error = {path, "is a directory; name a JSON file"};
        return {};
    }
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (file.is_open() && !file.bad() && file.rdbuf()->is_open()) return text;
    field_error = {path, std::string("cannot be read: ") + std::strerror(errno)};
    return {};
}

}  // namespace

std::vector<Given> read_config_file(const std::string& path, std::vector<FieldError>& errors) {
    FieldError field_error;
    auto text = read_file(path, field_error);
    auto value = text ? parse_json(path, *text, field_error) : std::nullopt;
    if (value && !value->is_object()) field_error = {path, "must be a JSON object"};
    if (!field_error.field.empty()) {
        errors.push_back(field_error);
        return {};
    }
    Reader reader(path, LineFinder(*text).find(), errors);
    reader.read_members(value->get_object(), "");
    return reader.take();
}

}  // namespace server
