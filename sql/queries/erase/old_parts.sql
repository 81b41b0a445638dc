-- Which of the tables have parts that others have taken the place of.
SELECT DISTINCT table
FROM system.parts
WHERE database = currentDatabase() AND NOT active AND table IN {tables:Array(String)}
