-- Notes the rows, in a table that keeps the greatest version of what is known of a profile, of the profiles that an erased observation was ever in (see concerned.sql) which a later row has
-- taken the place of: the last one of each was made after the observation was gone. Of profiles that an erased
-- observation founded the rows up to the erasure are noted, for those profiles are no more; rows of one that later
-- records made again, under the same name and beginning with version 1, are not.
INSERT INTO erasing_rows (table, erasure, partition_id, log_partition, log_offset, ordinal)
WITH concerned AS
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
SELECT DISTINCT {table:String}, toUUID('00000000-0000-0000-0000-000000000000'), p._partition_id, p.log_partition, p.log_offset, p.ordinal
FROM {table:Identifier} AS p
INNER JOIN
(
    SELECT workspace, profile, max(version) AS newest
    FROM {table:Identifier}
    WHERE (workspace, profile) IN (SELECT workspace, profile FROM concerned)
    GROUP BY workspace, profile
) AS n ON n.workspace = p.workspace AND n.profile = p.profile
LEFT JOIN erasing_subjects AS s ON s.workspace = p.workspace AND s.observation = p.profile
LEFT JOIN erasing_bounds AS b ON b.erasure = s.erasure AND b.log_partition = p.log_partition
WHERE if(s.observation = p.profile,
    if(s.until > toDateTime64(0, 3, 'UTC'), p.updated_at <= s.until, p.log_offset < b.below OR p.updated_at <= s.at),
    p.version < n.newest)
