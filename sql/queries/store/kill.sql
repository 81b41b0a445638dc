-- Ends a statement and waits until it has ended. The embedded engine gives its statements ids of
-- its own and keeps the caller's as their comment.
KILL QUERY /* ON_CLUSTER */
WHERE query_id = {query_id:String} OR Settings['log_comment'] = {query_id:String}
SYNC
