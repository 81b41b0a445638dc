-- The present profile of an observation, in memory:
--   dictGetOrDefault('identity_now', 'profile', observation_key, observation)
--
-- Keyed by 64 bits: 32 MB per million entries and hardly slower than no look-up at all; 128 bits
-- cost three times the memory. The source takes the greatest version itself, because a
-- ReplacingMergeTree still holds the older ones until it merges. LIFETIME(0): nobody reloads it
-- but store.ReloadIdentity, after a block that changed the map.
CREATE OR REPLACE DICTIONARY identity_now /* ON_CLUSTER */
(
    observation_key UInt64,
    profile         UUID
)
PRIMARY KEY observation_key
SOURCE(CLICKHOUSE(
    /* CREDENTIALS */
    QUERY 'SELECT observation_key, argMax(profile, version) AS profile FROM /* DATABASE */identity_map GROUP BY observation_key'
))
LAYOUT(HASHED())
LIFETIME(0);
