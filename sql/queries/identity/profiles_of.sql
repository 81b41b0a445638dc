-- The present profile of some observations.
SELECT
    observation,
    dictGetOrDefault('identity_now', 'profile', reinterpretAsUInt64(reverse(substring(UUIDStringToNum(toString(observation)), 9, 8))), observation) AS profile
FROM (SELECT arrayJoin({observations:Array(UUID)}) AS observation)
ORDER BY observation
