#pragma once

/// @file
/// The library's values as the API represents them: names and order as documented.

#include <optional>
#include <string>
#include <vector>
#include <webhooks/audit.hpp>
#include <webhooks/event.hpp>
#include <webhooks/event_type.hpp>
#include <webhooks/series.hpp>
#include <webhooks/subscription.hpp>
#include <webhooks/time.hpp>

#include "../json/writer.hpp"

namespace webhooks::http {

/// RFC 3339, UTC, milliseconds, e.g. "2026-01-31T09:05:00.250Z"; more precise digits are cut off.
std::string format_time(Time time);
std::optional<std::string> format_if_set(const std::optional<Time>& time);

/// The members to show, as in `ListQuery::select`; empty: all.
using Selection = std::vector<std::string>;

void write(json::Writer& writer, const Subscription& subscription, const Selection& selection = {});
void write(json::Writer& writer, const Event& event, const Selection& selection = {});
void write(json::Writer& writer, const AuditRecord& record, const Selection& selection = {});
void write(json::Writer& writer, const Attempt& attempt);
/// The event, with its attempts as the last member.
void write(json::Writer& writer, const EventHistory& history);
void write(json::Writer& writer, const DeliveryStatistics& statistics);
void write(json::Writer& writer, const SeriesBucket& bucket);
void write(json::Writer& writer, const DeliverySeries& series);
void write(json::Writer& writer, const EventType& type);

}  // namespace webhooks::http
