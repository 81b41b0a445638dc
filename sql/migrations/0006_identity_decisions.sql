-- Every decision about who is who, and why: the log that explains a profile.
--
-- ORDER BY (workspace, observation_key, version): one asks why an observation is where it is, in
-- the order in which it got there. PARTITION BY month of the decision: a part of the past can be
-- dropped when the law says so.
CREATE TABLE IF NOT EXISTS identity_decisions /* ON_CLUSTER */
(
    workspace        LowCardinality(String),
    version          UInt64 COMMENT 'identity_version that it made' CODEC(ZSTD(1)),
    kind             LowCardinality(String) COMMENT 'assigned, conflict, review, shared or command',
    observation      UUID,
    observation_key  UInt64 CODEC(ZSTD(1)),
    profile          UUID,
    previous_profile UUID,
    standing         LowCardinality(String) COMMENT 'founder, member or unassigned',
    candidates       Array(UUID),
    rule             LowCardinality(String),
    identifier_type  LowCardinality(String),
    identifier_key   UInt64 COMMENT 'the identifier that is shared, as in events.identifiers' CODEC(ZSTD(1)),
    peer             UUID,
    refused_by       LowCardinality(String),
    score            Float32 COMMENT 'bits for one person; 0 where no score decided' CODEC(ZSTD(1)),
    model            UInt32 COMMENT 'number of the model that weighed' CODEC(ZSTD(1)),
    actor            LowCardinality(String),
    decided_at       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    log_partition    UInt32,
    log_offset       UInt64 CODEC(Delta, ZSTD(1)),
    ordinal          UInt32,

    INDEX log_range log_offset TYPE minmax GRANULARITY 1
)
ENGINE = /* REPLICATED */MergeTree
PARTITION BY toYYYYMM(decided_at)
ORDER BY (workspace, observation_key, version)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
