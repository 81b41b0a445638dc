-- What the store holds of each source: events, and items in quarantine by what became of them, each
-- counted once. Beside the counts of log and state it shows that nothing was lost or doubled.
SELECT
    workspace, source,
    sum(stored) AS stored, sum(distinct_stored) AS distinct_stored,
    sum(open) AS quarantine_open, sum(replayed) AS quarantine_replayed, sum(discarded) AS quarantine_discarded
FROM
(
    SELECT
        workspace, source, count() AS stored, uniqExact(log_partition, log_offset, ordinal) AS distinct_stored,
        0 AS open, 0 AS replayed, 0 AS discarded
    FROM events
    GROUP BY workspace, source
    UNION ALL
    SELECT
        workspace, source, 0, 0,
        countIf(status = 'open'), countIf(status = 'replayed'), countIf(status = 'discarded')
    FROM
    (
        SELECT workspace, source, argMax(status, version) AS status
        FROM quarantine
        GROUP BY workspace, source, item_partition, item_offset, item_ordinal
    )
    GROUP BY workspace, source
)
GROUP BY workspace, source
ORDER BY workspace, source
