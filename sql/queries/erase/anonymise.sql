-- Takes from the totals of finished erasures what tells which it was.
ALTER TABLE erased_counts /* ON_CLUSTER */ UPDATE erasure = toUUID('00000000-0000-0000-0000-000000000000')
WHERE erasure IN {erasures:Array(UUID)}
SETTINGS mutations_sync = 2
