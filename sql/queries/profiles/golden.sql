-- The golden record of each profile, as last published.
SELECT
    profile,
    version,
    observations,
    events,
    fields
FROM profiles FINAL
WHERE workspace = {workspace:String} AND NOT removed
ORDER BY profile
LIMIT {limit:UInt32}
