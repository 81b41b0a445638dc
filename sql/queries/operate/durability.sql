-- How each table was made. store.CheckDurability reads what it says of fsync.
SELECT name, engine, engine_full
FROM system.tables
WHERE database = currentDatabase() AND engine LIKE '%MergeTree%'
ORDER BY name
