-- What was said of consent in some workspaces, by contact point.
SELECT workspace, source, received_at, '' AS text, contact_type AS type, contact AS value, origin_contact_type AS origin_type, origin_contact AS origin_value,
    _partition_id AS partition_id, log_partition, log_offset, ordinal
FROM consent_changes
WHERE workspace IN {workspaces:Array(String)} AND (contact != '' OR origin_contact != '')
