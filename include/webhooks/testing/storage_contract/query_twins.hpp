#pragma once

#include <vector>
#include <webhooks/query.hpp>

namespace webhooks::testing::storage_contract {
namespace {

/// A query in the spelling of System.Linq.Dynamic.Core, and the same in OData's.
struct QueryTwins {
    ListQueryText dynamic;
    ListQueryText odata;
};

const std::vector<QueryTwins> subscription_twins = {
    {{.filter = "IsActive == true"}, {.filter = "isActive eq true"}},
    {{.filter = "IsActive"}, {.filter = "isActive"}},
    {{.filter = "!IsActive"}, {.filter = "not isActive"}},
    {{.filter = R"(Name != "x" && MaxRetryCount >= 3)"},
     {.filter = "name ne 'x' and maxRetryCount ge 3"}},
    {{.filter = R"(Name.StartsWith("a") || Name.EndsWith("z"))"},
     {.filter = "startswith(name,'a') or endswith(name,'z')"}},
    {{.filter = R"(Name.ToLower().Contains("order"))"},
     {.filter = "contains(tolower(name),'order')"}},
    {{.filter = R"(IsActive == true && Name.Contains("order"))"},
     {.filter = "isActive eq true and contains(name,'order')"}},
    {{.filter = "Name.Length > 1"}, {.filter = "length(name) gt 1"}},
    {{.filter = "CreatedAt >= DateTime(2026,1,1)"}, {.filter = "createdAt ge 2026-01-01"}},
    {{.filter = "UpdatedAt > DateTime(2026,1,1,0,0,5)"},
     {.filter = "updatedAt gt 2026-01-01T00:00:05Z"}},
    {{.filter = R"(CreatedAt >= "2026-01-01T00:00:01Z")"},
     {.filter = "createdAt ge 2026-01-01T00:00:01Z"}},
    {{.filter = R"(CreatedAt <= DateTimeOffset("2026-01-01T02:00:03+02:00"))"},
     {.filter = "createdAt le 2026-01-01T02:00:03+02:00"}},
    {{.filter = R"(CreatedAt > DateTime.Parse("2026-01-01T00:00:02Z"))"},
     {.filter = "createdAt gt 2026-01-01T00:00:02Z"}},
    {{.filter = R"(name eq "abc" and EventType.Contains('a'))"},
     {.filter = "name eq 'abc' and contains(eventType,'a')"}},
    {{.filter = R"(Name in ("abc", "O'Hara"))"}, {.filter = "name in ('abc','O''Hara')"}},
    {{.filter = R"(Name not in ("abc", "A"))"}, {.filter = "not (name in ('abc','A'))"}},
    {{.filter = R"(np(Name) == "a" OrElse it.Name == "A")"},
     {.filter = "name eq 'a' or name eq 'A'"}},
    {{.filter = R"(Name == "\\" || Name == "\u00E9" || Name == "\uD83D\uDE00")"},
     {.filter = "name eq '\\' or name eq '\xC3\xA9' or name eq '\xF0\x9F\x98\x80'"}},
    {{.filter = R"(!(Name = "a" AndAlso IsActive))"}, {.filter = "not (name eq 'a' and isActive)"}},
    {{.sort = "Name descending, Id"}, {.sort = "name desc,id"}},
    {{.sort = "UpdatedAt ascending, it.Id descending"}, {.sort = "updatedAt asc,id desc"}},
    {{.select = "new(Id, Name, Url)"}, {.select = "id,name,url"}},
    {{.select = "new (Id,Name)"}, {.select = "id,name"}},
    {{.include = "WebhookEvents"}, {.include = "webhookEvents"}},
    {{.select = "new(Id,Name)",
      .filter = R"(IsActive == true && Name.Contains("a"))",
      .sort = "CreatedAt descending"},
     {.select = "id,name",
      .filter = "isActive eq true and contains(name,'a')",
      .sort = "createdAt desc"}},
};

const std::vector<QueryTwins> event_twins = {
    {{.filter = R"(EventType="order.created")"}, {.filter = "eventType eq 'order.created'"}},
    {{.filter = "StatusCode == null"}, {.filter = "statusCode eq null"}},
    {{.filter = "StatusCode >= 500 or ErrorMessage != null"},
     {.filter = "statusCode ge 500 or errorMessage ne null"}},
    {{.filter = "StatusCode in (500, 204)"}, {.filter = "statusCode in (500,204)"}},
    {{.filter = "(RetryCount > 0 and IsSuccess = false) or NextRetryAt <> null"},
     {.filter = "(retryCount gt 0 and isSuccess eq false) or nextRetryAt ne null"}},
    {{.filter = "string.IsNullOrEmpty(ErrorMessage)"},
     {.filter = "errorMessage eq null or errorMessage eq ''"}},
    {{.filter = "IsSuccess && !String.IsNullOrEmpty(Response)"},
     {.filter = "isSuccess and not (response eq null or response eq '')"}},
    {{.filter = R"(not (EventType = "a" || EventType = "A"))"},
     {.filter = "not (eventType eq 'a' or eventType eq 'A')"}},
    {{.filter = "SentAt<NextRetryAt&&Payload.ToUpper().Length>=1"},
     {.filter = "sentAt lt nextRetryAt and length(toupper(payload)) ge 1"}},
    {{.sort = "StatusCode descending, CreatedAt"}, {.sort = "statusCode desc,createdAt"}},
};

}  // namespace
}  // namespace webhooks::testing::storage_contract
