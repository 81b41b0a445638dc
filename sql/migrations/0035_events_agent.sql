-- What agents write, and what sources say of promises: which promise or hand-off an event is about, and when
-- what was promised is due.
ALTER TABLE events /* ON_CLUSTER */
    ADD COLUMN IF NOT EXISTS commitment_id String CODEC(ZSTD(1)) AFTER valid_from,
    ADD COLUMN IF NOT EXISTS handoff_id String CODEC(ZSTD(1)) AFTER commitment_id,
    ADD COLUMN IF NOT EXISTS due_at DateTime64(3, 'UTC') DEFAULT toDateTime64(0, 3, 'UTC') COMMENT '1970: not said' CODEC(ZSTD(1)) AFTER handoff_id;
