-- The tables whose old parts are kept for less long than they should be.
SELECT name AS table
FROM system.tables
WHERE database = currentDatabase() AND engine_full LIKE '%old_parts_lifetime = %' AND NOT engine_full LIKE '%old_parts_lifetime = 480%'
