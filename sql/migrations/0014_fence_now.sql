-- The epoch of the present owner, in memory, under the key 0. LIFETIME(0): nobody reloads it but
-- store.Fence.
CREATE OR REPLACE DICTIONARY fence_now /* ON_CLUSTER */
(
    key   UInt64,
    epoch UInt32
)
PRIMARY KEY key
SOURCE(CLICKHOUSE(
    /* CREDENTIALS */
    QUERY 'SELECT toUInt64(0) AS key, max(epoch) AS epoch FROM /* DATABASE */fence'
))
LAYOUT(FLAT())
LIFETIME(0);
