-- One row for each event that was stored, never changed.
--
-- ORDER BY (workspace, observation_key, at): the events of one person are those of his
-- observations, and a reader asks for them, in order of time, more often than for anything else,
-- so they lie together. The key is the 64 bits of the observation, because it costs half of the
-- UUID and is what the dictionary identity_now is keyed by.
--
-- PARTITION BY: by month for what was received within a year of when it happened, by year for the
-- history that an import brings, and all that is older than 2000, or not yet happened, in one.
-- By month alone a file of twenty years would make 240 parts of each block (the engine refuses
-- more than 100), and one hostile source could make thousands of partitions. The engine keeps the
-- range of at and received_at of each part, so a query over a span of at skips the others all the
-- same. store.SplitByPartition knows this expression; a test compares the two.
--
-- min_bytes_for_wide_part: a part below 256 MB keeps its columns in one file, ten files in all
-- instead of four hundred and more, each with its fsync. That alone makes an insert half as fast
-- again. Merges make the large parts, which are read most, wide.
--
-- object_shared_data…: how the paths of query beyond the 64 are kept. The engine's own choice for
-- merged parts lists all of them for each granule: with a hundred keys of its own in every row a merge
-- costs 5 ms a row, and seven times the bytes, instead of 0.08 ms. In buckets, a reader of one such
-- path reads an eighth.
--
-- log_range: the sink looks by log_offset which rows of an uncertain insert are there. Those are
-- in young parts, whose offsets lie close together; the index skips all others.
CREATE TABLE IF NOT EXISTS events /* ON_CLUSTER */
(
    workspace              LowCardinality(String),
    source                 LowCardinality(String),
    message_id             String CODEC(ZSTD(1)),
    type                   LowCardinality(String),
    name                   LowCardinality(String),
    channel                LowCardinality(String),
    at                     DateTime64(3, 'UTC') COMMENT 'corrected time' CODEC(Delta, ZSTD(1)),
    original_at            DateTime64(3, 'UTC') COMMENT 'by the client''s clock' CODEC(Delta, ZSTD(1)),
    sent_at                DateTime64(3, 'UTC') COMMENT '1970-01-01: not said' CODEC(Delta, ZSTD(1)),
    received_at            DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    client_order           Int64 COMMENT '0: none' CODEC(ZSTD(1)),
    observation            UUID,
    observation_key        UInt64 COMMENT 'last eight bytes of observation' CODEC(ZSTD(1)),
    identifiers            Array(UInt64) COMMENT 'keys of the identifiers, ascending' CODEC(ZSTD(1)),
    record_id              String CODEC(ZSTD(1)),
    record_version         String CODEC(ZSTD(1)),
    record_deleted         Bool,
    subject                String COMMENT 'JSON: identifiers and attributes as received' CODEC(ZSTD(1)),
    participants           String COMMENT 'JSON: roles and identifiers of others' CODEC(ZSTD(1)),

    -- The fields of the customer-experience vocabulary. Empty or NULL: not said.
    conversation_id        String CODEC(ZSTD(1)),
    parent_conversation_id String CODEC(ZSTD(1)),
    leg_id                 String CODEC(ZSTD(1)),
    turn                   Int64 COMMENT '0: not said' CODEC(ZSTD(1)),
    direction              LowCardinality(String),
    author_role            LowCardinality(String),
    agent_id               LowCardinality(String),
    team                   LowCardinality(String),
    queue                  LowCardinality(String),
    skill                  LowCardinality(String),
    case_id                String CODEC(ZSTD(1)),
    topic                  LowCardinality(String),
    disposition            LowCardinality(String),
    priority               LowCardinality(String),
    language               LowCardinality(String),
    sentiment              Nullable(Float64),
    transfer_kind          LowCardinality(String),
    wait_s                 Nullable(Float64),
    talk_s                 Nullable(Float64),
    hold_s                 Nullable(Float64),
    wrap_s                 Nullable(Float64),
    resolution             LowCardinality(String),
    survey_id              String CODEC(ZSTD(1)),
    survey                 LowCardinality(String),
    survey_kind            LowCardinality(String),
    about_conversation_id  String CODEC(ZSTD(1)),
    score                  Nullable(Float64),
    scale                  LowCardinality(String) COMMENT 'as declared: 1-5, 0-10',
    amount                 Nullable(Decimal(38, 8)),
    currency               LowCardinality(String) COMMENT 'ISO 4217',
    product                LowCardinality(String),
    entitlement            LowCardinality(String),
    account_id             String CODEC(ZSTD(1)),
    order_id               String CODEC(ZSTD(1)),
    text                   String COMMENT 'somebody''s own words: not to be trusted' CODEC(ZSTD(1)),
    model                  LowCardinality(String),
    tokens                 Nullable(Int64),
    cost                   Nullable(Float64),

    -- Exactly as received; what is exported, replayed and rebuilt from.
    traits                 String CODEC(ZSTD(1)),
    properties             String CODEC(ZSTD(1)),
    context                String CODEC(ZSTD(1)),
    -- What the engine can hold of properties, to query by: query.plan, query.items[].price.
    query                  JSON(max_dynamic_paths = 64) CODEC(ZSTD(1)),
    query_left_out         UInt32 COMMENT 'values of properties that query does not hold',

    log_partition          UInt32,
    log_offset             UInt64 CODEC(Delta, ZSTD(1)),
    ordinal                UInt32,

    INDEX log_range log_offset TYPE minmax GRANULARITY 1
)
ENGINE = /* REPLICATED */MergeTree
PARTITION BY multiIf(
    toUnixTimestamp64Milli(received_at) - toUnixTimestamp64Milli(at) BETWEEN -172800000 AND 31622400000, toYYYYMM(at),
    at < '2000-01-01' OR at > received_at, 0,
    toYear(at) * 100)
ORDER BY (workspace, observation_key, at)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480,
    min_bytes_for_wide_part = 268435456,
    object_shared_data_serialization_version = 'map_with_buckets',
    object_shared_data_buckets_for_wide_part = 8;
