-- Removes the noted rows of one partition of a table. Parts that hold none are left as they are.
ALTER TABLE {table:Identifier} /* ON_CLUSTER */ DELETE IN PARTITION ID {partition:String}
WHERE log_offset IN (SELECT log_offset FROM erasing_rows WHERE table = {table:String} AND text = '')
  AND (log_partition, log_offset, ordinal) IN (SELECT log_partition, log_offset, ordinal FROM erasing_rows WHERE table = {table:String} AND text = '')
SETTINGS mutations_sync = 2
