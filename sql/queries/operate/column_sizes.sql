-- Bytes on disk of each column of a table; those of small parts, whose columns share a file, included.
SELECT
    column,
    sum(column_data_compressed_bytes) AS bytes_on_disk,
    sum(column_data_uncompressed_bytes) AS bytes_uncompressed
FROM system.parts_columns
WHERE database = currentDatabase() AND table = {table:String} AND active
GROUP BY column
ORDER BY bytes_on_disk DESC, column
