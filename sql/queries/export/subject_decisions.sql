-- Every decision about some observations.
SELECT version, kind, observation, profile, previous_profile, standing, candidates, rule, identifier_type, peer, refused_by, score,
    model, actor, decided_at
FROM identity_decisions
WHERE workspace = {workspace:String}
  AND observation_key IN {observation_keys:Array(UInt64)}
  AND observation IN {observations:Array(UUID)}
ORDER BY observation_key, version
