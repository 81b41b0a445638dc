package event

// What an event may hold. Lengths are in bytes of UTF-8.
const (
	// MaxEventBytes is the largest event as a client sends it, and MaxBatchBytes the largest batch,
	// after decompression. They and MaxBatchEvents are Segment's
	// (https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#max-request-size).
	MaxEventBytes  = 32 << 10
	MaxBatchBytes  = 500 << 10
	MaxBatchEvents = 2500

	// MaxStoredBytes bounds Text, Traits, Properties and Context together, whatever way an event
	// came. Files and connectors may bring more than a client may send at once.
	MaxStoredBytes = 512 << 10

	// MaxDepth is how deep Traits, Properties and Context may nest. The decoder's own limit is a
	// little higher.
	MaxDepth = 4000

	MaxWorkspaceBytes  = 64  // also of a source
	MaxMessageIDBytes  = 256 // message ids of imports hold the file's digest and the row
	MaxNameBytes       = 256
	MaxIdentifiers     = 32
	MaxIdentifierBytes = 512 // of a value
	MaxAttributeBytes  = 512
	MaxParticipants    = 64
	MaxRoleBytes       = 64
	MaxVersionBytes    = 128
	// MaxFieldBytes bounds every string of CX but Text.
	MaxFieldBytes = 512
	// MaxPurposeBytes bounds CX.Purpose.
	MaxPurposeBytes = 64
)
