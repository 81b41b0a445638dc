-- The events of some workspaces in which others took part.
SELECT workspace, source, received_at, participants AS text, context, _partition_id AS partition_id, log_partition, log_offset, ordinal
FROM events
WHERE workspace IN {workspaces:Array(String)} AND participants != ''
