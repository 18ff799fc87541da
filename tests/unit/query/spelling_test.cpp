#include <query/plan.hpp>
#include <support/catch.hpp>
#include <unit/query/repeated.hpp>
#include <webhooks/query.hpp>
#include <webhooks/subscription.hpp>
#include <webhooks/testing/storage_contract/query_twins.hpp>

namespace webhooks {
namespace {

/// The errors of the parameters of a list of subscriptions; "fine" if there are none.
std::string verdict(const ListQueryText& text) {
    const Result<ListQuery> query = ListQuery::parse(text, ListKind::subscriptions);
    return query ? "fine" : query.error().detail();
}

std::string filtered(const std::string& filter) {
    const std::string text = verdict({.filter = filter});
    return text.starts_with("filter: ") ? text.substr(8) : text;
}

/// The value that a filter compares `name` with.
std::string compared_text(const std::string& literal) {
    const Result<ListQuery> query =
        ListQuery::parse({.filter = "name == " + literal}, ListKind::subscriptions);
    if (!query) return query.error().detail();
    const query::Plan plan = query::make_plan(*query, ListKind::subscriptions).value();
    return std::get<std::string>(plan.condition->operands[1].value);
}

}  // namespace

TEST_CASE("words and operators have the same precedence, in any mix") {
    const auto [filter, same] = GENERATE(table<const char*, const char*>({
        {"id=1||id=2&&id=3", "id eq 1 or (id eq 2 and id eq 3)"},
        {"id=1 or id=2&&id=3", "id eq 1 or (id eq 2 and id eq 3)"},
        {"id=1||id=2 and id=3", "id eq 1 or (id eq 2 and id eq 3)"},
        {"!isActive&&id=1", "(not isActive) and id eq 1"},
        {"not isActive OrElse id=1", "(not isActive) or id eq 1"},
        {"! (isActive)", "not isActive"},
        {"isActive\r\n && id = 1\n || id = 2", "isActive and id eq 1 or id eq 2"},
        {"!!isActive", "not not isActive"},
        {"!not isActive", "not not isActive"},
        {"1=id", "1 eq id"},
        {"id>-1&&id<+2", "id gt -1 and id lt 2"},
        {"TRUE==isactive", "true eq isActive"},
        {"name.contains(\"a\")", "contains(name,'a')"},
        {"CONTAINS(NAME,\"a\")", "contains(name,'a')"},
        {"tolower(name).ToUpper()==\"A\"", "toupper(tolower(name)) eq 'A'"},
        {"tolower(name.ToUpper())==\"a\"", "tolower(toupper(name)) eq 'a'"},
        {"\"AB\".ToLower()==name", "tolower('AB') eq name"},
        {"name . Contains ( \"a\" )", "contains(name,'a')"},
        {"id IN (1,2) && name Not In (\"a\")", "id in (1,2) and not (name in ('a'))"},
        {"createdAt in (DateTime(2026,11,1), \"2026-11-02\")",
         "createdAt in (2026-11-01,2026-11-02)"},
        {"np(np(name))==\"a\"", "name eq 'a'"},
        {"np(name.ToLower())==\"a\"", "tolower(name) eq 'a'"},
        {"STRING.isnullorempty(np(it.name))", "name eq null or name eq ''"},
    }));
    INFO(filter);
    std::vector<Subscription> rows(4);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].id = {static_cast<std::int64_t>(i) + 1};
        rows[i].name = std::vector<std::string>{"", "a", "A", "ab"}[i];
        rows[i].is_active = i % 2 == 0;
        rows[i].created_at =
            Time(std::chrono::sys_days(std::chrono::November / static_cast<int>(i + 1) / 2026));
    }
    const auto ids = [&](const char* text) {
        std::string all;
        const ListQuery query = ListQuery::parse({.filter = text}, ListKind::subscriptions).value();
        for (const Subscription& row : evaluate(query, rows).value().items) {
            all += std::to_string(row.id.value);
        }
        return all;
    };
    CHECK(filtered(filter) == "fine");
    CHECK(ids(filter) == ids(same));
}

TEST_CASE("text in double quotes has escapes, text in single ones doubles its quotes") {
    const auto [literal, text] = GENERATE(table<const char*, const char*>({
        {R"("")", ""},
        {R"("it's")", "it's"},
        {R"('it''s "so"')", "it's \"so\""},
        {R"("\"\\\n\r\t")", "\"\\\n\r\t"},
        {R"('\n')", "\\n"},
        {R"("\u0041\u00e9\u20AC\uD83D\ude00")", "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
        {R"("\uD7FF\uE000\uFFFF")", "\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"},
        {R"("\uDBFF\uDFFF")", "\xF4\x8F\xBF\xBF"},
        {"\"\xC3\xA9\"", "\xC3\xA9"},
        {R"("a)", "filter: a string that is not closed at character 9; end it with a double quote"},
        {R"("a\")",
         "filter: a string that is not closed at character 9; end it with a double quote"},
        {R"('a")",
         "filter: a string that is not closed at character 9; end it with a single quote"},
        {"\"\xC3\xA9\\q\"",
         R"(filter: an unknown escape at character 11; there are \" \\ \n \r \t \uXXXX)"},
        {R"("\'")",
         R"(filter: an unknown escape at character 10; there are \" \\ \n \r \t \uXXXX)"},
        {R"("\x41")",
         R"(filter: an unknown escape at character 10; there are \" \\ \n \r \t \uXXXX)"},
        {R"("\u12")",
         R"(filter: an escape without four hexadecimal digits at character 10; as in \u00E9)"},
        {R"("\u12G4")",
         R"(filter: an escape without four hexadecimal digits at character 10; as in \u00E9)"},
        {R"("ab\uD83D")", R"(filter: half a surrogate pair at character 12; as in \uD83D\uDE00)"},
        {R"("\uD83Dx")", R"(filter: half a surrogate pair at character 10; as in \uD83D\uDE00)"},
        {R"("\uD83D\u0041")",
         R"(filter: half a surrogate pair at character 10; as in \uD83D\uDE00)"},
        {R"("\uDE00")", R"(filter: half a surrogate pair at character 10; as in \uD83D\uDE00)"},
        {R"("\u0000")", "filter: U+0000 cannot be in a value at character 10"},
        {R"("a""b")",
         "filter: a string after a string at character 12; a double quote in double quotes is "
         "written \\\""},
    }));
    INFO(literal);
    CHECK(compared_text(literal) == text);
}

TEST_CASE("a value has 1024 bytes after its escapes are read") {
    const std::string full = repeated("\\n", 900) + repeated("a", 124);
    CHECK(compared_text("\"" + full + "\"").size() == 1024);
    CHECK(compared_text("\"" + full + "a\"") ==
          "filter: a value of more than 1024 bytes at character 9");
}

TEST_CASE("unsupported features are named, with what to write instead") {
    const char* const arithmetic =
        "arithmetic is not supported at character {}; compare a field with a value, as in id gt "
        "500";
    const char* const values = "; write the value itself: 'text', 12, true, 2026-01-31T09:05:00Z";
    const char* const conditional =
        "'?:' is not supported at character {}; join conditions by 'and' and 'or'";
    const char* const types =
        "types other than DateTime and DateTimeOffset are not supported at character {}";
    const char* const lambda =
        "lambdas are not supported at character {}; name a field and compare it: name eq 'x'";
    const char* const indexer =
        "indexers and arrays are not supported at character {}; a list is written name in "
        "('a','b')";
    const auto message = [](std::string text, int position, const char* hint = "") {
        const std::size_t at = text.find("{}");
        return text.replace(at, 2, std::to_string(position)) + hint;
    };
    const std::pair<const char*, std::string> rows[] = {
        {"id + 1 > 3", message(arithmetic, 4)},
        {"id+1>3", message(arithmetic, 3)},
        {"id -1 > 3", message(arithmetic, 4)},
        {"id > 3 * 2", message(arithmetic, 8)},
        {"3 + id > 1", message(arithmetic, 3)},
        {"-id > 1", message(arithmetic, 1)},
        {"id % 2 == 0", message(arithmetic, 4)},
        {"id mod 2 eq 0", message(arithmetic, 4)},
        {"name + \"x\" == \"yx\"", message(arithmetic, 6)},
        {"3+id > 1",
         "neither a number nor a timestamp: '3+id' at character 1; arithmetic is not supported"},
        {"id / 2 > 1",
         "'/' is not supported at character 4; compare a field with a value, as in id gt 500"},
        {"isActive ? true : false", message(conditional, 10)},
        {"iif(isActive, true, false)", message(conditional, 1)},
        {"name ?? \"x\" == \"x\"",
         "'?\?' is not supported at character 6; test for absence: eq null"},
        {"name?.Length > 1",
         "'?.' is not supported at character 5; write a point alone: a function of null leaves the "
         "row out"},
        {"name[0] == 'c'", message(indexer, 5)},
        {"new[] {\"a\"}.Contains(name)",
         "'new' is not supported in a filter at character 1; a list is written name in ('a','b'), "
         "a time DateTime(2026,11,1)"},
        {"new DateTime(2026,1,1) < createdAt",
         "'new' is not supported in a filter at character 1; a list is written name in ('a','b'), "
         "a time DateTime(2026,11,1)"},
        {"x => x.Name == \"a\"", message(lambda, 3, "; 'at least' is '>=' or ge")},
        {"webhookEvents.Any(isActive)", message(lambda, 15)},
        {"it == null",
         "'it' without a field is not supported at character 1; name a field and compare it: name "
         "eq 'x'"},
        {"it[\"Name\"] == \"x\"",
         "'it' without a field is not supported at character 1; name a field and compare it: name "
         "eq 'x'"},
        {"name == @0", message("parameters are not supported at character {}", 9, values)},
        {"Guid(\"x\") == name", message(types, 1, values)},
        {"Int32.Parse(\"5\") == id", message(types, 1, values)},
        {"id > 10L",
         "neither a number nor a timestamp: '10L' at character 6; write numbers without a suffix"},
        {"createdAt > DateTime.UtcNow",
         "unknown member 'UtcNow' of 'DateTime' at character 22; write the time itself: "
         "2026-01-31T09:05:00Z"},
        {"createdAt > DateTime(2026,2,29)", "no such time: '2026-02-29T00:00:00Z' at character 13"},
        {"createdAt > DateTime(2026,11)",
         "DateTime takes a year, a month and a day, or these and hour, minute and second at "
         "character 13"},
        {"createdAt > DateTime(2026,11,1,0,0,0,5)",
         "DateTime takes a year, a month and a day, or these and hour, minute and second at "
         "character 13"},
        {"createdAt > DateTime(-1,1,1)", message(arithmetic, 22)},
        {"createdAt > DateTime(1.5,1,1)", "expected a whole number, found '1.5' at character 22"},
        {"createdAt > DateTimeOffset(2026,11,1)",
         "expected a timestamp in quotes, found '2026' at character 28"},
        {"createdAt > DateTime.Parse(\"today\")",
         "'today' is no timestamp at character 28; write it as 2026-01-31T09:05:00Z"},
        {"isActive & isActive", "'&' is not supported at character 10; write 'and' or '&&'"},
        {"isActive | isActive", "'|' is not supported at character 10; write 'or' or '||'"},
        {"name.Equals(\"x\")", "'Equals' is not supported at character 6; compare by eq or =="},
        {"id.HasValue", "'HasValue' is not supported at character 4; compare the field: ne null"},
        {"id.Value > 5", "'Value' is not supported at character 4; name the field alone"},
        {"name.Trim() == \"x\"",
         "unknown member 'Trim' at character 6; text has Contains, StartsWith, EndsWith, ToLower, "
         "ToUpper, Length; a time is compared with a time; a member of an object is one word, as "
         "objectId"},
        {"name.Contains(\"x\", StringComparison.Ordinal)",
         "expected one string at character 18; to ignore case: contains(tolower(name),'x')"},
        {"name.Contains(url)", "expected a string in quotes, found 'url' at character 15"},
        {"name.", "expected a member at character 6"},
        {"name.Length()", "expected a comparison, found '(' at character 12"},
        {"string.IsNullOrWhiteSpace(name)",
         "unknown member 'IsNullOrWhiteSpace' of 'string' at character 8; there is IsNullOrEmpty; "
         "the empty text is ''"},
        {"string.IsNullOrEmpty(name.ToLower())",
         "IsNullOrEmpty takes a field alone at character 22"},
        {"string.IsNullOrEmpty(\"x\")", "IsNullOrEmpty takes a field alone at character 22"},
        {"string.IsNullOrEmpty(id)", "cannot compare a number with text at character 1"},
    };
    for (const auto& [filter, expected] : rows) {
        INFO(filter);
        CHECK(filtered(filter) == expected);
    }
}

TEST_CASE("what the two languages interpret differently is rejected") {
    const char* const compared =
        "; join comparisons by 'and'; a test or a boolean needs no 'eq true', and 'not' in place "
        "of 'eq false'";
    const std::pair<const char*, std::string> rows[] = {
        {"!id == 1",
         "'!' takes a group, a test or a boolean at character 2; put the comparison in "
         "parentheses"},
        {"not id eq 1",
         "'not' takes a group, a test or a boolean at character 5; put the comparison in "
         "parentheses"},
        {"!isActive == true",
         "'!' takes a group, a test or a boolean at character 2; put the comparison in "
         "parentheses"},
        {"!name in (\"a\")",
         "'!' takes a group, a test or a boolean at character 2; put the comparison in "
         "parentheses"},
        {"1 < id < 5", std::string("a condition cannot be compared at character 8") + compared},
        {"(name) == \"x\"",
         "a name in parentheses is a condition, which cannot be compared at character 8; leave out "
         "its parentheses"},
        {"np(name,\"\") == \"x\"",
         "'np' takes one value at character 8; write the name alone, and what is absent as: or x "
         "eq "
         "null"},
        {"createdAt.Year == 2026",
         "parts of a time are not supported at character 11; compare it with times: x ge "
         "2026-01-01 and x lt 2027-01-01, where x is the time"},
        {"name.Contains(\"x\") == true",
         std::string("a condition cannot be compared at character 20") + compared},
        {"(isActive) == true",
         "a name in parentheses is a condition, which cannot be compared at character 12; leave "
         "out its parentheses"},
        {"((isActive) in (true))",
         "a name in parentheses is a condition, which cannot be compared at character 13; leave "
         "out its parentheses"},
        {"name == name.Contains(\"x\")", "a value is needed, not a condition at character 9"},
        {"tolower(contains(name,'x')) eq 'x'", "a value is needed, not a condition at character 9"},
        {"name.Contains(\"x\").Length", "a condition has no members at character 19"},
    };
    for (const auto& [filter, expected] : rows) {
        INFO(filter);
        CHECK(filtered(filter) == expected);
    }
}

TEST_CASE("words need spaces around them, operators do not") {
    CHECK(filtered("isActive&&name==\"x\"||id>1") == "fine");
    CHECK(filtered("name==\"x\"and isActive") == "expected a blank before 'and' at character 10");
    CHECK(filtered("isActive and!isActive") == "expected a blank after 'and' at character 13");
    CHECK(filtered("name eq\"x\"") == "expected a blank after 'eq' at character 8");
    CHECK(filtered("name in(\"x\")") == "expected a blank after 'in' at character 8");
    CHECK(filtered("\"x\"not in (\"x\")") == "expected a blank before 'not' at character 4");
    CHECK(filtered("not!isActive") == "expected a blank or '(', found '!' at character 4");
    CHECK(filtered("isActive && ") == "expected a field or a value at character 13");
    CHECK(filtered("isActive &") == "'&' is not supported at character 10; write 'and' or '&&'");
    CHECK(filtered("isActive\t") == "a blank at the end at character 9");
}

TEST_CASE("limits hold in either spelling") {
    CHECK(filtered("name.ToLower().ToUpper().ToLower().Length > 1") == "fine");
    CHECK(filtered("name.ToLower().ToUpper().ToLower().ToUpper().Length > 1") ==
          "more than 4 calls in a chain at character 45");
    CHECK(filtered(repeated("!", 16) + "isActive") == "fine");
    CHECK(filtered(repeated("!", 17) + "isActive") == "nested more than 16 deep at character 18");
    CHECK(filtered(repeated("!", 16) + "name.ToLower().Contains(\"x\")") ==
          "nested more than 16 deep at character 17");
    CHECK(filtered(repeated("np(", 16) + "name" + repeated(")", 16) + "=\"x\"") == "fine");
    CHECK(filtered(repeated("np(", 17) + "name" + repeated(")", 17) + "=\"x\"") ==
          "nested more than 16 deep at character 49");
    CHECK(filtered("true" + repeated("||true", 63)) == "fine");
    CHECK(filtered("true" + repeated("||true", 64)) == "more than 64 conditions at character 385");
    // Two conditions, like the other form.
    const std::string absent = "||string.IsNullOrEmpty(name)";
    CHECK(filtered("true||true" + repeated(absent, 31)) == "fine");
    CHECK(filtered("true||true||true" + repeated(absent, 31)).starts_with("more than 64"));
}

TEST_CASE("sort, select and include accept both spellings") {
    const auto [text, expected] = GENERATE(table<ListQueryText, const char*>({
        {{.sort = "CreatedAt descending, Id"}, "fine"},
        {{.sort = "it.Name ASCENDING,it.Id"}, "fine"},
        {{.sort = "name down"}, "sort: expected 'asc' or 'desc', found 'down' at character 6"},
        {{.sort = "id,name  asc , url Up"},
         "sort: expected 'asc' or 'desc', found 'up' at character 20"},
        {{.sort = "name descending desc"}, "sort: expected ',', found 'desc' at character 17"},
        {{.sort = "new(Name)"}, "sort: expected ',', found '(' at character 4"},
        {{.sort = "name+1"}, "sort: expected ',', found '+1' at character 5"},
        {{.select = "new(Id, Name, Url)"}, "fine"},
        {{.select = "New ( it.Id )"}, "fine"},
        {{.select = "new(Id as X)"},
         "select: 'as' is not supported at character 8; members keep their names: id,name"},
        {{.select = "id as X"},
         "select: 'as' is not supported at character 4; members keep their names: id,name"},
        {{.select = "new { Id }"},
         "select: braces are not supported at character 5; write new(id,name) or id,name"},
        {{.select = "new(Id"}, "select: expected ',' or ')' at character 7"},
        {{.select = "new()"}, "select: expected a field, found ')' at character 5"},
        {{.select = "new(*)"}, "select: expected a field, found '*' at character 5"},
        {{.select = "new(Id),name"}, "select: expected ',', found ',' at character 8"},
        {{.include = "WebhookEvents"}, "fine"},
        {{.include = "events"},
         "include: unknown relation 'events' at character 1; there is webhookEvents"},
        {{.count = "True"}, "fine"},
        {{.count = "no"}, "count: must be true or false"},
    }));
    INFO(text.sort.value_or("") + text.select.value_or(""));
    CHECK(verdict(text) == expected);
}

TEST_CASE("an unknown field gets a suggestion, or a list of all fields") {
    CHECK(filtered("Level=\"Warning\"") ==
          "unknown field 'Level' at character 1; there are id, name, eventType, url, "
          "maxRetryCount, isActive, userId, createdAt, updatedAt, failingSince, pausedUntil, "
          "deactivationReason, operatorScope, filter, delivery");
    CHECK(filtered("IsActiv == true") ==
          "unknown field 'IsActiv' at character 1; did you mean 'isActive'?");
}

TEST_CASE("what is included is shown, whatever is selected") {
    const auto selected = [](const char* select) {
        return ListQuery::parse({.select = select, .include = "WebhookEvents"},
                                ListKind::subscriptions)
            .value()
            .select;
    };
    CHECK(selected("new(Id)") == std::vector<std::string>{"id", "webhookEvents"});
    CHECK(selected("webhookEvents,id") == std::vector<std::string>{"id", "webhookEvents"});
    CHECK(selected("*").empty());
}

TEST_CASE("both spellings select and include the same") {
    for (const auto& [dynamic, odata] : testing::storage_contract::subscription_twins) {
        const auto left = ListQuery::parse(dynamic, ListKind::subscriptions).value();
        const auto right = ListQuery::parse(odata, ListKind::subscriptions).value();
        CHECK(left.select == right.select);
        CHECK(left.include_events == right.include_events);
    }
}

}  // namespace webhooks
