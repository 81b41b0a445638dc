-- The identity_version of a workspace at a time; 0 if nothing had been decided.
SELECT max(version) AS version
FROM identity_decisions
WHERE workspace = {workspace:String}
  AND decided_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
