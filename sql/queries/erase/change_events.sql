-- Gives the noted rows of one partition of events the noted participants and context, which stand in one text with
-- a zero byte between them.
ALTER TABLE events /* ON_CLUSTER */ UPDATE
    participants = splitByChar('\0', transform(
        concat(toString(log_partition), '/', toString(log_offset), '/', toString(ordinal)),
        (SELECT groupArray(place) FROM (SELECT DISTINCT concat(toString(log_partition), '/', toString(log_offset), '/', toString(ordinal)) AS place, text FROM erasing_rows WHERE table = 'events' AND text != '' ORDER BY place, text)),
        (SELECT groupArray(text) FROM (SELECT DISTINCT concat(toString(log_partition), '/', toString(log_offset), '/', toString(ordinal)) AS place, text FROM erasing_rows WHERE table = 'events' AND text != '' ORDER BY place, text)),
        concat(participants, '\0', context)), 2)[1],
    context = splitByChar('\0', transform(
        concat(toString(log_partition), '/', toString(log_offset), '/', toString(ordinal)),
        (SELECT groupArray(place) FROM (SELECT DISTINCT concat(toString(log_partition), '/', toString(log_offset), '/', toString(ordinal)) AS place, text FROM erasing_rows WHERE table = 'events' AND text != '' ORDER BY place, text)),
        (SELECT groupArray(text) FROM (SELECT DISTINCT concat(toString(log_partition), '/', toString(log_offset), '/', toString(ordinal)) AS place, text FROM erasing_rows WHERE table = 'events' AND text != '' ORDER BY place, text)),
        concat(participants, '\0', context)), 2)[2]
IN PARTITION ID {partition:String}
WHERE log_offset IN (SELECT log_offset FROM erasing_rows WHERE table = 'events' AND text != '')
  AND (log_partition, log_offset, ordinal) IN (SELECT log_partition, log_offset, ordinal FROM erasing_rows WHERE table = 'events' AND text != '')
SETTINGS mutations_sync = 2
