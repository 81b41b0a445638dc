-- What was said of consent: by contact point (e-mail address or number), or by observation where none was
-- named. Never changed. consent_now tells what stands.
--
-- ORDER BY (workspace, contact_type, contact, observation, …): what is asked for is the consent of one
-- contact point, or of a list of them. PARTITION BY year of receipt: times that others told would make hundreds.
CREATE TABLE IF NOT EXISTS consent_changes /* ON_CLUSTER */
(
    workspace           LowCardinality(String),
    contact_type        LowCardinality(String) COMMENT 'email or phone; empty: said of the observation',
    contact             String COMMENT 'normalised' CODEC(ZSTD(1)),
    observation         UUID COMMENT 'who said it, and of whom without a contact point; zero of what was carried to one',
    channel             LowCardinality(String) COMMENT '*: any',
    purpose             LowCardinality(String) COMMENT '*: any',
    status              LowCardinality(String) COMMENT 'granted, refused or pending',
    legal_basis         LowCardinality(String),
    evidence            String CODEC(ZSTD(1)),
    valid_until         DateTime64(3, 'UTC') COMMENT '1970: it does not end by itself' CODEC(ZSTD(1)),
    carried             Bool COMMENT 'it was said of the origin, and holds here since both were of one profile',
    origin_contact_type LowCardinality(String),
    origin_contact      String CODEC(ZSTD(1)),
    origin_observation  UUID,
    source              LowCardinality(String),
    message_id          String CODEC(ZSTD(1)),
    at                  DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    received_at         DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    log_partition       UInt32,
    log_offset          UInt64 CODEC(Delta, ZSTD(1)),
    ordinal             UInt32,
    writer              UInt32 COMMENT 'epoch of the owner that wrote it; 0: there was one only',

    INDEX log_range log_offset TYPE minmax GRANULARITY 1,
    CONSTRAINT fenced CHECK writer >= dictGetOrDefault('/* DATABASE */fence_now', 'epoch', toUInt64(0), toUInt32(0))
)
ENGINE = /* REPLICATED */MergeTree
PARTITION BY toYear(received_at)
ORDER BY (workspace, contact_type, contact, observation, channel, purpose, at, log_partition, log_offset, ordinal)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 480;
