-- How many parts of the tables are there that others have taken the place of.
SELECT count() AS parts
FROM system.parts
WHERE database = currentDatabase() AND NOT active AND table IN {tables:Array(String)}
