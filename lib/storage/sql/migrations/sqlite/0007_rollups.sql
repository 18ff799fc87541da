-- The outcomes of attempts, in buckets that get longer as they get older (webhooks/series.hpp), so that
-- charts need not read the log. A row is what one worker counted of one subscription, 0 for all of
-- them; a merged row has worker 0. start is a multiple of width, which is in seconds.
CREATE TABLE webhooks_rollup (
    subscription_id BIGINT NOT NULL,
    start BIGINT NOT NULL,
    width INTEGER NOT NULL,
    worker_id BIGINT NOT NULL,
    delivered BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    exhausted BIGINT NOT NULL,
    cancelled BIGINT NOT NULL,
    expired BIGINT NOT NULL,
    status_2xx BIGINT NOT NULL,
    status_3xx BIGINT NOT NULL,
    status_4xx BIGINT NOT NULL,
    status_5xx BIGINT NOT NULL,
    status_none BIGINT NOT NULL,
    latency_1 BIGINT NOT NULL,
    latency_2 BIGINT NOT NULL,
    latency_3 BIGINT NOT NULL,
    latency_4 BIGINT NOT NULL,
    latency_5 BIGINT NOT NULL,
    latency_6 BIGINT NOT NULL,
    latency_7 BIGINT NOT NULL,
    latency_8 BIGINT NOT NULL,
    latency_9 BIGINT NOT NULL,
    latency_10 BIGINT NOT NULL,
    latency_11 BIGINT NOT NULL,
    latency_12 BIGINT NOT NULL,
    latency_13 BIGINT NOT NULL,
    PRIMARY KEY (subscription_id, start, width, worker_id)
) WITHOUT ROWID;

CREATE INDEX webhooks_rollup_age ON webhooks_rollup (width, start, subscription_id, worker_id);
