package identity

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"tributary/ingest/event"
)

// The defaults of Config.
const (
	DefaultGenericSpread  = 25
	DefaultGenericHolders = 5000
	DefaultComponentBound = 2000
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
	// Regions overrides DefaultRegion.
	Regions map[Place]string
	// Shareable lists the identifier types that several people may use. Default: email, phone.
	// Add anonymous_id and device_id where people share devices. An e-mail or phone that is not
	// listed is taken for one person's own, like a source's id.
	Shareable []string
	// Exclusive lists the identifier types of which a profile has at most one value.
	// Default: user_id.
	Exclusive []string
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

// Place is a workspace and one of its sources; an empty Source means all of the workspace.
type Place struct{ Workspace, Source string }

// Block names values that identify nobody. Exactly one of Value and Pattern is set. Both are
// compared with the normalised value, ignoring case.
type Block struct {
	Type    string // identifier type or attribute name; empty for every identifier type
	Value   string
	Pattern string // RE2, anchored at both ends
}

// Validate reports every fault, each with its path.
func (c Config) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if len(c.Key) != keySize {
		fault("key: has %d bytes, needs %d", len(c.Key), keySize)
	}
	if c.DefaultRegion != "" && !validRegion(c.DefaultRegion) {
		fault("default_region: %q is no region with telephone numbers", c.DefaultRegion)
	}
	for place, region := range c.Regions {
		if !validRegion(region) {
			fault("regions[%s/%s]: %q is no region with telephone numbers", place.Workspace, place.Source, region)
		}
	}
	for i, b := range c.Blocked {
		if (b.Value == "") == (b.Pattern == "") {
			fault("blocked[%d]: needs either a value or a pattern", i)
		}
		if _, err := regexp.Compile(b.Pattern); err != nil {
			fault("blocked[%d].pattern: %w", i, err)
		}
	}
	for _, t := range c.Exclusive {
		if slices.Contains(c.Shareable, t) {
			fault("exclusive: %q is also shareable", t)
		}
	}
	if c.GenericSpread < 0 {
		fault("generic_spread: is negative")
	}
	if c.GenericHolders < 0 {
		fault("generic_holders: is negative")
	}
	if c.ComponentBound < 0 {
		fault("component_bound: is negative")
	}
	return errors.Join(faults...)
}

// Engine observes events and resolves observations. It holds no state but caches of pure
// functions, and is safe for concurrent use.
type Engine struct {
	keyer   keyer
	phones  phoneNormaliser
	blocks  blockList
	classes map[string]class
	spread  int
	holders int
	bound   int
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
	blocks, err := newBlockList(c.Blocked)
	if err != nil {
		return nil, fmt.Errorf("configure identity: %w", err)
	}
	e := &Engine{
		keyer:   newKeyer(c.Key),
		phones:  newPhoneNormaliser(c.DefaultRegion, c.Regions),
		blocks:  blocks,
		spread:  c.GenericSpread,
		holders: c.GenericHolders,
		bound:   c.ComponentBound,
	}
	if e.bound == 0 {
		e.bound = DefaultComponentBound
	}
	if e.spread == 0 {
		e.spread = DefaultGenericSpread
	}
	if e.holders == 0 {
		e.holders = DefaultGenericHolders
	}
	e.classes = map[string]class{
		event.IDUser: classSource, event.IDAnonymous: classDevice, event.IDDevice: classDevice,
		event.IDEmail: classSource, event.IDPhone: classSource,
	}
	for _, t := range c.Shareable {
		e.classes[t] = classShared
	}
	for _, t := range c.Exclusive {
		e.classes[t] = classExclusive
	}
	return e, nil
}

// class says what an identifier type is worth, best first; the phases of clustering follow it.
type class uint8

const (
	classUnknown      class = iota
	classExclusive          // one value per profile
	classSource             // an id that a source gave to one person
	classConversation       // a conversation, with its single subject
	classDevice             // a device or browser, mostly one person's
	classShared             // several people may use it
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

func (e *Engine) classOf(typ string) class {
	if c, ok := e.classes[typ]; ok {
		return c
	}
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
