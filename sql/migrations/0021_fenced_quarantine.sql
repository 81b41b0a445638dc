-- Refuses rows of a writer that is no longer the owner (0013_fence), for the whole insert.
ALTER TABLE quarantine /* ON_CLUSTER */
    ADD COLUMN IF NOT EXISTS writer UInt32 COMMENT 'epoch of the owner that wrote it; 0: there was one only',
    ADD CONSTRAINT IF NOT EXISTS fenced CHECK writer >= dictGetOrDefault('/* DATABASE */fence_now', 'epoch', toUInt64(0), toUInt32(0));
