-- The observations that decisions had assigned to a profile at a time. Its founder, who may never have
-- been decided about, is not looked for.
SELECT observation
FROM (
    SELECT observation, argMax(profile, (version, log_partition, log_offset, ordinal)) AS home
    FROM identity_decisions
    WHERE workspace = {workspace:String}
      AND kind = 'assigned'
      AND decided_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
      AND observation IN (
          SELECT observation
          FROM identity_decisions
          WHERE workspace = {workspace:String}
            AND kind = 'assigned'
            AND profile = {profile:UUID}
            AND decided_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC'))
    GROUP BY observation
)
WHERE home = {profile:UUID}
ORDER BY observation
