-- The observations that had left a profile by a time, and the identity_version with which each last did.
SELECT observation, max(version) AS left_at
FROM identity_decisions
WHERE workspace = {workspace:String}
  AND kind = 'assigned'
  AND previous_profile = {profile:UUID}
  AND profile != {profile:UUID}
  AND observation != {profile:UUID}
  AND decided_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
GROUP BY observation
ORDER BY observation
