-- What analysts' statements read as profiles: the golden record of each profile that there is now, as last published. The
-- parameters are those of 0038; traits and attributes are JSON values by name.
CREATE VIEW IF NOT EXISTS analyst_profiles /* ON_CLUSTER */
AS SELECT
    profile, version, first_seen_at, last_seen_at, observations, events, updated_at,
    CAST(JSONExtractKeysAndValuesRaw(fields, 'traits'), 'Map(String, String)') AS traits,
    CAST(JSONExtractKeysAndValuesRaw(fields, 'attributes'), 'Map(String, String)') AS attributes
FROM profiles FINAL
PREWHERE workspace = {workspace:String}
  AND profile NOT IN (
      SELECT arrayJoin(arrayMap((key, one) -> dictGetOrDefault('identity_now', 'profile', key, one),
          {restricted_keys:Array(UInt64)}, {restricted:Array(UUID)})))
  AND profile NOT IN (SELECT observation FROM erasing_subjects WHERE workspace = {workspace:String})
WHERE NOT removed;
