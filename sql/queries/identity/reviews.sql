-- Pairs of which a person should say whether they are one, the likeliest first: their evidence nearly
-- suffices, or something keeps them apart. As last asked under the newest model that asked anything;
-- those that have become one since, and those that a person parted, are left out. Of two profiles the
-- likeliest pair is told, and beside each how many there are in all. A page begins after the place
-- (after_bits, after_observation, after_peer).
SELECT observation, peer, profile, other, reason, bits, asked_at, open
FROM
(
    SELECT *, count() OVER () AS open
    FROM
    (
        SELECT
            observation,
            peer,
            dictGetOrDefault('identity_now', 'profile', observation_key, observation) AS profile,
            dictGetOrDefault('identity_now', 'profile', reinterpretAsUInt64(reverse(substring(UUIDStringToNum(toString(peer)), 9, 8))), peer) AS other,
            argMax(refused_by, (version, decided_at)) AS reason,
            argMax(score, (version, decided_at)) AS bits,
            max(decided_at) AS asked_at
        FROM identity_decisions
        WHERE workspace = {workspace:String}
          AND kind = 'review'
          AND model = (SELECT max(model) FROM identity_decisions WHERE workspace = {workspace:String} AND kind = 'review')
        GROUP BY observation, observation_key, peer
        HAVING profile != other AND reason != 'never_merge'
        ORDER BY bits DESC, observation, peer
        LIMIT 1 BY least(profile, other), greatest(profile, other)
    )
)
WHERE bits < {after_bits:Float32}
   OR (bits = {after_bits:Float32} AND (observation, peer) > ({after_observation:UUID}, {after_peer:UUID}))
ORDER BY bits DESC, observation, peer
LIMIT {limit:UInt32}
