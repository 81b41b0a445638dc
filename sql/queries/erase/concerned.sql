-- The profiles that an erased observation was ever in, that it founded included.
SELECT DISTINCT workspace, profile
FROM
(
    SELECT workspace, observation AS profile FROM erasing_subjects
    UNION ALL
    SELECT m.workspace, m.profile FROM identity_map AS m
    WHERE m.observation_key IN (SELECT observation_key FROM erasing_subjects)
      AND (m.workspace, m.observation) IN (SELECT workspace, observation FROM erasing_subjects)
    UNION ALL
    SELECT d.workspace, arrayJoin([d.profile, d.previous_profile]) FROM identity_decisions AS d
    WHERE d.observation_key IN (SELECT observation_key FROM erasing_subjects)
      AND (d.workspace, d.observation) IN (SELECT workspace, observation FROM erasing_subjects)
)
WHERE profile != toUUID('00000000-0000-0000-0000-000000000000')
