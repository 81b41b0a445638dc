-- How many rows were noted, by table and erasure: those to remove, and those to change.
SELECT
    table, erasure,
    uniqExactIf((log_partition, log_offset, ordinal), text = '') AS removed,
    uniqExactIf((log_partition, log_offset, ordinal), text != '') AS changed
FROM erasing_rows
GROUP BY table, erasure
ORDER BY table, erasure
