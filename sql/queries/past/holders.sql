-- The observations that have ever held an identifier. Those of a record hold what its version of the time
-- says, which the caller looks up.
SELECT DISTINCT observation
FROM facts
WHERE workspace = {workspace:String}
  AND kind IN ('observation', 'record')
  AND has(identifiers, {identifier_key:UInt64})
ORDER BY observation
