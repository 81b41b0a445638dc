-- What was shown of a profile, to whom, and what for.
--
-- ORDER BY (workspace, profile, disclosed_at): a person asks who has seen his data. PARTITION BY
-- month of the disclosure: a part of the past can be dropped when the law says so.
CREATE TABLE IF NOT EXISTS disclosures /* ON_CLUSTER */
(
    workspace     LowCardinality(String),
    profile       UUID,
    credential    LowCardinality(String) COMMENT 'id of the key, never the key',
    purpose       LowCardinality(String),
    route         LowCardinality(String),
    request_id    String CODEC(ZSTD(1)),
    fields        Array(LowCardinality(String)),
    withheld      Array(LowCardinality(String)),
    disclosed_at  DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    log_partition UInt32,
    log_offset    UInt64 CODEC(Delta, ZSTD(1)),
    ordinal       UInt32,

    INDEX log_range log_offset TYPE minmax GRANULARITY 1
)
ENGINE = /* REPLICATED */MergeTree
PARTITION BY toYYYYMM(disclosed_at)
ORDER BY (workspace, profile, disclosed_at)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
