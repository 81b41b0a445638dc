-- What changed in a profile, and whose word it was.
--
-- ORDER BY (workspace, profile, changed_at): the history of one profile, in order of time.
-- PARTITION BY month of the change: a part of the past can be dropped when the law says so.
CREATE TABLE IF NOT EXISTS profile_changes /* ON_CLUSTER */
(
    workspace     LowCardinality(String),
    profile       UUID,
    version       UInt64 CODEC(ZSTD(1)),
    kind          LowCardinality(String),
    field         LowCardinality(String),
    before        String COMMENT 'JSON' CODEC(ZSTD(1)),
    after         String COMMENT 'JSON' CODEC(ZSTD(1)),
    source        LowCardinality(String),
    peer          UUID,
    changed_at    DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    log_partition UInt32,
    log_offset    UInt64 CODEC(Delta, ZSTD(1)),
    ordinal       UInt32,

    INDEX log_range log_offset TYPE minmax GRANULARITY 1
)
ENGINE = /* REPLICATED */MergeTree
PARTITION BY toYYYYMM(changed_at)
ORDER BY (workspace, profile, changed_at)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
