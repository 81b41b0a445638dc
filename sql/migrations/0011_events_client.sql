-- By whose clock original_at was read: event.Event.Client, a hash of the source and the client's own id.
-- Events of one client stand in the order (original_at, client_order, message_id); events_in_order says
-- how that goes together with the corrected time. Rows that were written before are of no known client.
ALTER TABLE events /* ON_CLUSTER */
    ADD COLUMN IF NOT EXISTS client UInt64 COMMENT 'by whose clock original_at is; 0: none known' CODEC(ZSTD(1)) AFTER client_order;
