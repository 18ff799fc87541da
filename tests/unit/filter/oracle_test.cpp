// Random filters on random payloads, judged by an oracle that knows neither the grammar nor the
// evaluator: each condition is built as its text together with a function that decides it on a
// model of the payload, by the table in docs/payload-filters.md.

#include <filter/payload_filter.hpp>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <support/catch.hpp>
#include <vector>

namespace webhooks::filter {
namespace {

using Truth = std::optional<bool>;

struct Json {
    enum class Kind { null, boolean, number, text, array, object };

    Kind kind = Kind::null;
    int number = 0;  ///< In tenths; of a boolean 0 or 1.
    std::string text = {};
    std::vector<std::pair<std::string, Json>> children = {};  ///< Items have empty names.
};

using Kind = Json::Kind;

/// What a term is; absent as null, and `is_unknown` a function of what is no text.
struct Term {
    Json value = {};
    bool is_unknown = false;
};

/// A payload, and the items that variables stand for.
using Scope = std::map<std::string, const Json*>;

template <class T>
struct Built {
    std::string text;
    std::function<T(const Scope&)> decide;
};

Truth negated(Truth truth) {
    return truth ? Truth(!*truth) : truth;
}

Truth equal(const Term& left, const Term& right) {
    if (left.is_unknown || right.is_unknown) return std::nullopt;
    const Json& a = left.value;
    const Json& b = right.value;
    const bool is_whole = a.kind == Kind::array || a.kind == Kind::object;
    if (a.kind != b.kind || is_whole) return false;
    return a.number == b.number && a.text == b.text;
}

/// -1, 0, 1; absent: they have no order.
std::optional<int> order_of(const Term& left, const Term& right) {
    const Json& a = left.value;
    const Json& b = right.value;
    const bool has_order = a.kind == Kind::number || a.kind == Kind::text;
    if (left.is_unknown || right.is_unknown || a.kind != b.kind || !has_order) return std::nullopt;
    if (a.kind == Kind::number) return a.number < b.number ? -1 : a.number > b.number;
    const int compared = a.text.compare(b.text);
    return compared < 0 ? -1 : compared > 0;
}

class Generator {
public:
    explicit Generator(unsigned seed) : random_(seed) {}

    Json payload(int depth = 0) {
        const int kind = below(depth < 3 ? 6 : 4);
        Json json{.kind = static_cast<Kind>(kind)};
        if (json.kind == Kind::boolean) json.number = below(2);
        if (json.kind == Kind::number) json.number = below(40) - 10;
        if (json.kind == Kind::text) json.text = pick({"", "a", "B", "ab", "1"});
        if (kind < 4) return json;
        for (int i = below(4); i > 0; --i) {
            const bool is_object = json.kind == Kind::object;
            json.children.emplace_back(is_object ? pick({"a", "b", "c"}) : "", payload(depth + 1));
        }
        return json;
    }

    std::string text_of(const Json& json) {
        switch (json.kind) {
            case Kind::null:
                return "null";
            case Kind::boolean:
                return json.number != 0 ? "true" : "false";
            case Kind::number:
                return number(json.number);
            case Kind::text:
                return '"' + json.text + '"';
            default:
                break;
        }
        std::string text;
        for (const auto& [name, child] : json.children) {
            if (!text.empty()) text += ',';
            if (json.kind == Kind::object) text += '"' + name + "\":";
            text += text_of(child);
        }
        return json.kind == Kind::object ? "{" + text + "}" : "[" + text + "]";
    }

    Built<Truth> filter(int depth = 0) {
        const int kind = below(depth < 4 ? 10 : 6);
        if (kind < 3) return comparison();
        if (kind == 3) return bare();
        if (kind == 4) return membership();
        if (kind == 5) return existence();
        if (kind == 6) {
            Built<Truth> inner = filter(depth + 1);
            return {"not (" + inner.text + ")",
                    [inner](const Scope& scope) { return negated(inner.decide(scope)); }};
        }
        if (kind == 7 && variables_.size() < 2) return lambda(depth);
        return joined(depth, below(2) == 0);
    }

private:
    int below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }
    std::string pick(std::vector<std::string> from) {
        return from[static_cast<std::size_t>(below(static_cast<int>(from.size())))];
    }

    /// One of several spellings of a number of tenths.
    std::string number(int tenths) {
        const std::string whole = std::to_string(tenths);
        if (below(3) == 0) return whole + "e-1";
        const std::string sign = tenths < 0 ? "-" : "";
        const int size = std::abs(tenths);
        std::string text = sign + std::to_string(size / 10);
        if (size % 10 != 0 || below(2) == 0) text += "." + std::to_string(size % 10);
        return text + (below(3) == 0 ? "e0" : "");
    }

    Built<const Json*> path() {
        std::vector<std::string> roots = variables_;
        roots.emplace_back("payload");
        const std::string root = pick(roots);
        std::string text = root;
        std::vector<std::string> segments;
        for (int i = below(3); i > 0; --i) {
            segments.push_back(pick({"a", "b", "c", "0", "1"}));
            text += "/" + segments.back();
        }
        return {text, [root, segments](const Scope& scope) {
                    const Json* at = scope.at(root);
                    for (const std::string& segment : segments) {
                        const Json* next = nullptr;
                        const bool is_index = segment < "a";
                        if (is_index && at->kind == Kind::array) {
                            const auto place = static_cast<std::size_t>(segment[0] - '0');
                            if (place < at->children.size()) next = &at->children[place].second;
                        } else if (!is_index && at->kind == Kind::object) {
                            for (const auto& [name, child] : at->children)
                                if (name == segment) next = &child;
                        }
                        if (!next) return next;
                        at = next;
                    }
                    return at;
                }};
    }

    Built<Term> literal() {
        Json json = payload(3);
        std::string text = json.kind == Kind::text ? "'" + json.text + "'" : text_of(json);
        return {text, [json](const Scope&) { return Term{.value = json}; }};
    }

    Built<Term> term() {
        const Built<const Json*> found = path();
        const int function = below(4);
        if (function > 1) {
            return {found.text, [found](const Scope& scope) {
                        const Json* json = found.decide(scope);
                        return json ? Term{.value = *json} : Term{};
                    }};
        }
        return {(function == 0 ? "tolower(" : "length(") + found.text + ")",
                [found, function](const Scope& scope) {
                    const Json* json = found.decide(scope);
                    Term term;
                    term.is_unknown = !json || json->kind != Kind::text;
                    if (term.is_unknown) return term;
                    if (function == 1) {
                        term.value.kind = Kind::number;
                        term.value.number = 10 * static_cast<int>(json->text.size());
                        return term;
                    }
                    term.value = *json;
                    for (char& c : term.value.text)
                        if (c == 'B') c = 'b';
                    return term;
                }};
    }

    Built<Truth> comparison() {
        const Built<Term> left = term();
        Built<Term> right = below(3) == 0 ? term() : literal();
        const bool is_null = right.text == "null";
        const std::string name =
            is_null ? pick({"eq", "ne"}) : pick({"eq", "ne", "lt", "le", "gt", "ge"});
        return {left.text + " " + name + " " + right.text, [=](const Scope& scope) -> Truth {
                    const Term a = left.decide(scope);
                    const Term b = right.decide(scope);
                    if (name == "eq") return equal(a, b);
                    if (name == "ne") return negated(equal(a, b));
                    const std::optional<int> sign = order_of(a, b);
                    if (!sign) return std::nullopt;
                    if (name == "lt") return *sign < 0;
                    if (name == "le") return *sign <= 0;
                    return name == "gt" ? *sign > 0 : *sign >= 0;
                }};
    }

    Built<Truth> bare() {
        const Built<const Json*> found = path();
        return {found.text, [found](const Scope& scope) -> Truth {
                    const Json* json = found.decide(scope);
                    if (!json || json->kind != Kind::boolean) return std::nullopt;
                    return json->number != 0;
                }};
    }

    Built<Truth> membership() {
        const Built<Term> left = term();
        std::vector<Built<Term>> list;
        std::string text;
        while (list.size() < 3) {
            Built<Term> item = literal();
            if (item.text == "null") continue;
            text += (list.empty() ? "" : ",") + item.text;
            list.push_back(std::move(item));
        }
        return {left.text + " in (" + text + ")", [left, list](const Scope& scope) -> Truth {
                    const Term wanted = left.decide(scope);
                    if (wanted.is_unknown) return std::nullopt;
                    for (const Built<Term>& item : list)
                        if (equal(wanted, item.decide(scope)) == true) return true;
                    return false;
                }};
    }

    Built<Truth> existence() {
        const Built<const Json*> found = path();
        return {"exists(" + found.text + ")",
                [found](const Scope& scope) -> Truth { return found.decide(scope) != nullptr; }};
    }

    Built<Truth> lambda(int depth) {
        const Built<const Json*> found = path();
        const bool is_any = below(2) == 0;
        const std::string variable = variables_.empty() ? "x" : "y";
        variables_.push_back(variable);
        const Built<Truth> inner = filter(depth + 1);
        variables_.pop_back();
        const std::string name = is_any ? "/any(" : "/all(";
        return {found.text + name + variable + ": " + inner.text + ")",
                [=](const Scope& scope) -> Truth {
                    const Json* array = found.decide(scope);
                    std::vector<Truth> parts;
                    if (array && array->kind == Kind::array) {
                        for (const auto& [none, item] : array->children) {
                            Scope within = scope;
                            within[variable] = &item;
                            parts.push_back(inner.decide(within));
                        }
                    }
                    return combined(parts, is_any);
                }};
    }

    Built<Truth> joined(int depth, bool is_or) {
        const Built<Truth> left = filter(depth + 1);
        const Built<Truth> right = filter(depth + 1);
        return {"(" + left.text + (is_or ? " or " : " and ") + right.text + ")",
                [=](const Scope& scope) {
                    return combined({left.decide(scope), right.decide(scope)}, is_or);
                }};
    }

    static Truth combined(const std::vector<Truth>& parts, bool decisive) {
        Truth result = !decisive;
        for (const Truth& part : parts) {
            if (part == decisive) return decisive;
            if (!part) result = part;
        }
        return result;
    }

    std::mt19937 random_;
    std::vector<std::string> variables_;
};

}  // namespace

TEST_CASE("random filters are judged as by an oracle") {
    int known = 0;
    for (unsigned seed = 1; seed <= 4000; ++seed) {
        Generator generator(seed);
        const Json payload = generator.payload();
        const std::string text = generator.text_of(payload);
        const Built<Truth> built = generator.filter();
        INFO(seed << ": " << built.text << " on " << text);
        auto parsed = PayloadFilter::parse(built.text);
        const auto* error = std::get_if<query::SyntaxError>(&parsed);
        REQUIRE((error ? error->message() : "") == "");
        const auto document = JsonDocument::parse(text);
        REQUIRE(document);
        const Truth expected = built.decide({{"payload", &payload}});
        const Truth judged =
            std::get<PayloadFilter>(parsed).judge({.event_type = "t", .payload = &*document});
        REQUIRE(judged == expected);
        if (judged) ++known;
    }
    CHECK(known > 1000);
}

}  // namespace webhooks::filter
