-- How many parts of the tables the engine, or an operator, has set aside: they are on disk, and no query sees them.
SELECT table, count() AS parts
FROM system.detached_parts
WHERE database = currentDatabase() AND table IN {tables:Array(String)}
GROUP BY table
ORDER BY table
