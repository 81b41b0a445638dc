-- Who has ever held an identifier is asked for by its key: for what was known at a time, and of whom an
-- export or an erasure is. Keys are spread evenly, so that a filter of each block says where one is not.
ALTER TABLE facts /* ON_CLUSTER */
    ADD INDEX IF NOT EXISTS by_identifier identifiers TYPE bloom_filter(0.01) GRANULARITY 1;
