-- What analysts' statements read as segments: a row for each segment that a profile is in now, as last published. The
-- parameters are those of 0038.
CREATE VIEW IF NOT EXISTS analyst_segments /* ON_CLUSTER */
AS SELECT profile, tupleElement(membership, 1) AS segment, fromUnixTimestamp64Milli(tupleElement(membership, 2), 'UTC') AS since
FROM (
    SELECT profile, arrayJoin(arrayZip(segments, since)) AS membership
    FROM profile_segments FINAL
    PREWHERE workspace = {workspace:String}
      AND profile NOT IN (
          SELECT arrayJoin(arrayMap((key, one) -> dictGetOrDefault('identity_now', 'profile', key, one),
              {restricted_keys:Array(UInt64)}, {restricted:Array(UUID)})))
      AND profile NOT IN (SELECT observation FROM erasing_subjects WHERE workspace = {workspace:String})
);
