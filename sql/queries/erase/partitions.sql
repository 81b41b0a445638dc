-- The partitions of a table that rows were noted of.
SELECT DISTINCT partition_id
FROM erasing_rows
WHERE table = {table:String} AND (text != '') = {changed:Bool}
ORDER BY partition_id
