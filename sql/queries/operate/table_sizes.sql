-- Rows and bytes of each table on disk.
SELECT
    table,
    sum(rows) AS rows,
    sum(bytes_on_disk) AS bytes_on_disk,
    sum(data_uncompressed_bytes) AS bytes_uncompressed,
    count() AS parts,
    uniqExact(partition_id) AS partitions,
    if(rows = 0, 0, bytes_on_disk / rows) AS bytes_per_row
FROM system.parts
WHERE database = currentDatabase() AND active
GROUP BY table
ORDER BY table
