-- What analysts' statements read as identities: the present profile of each observation that ever belonged to another than its own. The
-- parameters are those of 0038.
CREATE VIEW IF NOT EXISTS analyst_identities /* ON_CLUSTER */
AS SELECT observation, profile, version, changed_at
FROM identity_map FINAL
PREWHERE workspace = {workspace:String}
  AND observation NOT IN (SELECT observation FROM erasing_subjects WHERE workspace = {workspace:String})
WHERE profile NOT IN (
      SELECT arrayJoin(arrayMap((key, one) -> dictGetOrDefault('identity_now', 'profile', key, one),
          {restricted_keys:Array(UInt64)}, {restricted:Array(UUID)})));
