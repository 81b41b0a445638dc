-- find_keyed for a table, or a column, without such a key.
INSERT INTO erasing_rows (table, erasure, partition_id, log_partition, log_offset, ordinal)
SELECT {table:String}, s.erasure, r.partition_id, r.log_partition, r.log_offset, r.ordinal
FROM
(
    SELECT workspace, {by:Identifier} AS subject, {time:Identifier} AS received, _partition_id AS partition_id,
        log_partition, log_offset, ordinal
    FROM {table:Identifier}
    WHERE workspace IN (SELECT workspace FROM erasing_subjects)
      AND {by:Identifier} IN (SELECT observation FROM erasing_subjects)
) AS r
INNER JOIN erasing_subjects AS s ON s.workspace = r.workspace AND s.observation = r.subject
LEFT JOIN erasing_bounds AS b ON b.erasure = s.erasure AND b.log_partition = r.log_partition
WHERE if(s.until > toDateTime64(0, 3, 'UTC'), r.received <= s.until, r.log_offset < b.below OR r.received <= s.at)
