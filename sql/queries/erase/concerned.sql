-- The profiles that an erased observation was ever in up to its erasure, that it founded included. Where it came to
-- be by later records is no concern of the erasure.
SELECT DISTINCT workspace, profile
FROM
(
    SELECT workspace, observation AS profile FROM erasing_subjects
    UNION ALL
    SELECT m.workspace, m.profile FROM identity_map AS m
    INNER JOIN erasing_subjects AS s ON s.workspace = m.workspace AND s.observation = m.observation
    LEFT JOIN erasing_bounds AS b ON b.erasure = s.erasure AND b.log_partition = m.log_partition
    WHERE m.observation_key IN (SELECT observation_key FROM erasing_subjects)
      AND if(s.until > toDateTime64(0, 3, 'UTC'), m.changed_at <= s.until, m.log_offset < b.below OR m.changed_at <= s.at)
    UNION ALL
    SELECT d.workspace, arrayJoin([d.profile, d.previous_profile]) FROM identity_decisions AS d
    INNER JOIN erasing_subjects AS s ON s.workspace = d.workspace AND s.observation = d.observation
    LEFT JOIN erasing_bounds AS b ON b.erasure = s.erasure AND b.log_partition = d.log_partition
    WHERE d.observation_key IN (SELECT observation_key FROM erasing_subjects)
      AND if(s.until > toDateTime64(0, 3, 'UTC'), d.decided_at <= s.until, d.log_offset < b.below OR d.decided_at <= s.at)
)
WHERE profile != toUUID('00000000-0000-0000-0000-000000000000')
