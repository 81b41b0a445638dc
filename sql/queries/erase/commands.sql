-- The commands of some workspaces, but for the long ones of which no person is told.
SELECT workspace, source, received_at, body AS text, _partition_id AS partition_id, log_partition, log_offset, ordinal
FROM facts
WHERE workspace IN {workspaces:Array(String)} AND kind = 'command' AND length(body) < 1000000
