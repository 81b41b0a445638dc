-- How many rows were noted, by table: those to remove, and those to change.
SELECT table, uniqExactIf((log_partition, log_offset, ordinal), text = '') AS removed, uniqExactIf((log_partition, log_offset, ordinal), text != '') AS changed
FROM erasing_rows
GROUP BY table
ORDER BY table
