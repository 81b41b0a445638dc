-- How often each message id of a source is there. Exactly once is the promise.
SELECT message_id, count() AS rows
FROM events
WHERE workspace = {workspace:String} AND source = {source:String}
GROUP BY message_id
ORDER BY message_id
