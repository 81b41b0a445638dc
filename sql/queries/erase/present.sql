-- How many of the noted rows to remove a table still holds.
SELECT count() AS rows
FROM {table:Identifier}
WHERE log_offset IN (SELECT log_offset FROM erasing_rows WHERE table = {name:String} AND text = '')
  AND (log_partition, log_offset, ordinal) IN (SELECT log_partition, log_offset, ordinal FROM erasing_rows WHERE table = {name:String} AND text = '')
