-- Whom the erasure that is under way is about: a row for each observation of theirs. Empty while none is.
-- A statement of ten thousand people would be megabytes long, so it joins with this instead.
--
-- ORDER BY (workspace, observation_key): the tables are searched by it.
CREATE TABLE IF NOT EXISTS erasing_subjects /* ON_CLUSTER */
(
    workspace       LowCardinality(String),
    erasure         UUID,
    observation     UUID,
    observation_key UInt64,
    at              DateTime64(3, 'UTC') COMMENT 'what was received until then is erased',
    until           DateTime64(3, 'UTC') COMMENT 'if not 1970: what was received later is spared, wherever it stands'
)
ENGINE = /* REPLICATED */MergeTree
ORDER BY (workspace, observation_key)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
