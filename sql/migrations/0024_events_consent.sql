-- What events say of consent: by whom and about whom is in consent_changes (0025).
ALTER TABLE events /* ON_CLUSTER */
    ADD COLUMN IF NOT EXISTS consent LowCardinality(String) COMMENT 'granted, refused or pending; empty: the event says nothing of consent' AFTER cost,
    ADD COLUMN IF NOT EXISTS purpose LowCardinality(String) COMMENT 'what it is said to; *: all purposes' AFTER consent,
    ADD COLUMN IF NOT EXISTS legal_basis LowCardinality(String) AFTER purpose,
    ADD COLUMN IF NOT EXISTS evidence String COMMENT 'how it is known' CODEC(ZSTD(1)) AFTER legal_basis,
    ADD COLUMN IF NOT EXISTS valid_until DateTime64(3, 'UTC') DEFAULT toDateTime64(0, 3, 'UTC') COMMENT 'when a grant ends by itself; 1970: it does not' CODEC(ZSTD(1)) AFTER evidence;
