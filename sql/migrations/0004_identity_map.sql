-- Which profile an observation belongs to, for those that ever belonged to another than their own.
-- The greatest version of an observation counts; the engine forgets the others as it merges.
--
-- ORDER BY (workspace, observation_key): what the versions of one observation share, and what the
-- dictionary is keyed by. No partitions: versions replace each other within a partition only.
CREATE TABLE IF NOT EXISTS identity_map /* ON_CLUSTER */
(
    workspace       LowCardinality(String),
    observation     UUID,
    observation_key UInt64,
    profile         UUID,
    version         UInt64 COMMENT 'identity_version from which on it holds' CODEC(ZSTD(1)),
    changed_at      DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    log_partition   UInt32,
    log_offset      UInt64 CODEC(Delta, ZSTD(1)),
    ordinal         UInt32,

    INDEX log_range log_offset TYPE minmax GRANULARITY 1
)
ENGINE = /* REPLICATED */ReplacingMergeTree(version)
ORDER BY (workspace, observation_key)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
