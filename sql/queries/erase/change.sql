-- Gives a column of the noted rows of one partition of a table the noted texts.
ALTER TABLE {table:Identifier} /* ON_CLUSTER */ UPDATE {column:Identifier} = transform(
    concat(toString(log_partition), '/', toString(log_offset), '/', toString(ordinal)),
    (SELECT groupArray(place) FROM (SELECT DISTINCT concat(toString(log_partition), '/', toString(log_offset), '/', toString(ordinal)) AS place, text FROM erasing_rows WHERE table = {name:String} AND text != '' ORDER BY place, text)),
    (SELECT groupArray(text) FROM (SELECT DISTINCT concat(toString(log_partition), '/', toString(log_offset), '/', toString(ordinal)) AS place, text FROM erasing_rows WHERE table = {name:String} AND text != '' ORDER BY place, text)),
    {column:Identifier})
IN PARTITION ID {partition:String}
WHERE log_offset IN (SELECT log_offset FROM erasing_rows WHERE table = {name:String} AND text != '')
  AND (log_partition, log_offset, ordinal) IN (SELECT log_partition, log_offset, ordinal FROM erasing_rows WHERE table = {name:String} AND text != '')
SETTINGS mutations_sync = 2
