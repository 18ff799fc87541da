"""Narrows the served OpenAPI document to what this run's server takes.

JSON Schema can say what text looks like. It cannot say which event types are registered, which
endpoints can be reached, what time it is now, or what the grammar of `filter` is; and OpenAPI has one
operation for a method and a path, where a publication has two forms. Here these are said, so that
whatever still fits the document must be accepted, and whatever does not must be rejected.
"""

import copy
import datetime

EVENT_FILTERS = [
    "isSuccess eq false and nextRetryAt ne null",
    "statusCode in (200,204) or length(payload) lt 1000",
    "errorMessage eq null",
]
PAYLOAD_FILTERS = [
    "payload/total ge 100 and payload/currency eq 'EUR'",
    "payload/items/any(i: i/n gt 1) or not exists(payload/'order-id')",
    'Payload/Name.StartsWith("a") && eventType != "order.paid"',
]
FILTERS = {
    "/v1/webhooks/subscriptions": [
        "isActive eq true and contains(name,'order')",
        "not (maxRetryCount gt 3) or startswith(tolower(url),'http')",
        "eventType in ('order.created','*') and createdAt ge 2026-01-01",
    ],
    "/v1/webhooks/subscriptions/{id}/events": EVENT_FILTERS,
    "/v1/webhooks/events": EVENT_FILTERS,
    "/v1/webhooks/audit": [
        "actorKind eq 'key' and at ge 2026-01-01",
        "objectType in ('subscription','event') or not (subscriptionId gt 3)",
    ],
}


def time_text(days):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def split_publication(paths):
    """The raw form becomes an operation of its own: paths are read without regard to case."""
    form = paths["/v1/webhooks/events"]["post"]
    again = paths["/v1/webhooks/EVENTS"] = copy.deepcopy(paths["/v1/webhooks/events"])
    for operation in again.values():
        operation["operationId"] += "Again"
    raw = again["post"]
    next(p for p in raw["parameters"] if p["name"] == "eventType")["required"] = True
    raw["requestBody"]["content"] = {"text/plain": raw["requestBody"]["content"]["*/*"]}
    # Next to a parameter it must be equal, which no schema can say.
    raw["parameters"] = [p for p in raw["parameters"] if p["name"] != "Idempotency-Key"]
    del form["parameters"], form["requestBody"]["content"]["*/*"]


def narrow(document, event_types, quiet_type, endpoint):
    """Most subscriptions are to `quiet_type`, which nothing publishes: events for each of the hundreds
    that the run makes would be millions, and take most of its time."""
    document = copy.deepcopy(document)
    paths, schemas = document["paths"], document["components"]["schemas"]
    for path, filters in FILTERS.items():
        parameters = paths[path]["get"]["parameters"]
        parameters[:] = [p for p in parameters if "/parameters/filter" not in p.get("$ref", "")]
        parameters.append({"name": "filter", "in": "query", "schema": {"enum": [*filters, "true", "false", ""]}})
    split_publication(paths)
    schemas["EventTypeName"] = {"enum": event_types}
    # U+0000 is not ignored, however deep it is.
    schemas["Ignored"]["anyOf"][-1]["items"] = {"$ref": "#/components/schemas/Ignored"}
    schemas["TestEvent"]["properties"]["eventType"] = {"type": "null"}
    schemas["PayloadFilter"] = {"enum": PAYLOAD_FILTERS}
    schemas["FilterTest"]["required"].append("payload")
    schemas["FilterTest"]["properties"]["subscriptionId"] = {"type": "null"}
    members = schemas["SubscriptionMembers"]["properties"]
    members["eventType"] = {"enum": [quiet_type, *event_types, "order.*", "webhook.subscription.*", None]}
    # Only together with a type of operational events.
    members["operatorScope"] = {"enum": [False, None]}
    # It cannot be changed, and decides whether there is a URL.
    members["delivery"] = {"enum": ["push", None]}
    made = schemas["NewSubscription"]["properties"]["subscription"]["allOf"]
    made[1]["required"].append("url")
    made[1]["properties"]["url"] = {"type": "string"}
    del made[2]
    members["url"] = {"enum": [endpoint, endpoint + "a?b=c", None]}
    # A private key of 64 bytes has to match its public half.
    ed25519 = schemas["Secret"]["anyOf"][-1]
    ed25519["pattern"] = ed25519["pattern"].split("|")[0] + ")$"
    publication = schemas["Publication"]["properties"]
    times = {"deliverAt": [time_text(-1), time_text(1)], "expiresAt": [time_text(300)]}
    for name, values in times.items():
        publication[name] = {"enum": [*values, None]}
        for parameter in paths["/v1/webhooks/EVENTS"]["post"]["parameters"]:
            if parameter["name"] == name:
                parameter["schema"] = {"enum": values}
    # Not together with deliverAt: one form of a publication has the one, the other the other.
    publication["deliverAt"] = {"type": "null"}
    raw = paths["/v1/webhooks/EVENTS"]["post"]["parameters"]
    raw[:] = [p for p in raw if p["name"] != "orderingKey"]
    # A cursor is of one subscription and database, and `since` only for who has none.
    feed = paths["/v1/webhooks/subscriptions/{id}/feed"]["get"]["parameters"]
    feed[:] = [p for p in feed if p.get("name") != "since"]
    # Each request would take as long.
    next(p for p in feed if p.get("name") == "wait")["schema"] = {"enum": [0]}
    next(p for p in feed if p.get("name") == "cursor")["schema"] = {"enum": ["latest"]}
    recovery = schemas["Recovery"]["properties"]
    recovery["since"] = {"enum": [time_text(-1), "2026-01-01"]}
    recovery["until"] = {"enum": [time_text(0), time_text(1), None]}
    key = schemas["NewApiKey"]["properties"]["apiKey"]["properties"]
    key["expiresAt"] = {"enum": [time_text(1), None]}
    key["subscriptionId"] = {"type": "null"}
    session = schemas["NewPortalSession"]["properties"]
    session["permissions"] = {"type": "null"}
    parameters = document["components"]["parameters"]
    parameters["seriesFrom"]["schema"] = {"enum": [time_text(-1)]}
    parameters["seriesTo"]["schema"] = {"enum": [time_text(-0.5), time_text(1)]}
    return document
