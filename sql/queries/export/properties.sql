-- The properties of every event, as they were received.
SELECT message_id, properties
FROM events
WHERE workspace = {workspace:String}
ORDER BY message_id
