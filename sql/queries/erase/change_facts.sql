-- Gives the noted rows of one partition of facts the noted texts as body.
ALTER TABLE facts /* ON_CLUSTER */ UPDATE body = transform(
    concat(toString(log_partition), '/', toString(log_offset), '/', toString(ordinal)),
    (SELECT groupArray(place) FROM (SELECT DISTINCT concat(toString(log_partition), '/', toString(log_offset), '/', toString(ordinal)) AS place, text FROM erasing_rows WHERE table = 'facts' AND text != '' ORDER BY place, text)),
    (SELECT groupArray(text) FROM (SELECT DISTINCT concat(toString(log_partition), '/', toString(log_offset), '/', toString(ordinal)) AS place, text FROM erasing_rows WHERE table = 'facts' AND text != '' ORDER BY place, text)),
    body)
IN PARTITION ID {partition:String}
WHERE log_offset IN (SELECT log_offset FROM erasing_rows WHERE table = 'facts' AND text != '')
  AND (log_partition, log_offset, ordinal) IN (SELECT log_partition, log_offset, ordinal FROM erasing_rows WHERE table = 'facts' AND text != '')
SETTINGS mutations_sync = 2
