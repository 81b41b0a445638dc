-- Whole events that name an account and were received by a time, but for query, which is made of properties.
SELECT * EXCEPT (observation_key, query, writer) REPLACE (toString(amount) AS amount)
FROM events
WHERE workspace = {workspace:String}
  AND account_id = {account:String}
  AND received_at <= fromUnixTimestamp64Milli({at:Int64}, 'UTC')
