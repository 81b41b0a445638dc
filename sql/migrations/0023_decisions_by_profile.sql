-- Whom a profile consisted of at a time is asked for by profile, while the table lies by observation.
ALTER TABLE identity_decisions /* ON_CLUSTER */
    ADD INDEX IF NOT EXISTS by_profile profile TYPE bloom_filter(0.01) GRANULARITY 1;
