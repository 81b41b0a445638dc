-- The epoch below which inserts are refused.
SELECT dictGetOrDefault('fence_now', 'epoch', toUInt64(0), toUInt32(0)) AS epoch
