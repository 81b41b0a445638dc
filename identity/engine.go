package identity

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tributary/ingest/event"
)

// The defaults of Config.
const (
	DefaultGenericSpread  = 25
	DefaultGenericHolders = 5000
	DefaultComponentBound = 500
)

// Config sets up an Engine. All of it but Key may be left zero.
//
// What normalises and blocks values decides which observation an event belongs to. A change of it
// holds for the events that are observed after it; a rebuild from the log observes all of them
// under the configuration of that moment.
type Config struct {
	// Key is the data folder's identity key, 32 bytes. Observation ids and identifier keys mean
	// nothing under another key.
	Key []byte
	// DefaultRegion is the ISO 3166-1 alpha-2 region of telephone numbers that do not state
	// theirs. Empty: such numbers cannot be normalised.
	DefaultRegion string
	// Regions overrides DefaultRegion: for a source of a workspace, a source of any workspace, all of
	// a workspace, in that order.
	Regions map[Place]string
	// Shareable lists the identifier types that several people may use. Default: email, phone.
	// Add anonymous_id and device_id where people share devices. An e-mail or phone that is not
	// listed is taken for one person's own, like a source's id.
	Shareable []string
	// Exclusive lists the identifier types of which a profile has at most one value.
	// Default: user_id.
	Exclusive []string
	// MailProviders applies what the large mailbox providers do with an address (provider.go): dots
	// and tags of Gmail, tags of Outlook, iCloud, Fastmail, Proton and others. Off, such addresses are
	// of different mailboxes; on, one person's tagged addresses are one identifier, also where somebody
	// gave each member of a family a tag.
	MailProviders bool
	// Blocked adds to the values that identify nobody (block.go).
	Blocked []Block
	// GenericSpread is how many distinct names, exclusive ids or other addresses the holders of a
	// value show before it is generic and joins nobody. Default: DefaultGenericSpread.
	GenericSpread int
	// GenericHolders is how many observations may hold an e-mail, telephone, device or
	// conversation before it is generic, whatever they show. Default: DefaultGenericHolders.
	GenericHolders int
	// ComponentBound is how many observations may be connected before Resolve puts off deciding
	// about them. Default: DefaultComponentBound.
	ComponentBound int
}

// Place is a workspace and one of its sources; an empty Source means all of the workspace, an empty
// Workspace that source in all of them.
type Place struct{ Workspace, Source string }

// Block names values that identify nobody. Exactly one of Value and Pattern is set. Both are
// compared with the normalised value, ignoring case.
type Block struct {
	// Type is an identifier type or attribute name; empty for every identifier type.
	Type  string `yaml:"type" json:"type,omitempty"`
	Value string `yaml:"value" json:"value,omitempty"`
	// Pattern is in RE2's syntax, anchored at both ends.
	Pattern string `yaml:"pattern" json:"pattern,omitempty"`
}

// Validate reports every fault, each with its path.
func (c Config) Validate() error {
	var faults faultList
	if len(c.Key) != keySize {
		faults.add("key: has %d bytes, needs %d", len(c.Key), keySize)
	}
	if c.DefaultRegion != "" && !validRegion(c.DefaultRegion) {
		faults.add("default_region: %q is no region with telephone numbers", c.DefaultRegion)
	}
	for _, place := range slices.SortedFunc(maps.Keys(c.Regions), comparePlaces) {
		if region := c.Regions[place]; !validRegion(region) {
			at := strings.TrimPrefix(place.Workspace+"/"+place.Source, "/")
			faults.add("regions[%s]: %q is no region with telephone numbers", at, region)
		}
	}
	faults.blocked("blocked", c.Blocked)
	for _, t := range c.Exclusive {
		if slices.Contains(c.Shareable, t) {
			faults.add("exclusive: %q is also shareable", t)
		}
	}
	faults.negative("generic_spread", c.GenericSpread)
	faults.negative("generic_holders", c.GenericHolders)
	faults.negative("component_bound", c.ComponentBound)
	return errors.Join(faults...)
}

func comparePlaces(a, b Place) int {
	return cmp.Or(cmp.Compare(a.Workspace, b.Workspace), cmp.Compare(a.Source, b.Source))
}

// Engine observes events and resolves observations. It holds no state but caches of pure
// functions, and is safe for concurrent use.
type Engine struct {
	config   Config // with its defaults
	keyer    keyer
	phones   phoneNormaliser
	junk     blockList        // what no observation is made of
	observed map[string]class // what observations are made by, whatever the rules
	bound    int
	ruling
}

// New returns an engine, or every fault of the configuration.
func New(c Config) (*Engine, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("configure identity: %w", err)
	}
	if c.Shareable == nil {
		c.Shareable = []string{event.IDEmail, event.IDPhone}
	}
	if c.Exclusive == nil {
		c.Exclusive = []string{event.IDUser}
	}
	c.ComponentBound = cmp.Or(c.ComponentBound, DefaultComponentBound)
	c.GenericSpread = cmp.Or(c.GenericSpread, DefaultGenericSpread)
	c.GenericHolders = cmp.Or(c.GenericHolders, DefaultGenericHolders)
	junk, err := newBlockList(c.Blocked)
	if err != nil {
		return nil, fmt.Errorf("configure identity: %w", err)
	}
	e := &Engine{
		config: c,
		keyer:  newKeyer(c.Key),
		phones: newPhoneNormaliser(c.DefaultRegion, c.Regions),
		junk:   junk,
		bound:  c.ComponentBound,
		observed: map[string]class{
			event.IDUser: classSource, event.IDAnonymous: classDevice, event.IDDevice: classDevice,
			event.IDEmail: classSource, event.IDPhone: classSource,
		},
	}
	for _, t := range c.Shareable {
		e.observed[t] = classShared
	}
	for _, t := range c.Exclusive {
		e.observed[t] = classExclusive
	}
	return e.With(Rules{})
}

// class says what an identifier type is worth, best first; the phases of clustering follow it.
type class uint8

const (
	classUnknown      class = iota
	classExclusive          // one value per profile
	classSource             // an id that a source gave to one person
	classCompound           // two that agree
	classConversation       // a conversation, with its single subject
	classDevice             // a device or browser, mostly one person's
	classShared             // several people may use it
	classEvidence           // part of a compound identifier only
	classSession            // only confines what may be shared; joins nothing by itself
)

// Kinds of namespaced identifiers that are not ids of people.
const (
	kindConversation = ".conversation_id"
	kindSession      = ".session_id"
)

// OfContact says whether an identifier type names a conversation or a session, not somebody.
func OfContact(typ string) bool {
	return strings.HasSuffix(typ, kindConversation) || strings.HasSuffix(typ, kindSession)
}

// observedAs returns the class that a type has when observations are made.
func (e *Engine) observedAs(typ string) class {
	if c, ok := e.observed[typ]; ok {
		return c
	}
	return classByName(typ)
}

// classByName returns the class of a type that only its name tells of.
func classByName(typ string) class {
	switch dot := strings.LastIndexByte(typ, '.'); {
	case dot <= 0 || dot == len(typ)-1:
		return classUnknown
	case typ[dot:] == kindConversation:
		return classConversation
	case typ[dot:] == kindSession:
		return classSession
	default:
		return classSource
	}
}
