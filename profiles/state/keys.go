package state

import (
	"encoding/binary"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/identity/match"
	"tributary/ingest/stream"
)

// The layout. The first byte of a key says what it holds. A string in a key is its length as a
// uvarint and its bytes, so that no name is another's prefix; numbers are big-endian, ids are 16
// bytes. WS is the workspace as such a string.
//
//	format                                    kindFormat
//	offset      next offset to apply          kindOffset partition
//	mark        message id seen               kindMark generation hash128
//	document    run-time configuration        kindDoc bucket key
//
//	version     identity_version              kindVersion WS
//	observed    an observation                kindObserved WS observation
//	short       64-bit key -> observations    kindShort WS key64
//	holder      identifier -> observation     kindHolder WS type value observation
//	link        verdict on a pair, both ways  kindLink WS observation peer
//	block       identifier that joins nobody  kindBlock WS type value
//	assignment  profile of an observation     kindHeld WS observation 'a'
//	member      profile -> observation        kindHeld WS profile 'm' observation
//	state       profiles.State                kindHeld WS observation 's'
//	former      profile -> one that left it, and by which version   kindFormer WS profile observation
//	count       what became of records        kindCount WS source day
//	item        quarantine                    kindItem WS partition offset ordinal
//	payload     of an open item               kindPayload WS partition offset ordinal
//	items       how many of a kind there are  kindItemCount WS source stage reason status day
//	counted     that they are counted         kindItemCount
//	schema      what is inferred of an event  kindSchema WS source event
//	contract    what an event should be       kindContract WS source event
//	stale       profile to publish            kindStale WS profile
//	published   last row of a profile         kindPublished WS profile
//
//	rules       document of the rules         kindRules WS
//	shared      what is known of an           kindShared WS type value
//	            identifier that many share
//	number      observation -> number         kindNumber WS observation
//	numbered    number -> observation         kindNumbered WS number
//	posting     blocking key -> numbers       kindPosting WS epoch key64
//	linked      number -> numbers             kindLinked WS epoch number64
//	model       number of the model in use    kindModel WS
//	part        of a model; part 0 is its     kindPart WS model part
//	            length
//	unsettled   observation to resolve        kindUnsettled WS observation
//	task        progress of what is put off   kindTask WS name
//	(never there) what a scrub deletes        0xfe scrub
//
//	account     profiles.State of what is     kindAccount WS account saying observation
//	            said of one
//	part        profiles.Membership           kindAccountMember WS account observation
//	accounts    of an observation             kindAccountsOf WS observation account
//	erasure     privacy.Record                kindErasure WS erasure
//	suppressed  when an identifier was        kindSuppressed WS hash128
//	restricted  observation kept, not used    kindRestricted WS observation
//	consent     what was said of a subject    kindConsent WS 'c' type value, or 'o' observation
//	carried     command that the log has not  kindCarried WS 'c' id
//	unseen      observation to look at        kindCarried WS 'u' observation
//
//	definitions the document of definitions   kindDefinitions WS
//	analysis    how far the work is that it   kindAnalysis WS
//	            leads to
//	clock       greatest received time        kindClock WS
//	values      computed.Values               kindValues WS generation observation
//	taken       replayed event that is no     kindTaken WS generation partition offset
//	            history
//	set trait   set from outside              kindSetTrait WS observation name
//	judge       profile to judge              kindJudge WS profile
//	due         when time alone changes it    kindDue WS time profile
//	standing    segments of a profile         kindStanding WS profile
//	in          segment -> profile            kindIn WS segment profile
//	change      of who is in a segment        kindChange WS segment number
//	feed        which feed, how many changes  kindFeed WS
//	members     how many are in a segment     kindFeed WS segment
//	pledged     that something was promised   kindPledged WS observation due account id
//	found       by what a promise is found    kindPledgedBy WS 'd' due observation id,
//	                                          'i' id observation, or 'a' account observation
//	live        live.Entry                    kindLive WS number
//	live head   which feed, what it holds     kindLiveHead WS
//
//	hand-off    handoff.History               kindHandoff WS observation offered id
//	found       by what a hand-off is found   kindHandoffBy WS 'i' id, 'c' conversation offered id,
//	                                          or 'q' queue offered id
//
// Postings, links, schemas and values are merged into like states; all else is set and deleted.
//
// What is held under one id lies side by side: who answers about somebody reads the three one after the
// other, mostly of one block, for most profiles are named after one of their observations.
//
// Keys with WS are made by the methods of space alone, so a reader or writer that was given one
// workspace cannot name a key of another. Marks hash the workspace in. Documents belong to the
// installation: a write key must be found before its workspace is known.
const (
	kindFormat    = 'F'
	kindOffset    = 'o'
	kindMark      = 'd'
	kindDoc       = 'w'
	kindVersion   = 'v'
	kindObserved  = 'e'
	kindShort     = 'k'
	kindHolder    = 'i'
	kindLink      = 'l'
	kindBlock     = 'b'
	kindHeld      = 'a'
	kindFormer    = 'f'
	kindCount     = 'c'
	kindItem      = 'q'
	kindPayload   = 'y'
	kindItemCount = '7'
	kindSchema    = 'S'
	kindContract  = 'C'
	kindStale     = 't'
	kindPublished = 'p'
	kindRules     = 'r'
	kindShared    = 'h'
	kindNumber    = 'n'
	kindNumbered  = 'N'
	kindPosting   = 'z'
	kindLinked    = 'X'
	kindModel     = 'M'
	kindPart      = 'P'
	kindUnsettled = 'u'
	kindTask      = 'j'

	kindAccount       = 'A'
	kindAccountMember = 'B'
	kindAccountsOf    = 'O'
	kindErasure       = 'E'
	kindSuppressed    = 'Z'
	kindRestricted    = 'R'

	kindDefinitions = 'T'
	kindAnalysis    = 'Y'
	kindClock       = 'L'
	kindValues      = 'V'
	kindTaken       = 'Q'
	kindSetTrait    = 'W'
	kindJudge       = 'J'
	kindDue         = 'D'
	kindStanding    = 'H'
	kindIn          = 'G'
	kindChange      = 'U'
	kindFeed        = 'I'
	kindConsent     = 'g'
	kindCarried     = 'K'

	kindHandoff   = 'x'
	kindHandoffBy = '4'

	kindPledged   = '5'
	kindPledgedBy = '6'

	kindLive     = '1'
	kindLiveHead = '2'
)

// What is held under an id, by the byte behind it.
const (
	heldAssignment = 'a'
	heldMember     = 'm'
	heldState      = 's'
)

// space makes the keys of one workspace. The methods append to b[:0] and return it.
type space struct {
	name   string
	prefix []byte // WS
}

func newSpace(workspace string) space {
	return space{name: workspace, prefix: appendString(nil, workspace)}
}

func (s space) key(b []byte, kind byte) []byte {
	return append(append(b[:0], kind), s.prefix...)
}

func (s space) idKey(b []byte, kind byte, id uuid.UUID) []byte {
	return append(s.key(b, kind), id[:]...)
}

func (s space) pairKey(kind byte, first, second uuid.UUID) []byte {
	return append(s.idKey(nil, kind, first), second[:]...)
}

// heldKey is where an assignment or a state is held; of heldMember, what the keys of a profile's members begin with.
func (s space) heldKey(b []byte, id uuid.UUID, what byte) []byte {
	return append(s.idKey(b, kindHeld, id), what)
}

func (s space) memberKey(b []byte, profile, id uuid.UUID) []byte {
	return append(s.heldKey(b, profile, heldMember), id[:]...)
}

func (s space) identifierKey(b []byte, kind byte, i identity.Identifier) []byte {
	return appendString(appendString(s.key(b, kind), i.Type), i.Value)
}

func (s space) shortKey(b []byte, key uint64) []byte {
	return binary.BigEndian.AppendUint64(s.key(b, kindShort), key)
}

func (s space) countKey(b []byte, source string, day stream.Day) []byte {
	return binary.BigEndian.AppendUint32(appendString(s.key(b, kindCount), source), uint32(day))
}

func (s space) itemKey(kind byte, pos stream.Position, ordinal uint32) []byte {
	b := binary.BigEndian.AppendUint32(s.key(nil, kind), uint32(pos.Partition))
	b = binary.BigEndian.AppendUint64(b, pos.Offset)
	return binary.BigEndian.AppendUint32(b, ordinal)
}

func (s space) numberedKey(b []byte, r match.Ref) []byte {
	return binary.BigEndian.AppendUint32(s.key(b, kindNumbered), uint32(r))
}

func (s space) epochKey(b []byte, kind byte, epoch uint32) []byte {
	return binary.BigEndian.AppendUint32(s.key(b, kind), epoch)
}

func (s space) refSetKey(b []byte, kind byte, epoch uint32, key uint64) []byte {
	return binary.BigEndian.AppendUint64(s.epochKey(b, kind, epoch), key)
}

func (s space) modelKey(b []byte, number uint32) []byte {
	return binary.BigEndian.AppendUint32(s.key(b, kindPart), number)
}

func (s space) partKey(b []byte, number, part uint32) []byte {
	return binary.BigEndian.AppendUint32(s.modelKey(b, number), part)
}

func (s space) taskKey(b []byte, name string) []byte {
	return appendString(s.key(b, kindTask), name)
}

func offsetKey(b []byte, p stream.Partition) []byte {
	return binary.BigEndian.AppendUint32(append(b[:0], kindOffset), uint32(p))
}

func generationKey(b []byte, generation uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b[:0], kindMark), generation)
}

func markKey(b []byte, generation uint32, id MessageHash) []byte {
	return append(generationKey(b, generation), id[:]...)
}

func docKey(b []byte, bucket, key string) []byte {
	return appendString(appendString(append(b[:0], kindDoc), bucket), key)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// lastID reads the id at the end of a key.
func lastID(key []byte) uuid.UUID {
	var id uuid.UUID
	copy(id[:], key[len(key)-len(id):])
	return id
}

// after returns the first key that does not begin with prefix.
func after(prefix []byte) []byte { return appendAfter(nil, prefix) }

// appendAfter is after for who has a buffer.
func appendAfter(b, prefix []byte) []byte {
	b = append(b, prefix...)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i]++; b[i] != 0 {
			return b[:i+1]
		}
	}
	return nil
}
