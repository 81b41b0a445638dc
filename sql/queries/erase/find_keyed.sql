-- Notes the rows of a table that lies by observation_key which are of an erased observation and within the
-- bounds of its erasure: by is the column of the observation, time when the row's record was received.
INSERT INTO erasing_rows (table, erasure, partition_id, log_partition, log_offset, ordinal)
SELECT {table:String}, s.erasure, r.partition_id, r.log_partition, r.log_offset, r.ordinal
FROM
(
    SELECT workspace, {by:Identifier} AS subject, {time:Identifier} AS received, _partition_id AS partition_id,
        log_partition, log_offset, ordinal
    FROM {table:Identifier}
    WHERE workspace IN (SELECT workspace FROM erasing_subjects)
      AND observation_key IN (SELECT observation_key FROM erasing_subjects)
) AS r
INNER JOIN erasing_subjects AS s ON s.workspace = r.workspace AND s.observation = r.subject
LEFT JOIN erasing_bounds AS b ON b.erasure = s.erasure AND b.log_partition = r.log_partition
WHERE if(s.until > toDateTime64(0, 3, 'UTC'), r.received <= s.until, r.log_offset < b.below OR r.received <= s.at)
