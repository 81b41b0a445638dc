-- Message ids that are there more than once. There should be none within the dedupe horizon.
SELECT workspace, source, message_id, count() AS rows
FROM events
GROUP BY workspace, source, message_id
HAVING rows > 1
ORDER BY workspace, source, message_id
LIMIT {limit:UInt32}
