-- What was quarantined in some workspaces, of which anything is left.
SELECT workspace, source, received_at, concat(message_id, '\n', detail, '\n') AS head, payload AS text, item_partition, item_offset,
    _partition_id AS partition_id, log_partition, log_offset, ordinal
FROM quarantine
WHERE workspace IN {workspaces:Array(String)} AND (payload != '' OR message_id != '' OR detail != '')
