-- What each profile is: the greatest version counts, the engine forgets the others as it merges.
--
-- ORDER BY (workspace, profile): what the versions of one profile share. No partitions: versions
-- replace each other within a partition only.
CREATE TABLE IF NOT EXISTS profiles /* ON_CLUSTER */
(
    workspace     LowCardinality(String),
    profile       UUID,
    version       UInt64 CODEC(ZSTD(1)),
    merged_into   UUID COMMENT 'zero: none',
    removed       Bool COMMENT 'no longer a profile: merged, split up or erased',
    first_seen_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    last_seen_at  DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    observations  UInt32,
    events        UInt64,
    fields        String COMMENT 'JSON: the golden record' CODEC(ZSTD(1)),
    updated_at    DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    log_partition UInt32,
    log_offset    UInt64 CODEC(Delta, ZSTD(1)),
    ordinal       UInt32,

    INDEX log_range log_offset TYPE minmax GRANULARITY 1
)
ENGINE = /* REPLICATED */ReplacingMergeTree(version)
ORDER BY (workspace, profile)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
