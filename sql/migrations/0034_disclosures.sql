-- What was shown of a person: to whom, what for, when, which fields and which not. Never a value.
--
-- The subject are observations, which no merge or split changes, by their 64-bit keys; a person's report asks
-- which rows have any of his. ORDER BY (workspace, disclosed_at, …): a report is told by time, and a row's place in
-- the log makes the order of one moment definite; the index finds observations. PARTITION BY month: a part of the
-- past can be dropped when the law says so.
CREATE TABLE IF NOT EXISTS disclosures /* ON_CLUSTER */
(
    workspace          LowCardinality(String),
    kind               LowCardinality(String) COMMENT 'answer, or listed: one of several',
    observations       Array(UInt64) COMMENT 'keys, at most 256 of observations_total',
    observations_total UInt32,
    profile            UUID COMMENT 'as it was then; nil of those listed',
    identity_version   UInt64,
    actor              LowCardinality(String) COMMENT 'key:<id>, jwt:<hash>:<hash> or socket:<uid>',
    purpose            LowCardinality(String),
    reader             LowCardinality(String) COMMENT 'human, own_ai, third_party_ai or system',
    level              LowCardinality(String) COMMENT 'claimed, matched or verified',
    route              LowCardinality(String),
    request_id         String CODEC(ZSTD(1)),
    classes            Array(LowCardinality(String)),
    shown              Array(LowCardinality(String)) COMMENT 'paths of fields',
    masked             Array(LowCardinality(String)),
    withheld           Array(LowCardinality(String)),
    disclosed_at       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    log_partition      UInt32,
    log_offset         UInt64 CODEC(Delta, ZSTD(1)),
    ordinal            UInt32,
    writer             UInt32 COMMENT 'epoch of the owner that wrote it; 0: there was one only',

    INDEX log_range log_offset TYPE minmax GRANULARITY 1,
    INDEX subject observations TYPE bloom_filter(0.01) GRANULARITY 4,
    CONSTRAINT fenced CHECK writer >= dictGetOrDefault('/* DATABASE */fence_now', 'epoch', toUInt64(0), toUInt32(0))
)
ENGINE = /* REPLICATED */MergeTree
PARTITION BY toYYYYMM(disclosed_at)
ORDER BY (workspace, disclosed_at, log_partition, log_offset, ordinal)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
