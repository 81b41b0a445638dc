-- What reports need of events that were erased, without anybody: how many there were, and the sums of what
-- they measured. A report that covers them says that it was restated.
--
-- Names are those of the vocabulary; any other stands as the empty string, for a product may put anything into
-- one. erasure keeps an erasure that is begun again from being counted twice; once it is done it is nil.
--
-- ORDER BY (workspace, day): a report asks for a span of days. No partitions: a few rows an erasure.
CREATE TABLE IF NOT EXISTS erased_counts /* ON_CLUSTER */
(
    workspace LowCardinality(String),
    day       Date32 COMMENT 'of the corrected time, in UTC',
    source    LowCardinality(String),
    channel   LowCardinality(String),
    type      LowCardinality(String),
    name      LowCardinality(String),
    survey    LowCardinality(String),
    scale     LowCardinality(String),
    currency  LowCardinality(String),
    events    UInt64,
    scores    UInt64 COMMENT 'how many have a score',
    score     Float64 COMMENT 'sum of the scores',
    amount    Decimal(38, 8) COMMENT 'sum, of the one currency',
    erasure   UUID
)
ENGINE = /* REPLICATED */MergeTree
ORDER BY (workspace, day)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
