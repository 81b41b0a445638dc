-- Notes the rows of the profiles that an erased observation was ever in (see concerned.sql) which a later row has
-- taken the place of: the last one of each was made after the observation was gone. Of profiles that an erased
-- observation founded all rows up to the erasure are noted, for those profiles are no more.
INSERT INTO erasing_rows (table, erasure, partition_id, log_partition, log_offset, ordinal)
WITH concerned AS
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
SELECT DISTINCT 'profiles', toUUID('00000000-0000-0000-0000-000000000000'), p._partition_id, p.log_partition, p.log_offset, p.ordinal
FROM profiles AS p
INNER JOIN
(
    SELECT workspace, profile, max(version) AS newest
    FROM profiles
    WHERE (workspace, profile) IN (SELECT workspace, profile FROM concerned)
    GROUP BY workspace, profile
) AS n ON n.workspace = p.workspace AND n.profile = p.profile
LEFT JOIN erasing_subjects AS s ON s.workspace = p.workspace AND s.observation = p.profile
LEFT JOIN erasing_bounds AS b ON b.erasure = s.erasure AND b.log_partition = p.log_partition
WHERE p.version < n.newest
   OR s.observation = p.profile
      AND if(s.until > toDateTime64(0, 3, 'UTC'), p.updated_at <= s.until, p.log_offset < b.below OR p.updated_at <= s.at)
