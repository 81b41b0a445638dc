-- Where some observations belonged at a time, as the last decision before it says. One that is not there
-- stood alone, if it was known at all: that nothing was decided needs no row.
SELECT observation, profile, standing, candidates, rule, identifier_type, peer
FROM identity_decisions
WHERE workspace = {workspace:String}
  AND kind = 'assigned'
  AND observation_key IN {observation_keys:Array(UInt64)}
  AND observation IN {observations:Array(UUID)}
  AND decided_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
ORDER BY version DESC, log_partition DESC, log_offset DESC, ordinal DESC
LIMIT 1 BY observation
