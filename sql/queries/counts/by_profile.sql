-- How many events each profile has, as the identity map says at this moment.
SELECT
    dictGetOrDefault('identity_now', 'profile', observation_key, observation) AS profile,
    count() AS events
FROM events
WHERE workspace = {workspace:String}
GROUP BY profile
ORDER BY events DESC, profile
LIMIT {limit:UInt32}
