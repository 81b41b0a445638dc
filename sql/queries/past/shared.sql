-- What identifiers seemed to belong to at a time, those of which it was ever told.
SELECT identifier_key, argMax(rule, (version, log_partition, log_offset, ordinal)) AS shared
FROM identity_decisions
WHERE workspace = {workspace:String}
  AND kind = 'shared'
  AND identifier_key IN {identifier_keys:Array(UInt64)}
  AND decided_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
GROUP BY identifier_key
