-- How many events are to be removed, by erasure, source and day of receipt.
SELECT erasure, source, toUInt32(toRelativeDayNum(received_at)) AS day, count() AS events
FROM
(
    SELECT DISTINCT r.erasure AS erasure, e.source AS source, e.received_at AS received_at, e.log_partition, e.log_offset, e.ordinal
    FROM events AS e
    INNER JOIN (SELECT any(erasure) AS erasure, log_partition, log_offset, ordinal FROM erasing_rows WHERE table = 'events' AND text = '' GROUP BY log_partition, log_offset, ordinal) AS r
        ON r.log_partition = e.log_partition AND r.log_offset = e.log_offset AND r.ordinal = e.ordinal
    WHERE e.observation_key IN (SELECT observation_key FROM erasing_subjects)
)
GROUP BY erasure, source, day
ORDER BY erasure, source, day
