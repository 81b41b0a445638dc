-- How often each of these message ids of a source is there; those that are not have no row.
SELECT message_id, count() AS rows
FROM events
WHERE workspace = {workspace:String} AND source = {source:String} AND message_id IN {message_ids:Array(String)}
GROUP BY message_id
ORDER BY message_id
