-- The parts of the tables that others have taken the place of.
SELECT table, name
FROM system.parts
WHERE database = currentDatabase() AND NOT active AND table IN {tables:Array(String)}
