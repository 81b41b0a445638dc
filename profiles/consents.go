package profiles

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tributary/identity"
	"tributary/profiles/consent"
)

// ConsentFacts are what ConsentOf reads. The writer of the state and its snapshots have them.
type ConsentFacts interface {
	Observation(identity.ObservationID) (*identity.Observation, error)
	// Consent returns what was said of a subject; an empty ledger when nothing was.
	Consent(consent.Subject) (*consent.Ledger, error)
	// HasConsent says whether anything was ever said of consent in the workspace. True may be wrong.
	HasConsent() bool
	// Blocked says whether a normalised identifier joins nobody.
	Blocked(identity.Identifier) (bool, error)
}

// ConsentOf reads what was said of the subjects of a profile, given its members: its contact points and
// its observations, ascending. An identifier that is blocked is nobody's, and so no contact point of it.
func ConsentOf(facts ConsentFacts, members []identity.ObservationID) ([]consent.Register, error) {
	var registers []consent.Register
	add := func(s consent.Subject) error {
		ledger, err := facts.Consent(s)
		if err != nil {
			return fmt.Errorf("read consent: %w", err)
		}
		registers = append(registers, consent.Register{Subject: s, Ledger: ledger})
		return nil
	}
	contacts, err := contactPoints(facts, members)
	if err != nil {
		return nil, err
	}
	for _, i := range contacts {
		if err := add(consent.Contact(i)); err != nil {
			return nil, err
		}
	}
	for _, id := range members {
		if err := add(consent.Person(id)); err != nil {
			return nil, err
		}
	}
	return registers, nil
}

func contactPoints(facts ConsentFacts, members []identity.ObservationID) ([]identity.Identifier, error) {
	var contacts []identity.Identifier
	for _, id := range members {
		o, err := facts.Observation(id)
		if err != nil {
			return nil, fmt.Errorf("read observation: %w", err)
		}
		if o == nil {
			continue
		}
		for _, i := range o.Identifiers {
			if consent.IsContactType(i.Type) {
				contacts = append(contacts, i)
			}
		}
	}
	slices.SortFunc(contacts, compareIdentifiers)
	contacts = slices.Compact(contacts)
	var own []identity.Identifier
	for _, i := range contacts {
		blocked, err := facts.Blocked(i)
		if err != nil {
			return nil, fmt.Errorf("read block: %w", err)
		}
		if !blocked {
			own = append(own, i)
		}
	}
	return own, nil
}

func compareIdentifiers(a, b identity.Identifier) int {
	if c := strings.Compare(a.Type, b.Type); c != 0 {
		return c
	}
	return strings.Compare(a.Value, b.Value)
}

// consentOf is ConsentOf in a view; nil where the view knows nothing of consent, or there is none.
func (v view) consentOf(members []identity.ObservationID) ([]consent.Register, error) {
	facts, ok := v.Hot.(ConsentFacts)
	if !ok || !facts.HasConsent() {
		return nil, nil
	}
	return ConsentOf(facts, members)
}

// ConsentAnswer is what was said of the subjects of one profile, for consent.Project.
type ConsentAnswer struct {
	Found
	Registers []consent.Register
}

// Consent reads what was said of consent of the profile that an address names. It fails like Get.
func (s *Service) Consent(ctx context.Context, workspace string, address Address) (answer *ConsentAnswer, err error) {
	hot, err := s.store.Snapshot(workspace)
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, hot.Close()) }()
	v := newView(hot)
	found, err := s.find(ctx, v, workspace, address)
	if err != nil {
		return nil, err
	}
	members, err := v.Members(found.Profile)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	registers, err := v.consentOf(members)
	return &ConsentAnswer{*found, registers}, err
}

// maxConsentProfiles bounds in how many profiles a shared contact point is looked at.
const maxConsentProfiles = 100

// ContactConsent is what was said of one contact point, by itself and in the profiles that have it.
type ContactConsent struct {
	Contact identity.Identifier // normalised
	Own     consent.Register
	// Profiles are those that have it, ascending, at most 100; each with the registers of its subjects.
	// All is how many there are.
	Profiles []ConsentAnswer
	All      int
}

// ContactConsent reads what was said of a contact point. Nobody need be known by it. It fails with
// *AddressError, privacy.ErrRestricted if use of one of the profiles that have it is restricted, ctx's error or
// that of the store.
func (s *Service) ContactConsent(ctx context.Context, workspace string, raw identity.Identifier) (answer *ContactConsent, err error) {
	if !consent.IsContactType(raw.Type) {
		return nil, &AddressError{"contact.type", "must be email or phone"}
	}
	id, dropped := s.normalise.Normalise(identity.Place{Workspace: workspace}, raw)
	if dropped != "" {
		return nil, &AddressError{"contact.value", "is no contact point: " + string(dropped)}
	}
	hot, err := s.store.Snapshot(workspace)
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, hot.Close()) }()
	v := newView(hot)
	answer = &ContactConsent{Contact: id, Own: consent.Register{Subject: consent.Contact(id), Ledger: &consent.Ledger{}}}
	facts, ok := hot.(ConsentFacts)
	if !ok {
		return answer, nil
	}
	if answer.Own.Ledger, err = facts.Consent(answer.Own.Subject); err != nil {
		return nil, err
	}
	return answer, v.consentOfHolders(ctx, answer)
}

func (v view) consentOfHolders(ctx context.Context, answer *ContactConsent) error {
	holders, err := v.Holders(answer.Contact)
	if err != nil {
		return fmt.Errorf("read holders: %w", err)
	}
	var ids []identity.ProfileID
	for _, o := range holders {
		assigned, known, err := v.Assignment(o)
		if err != nil {
			return fmt.Errorf("read assignment: %w", err)
		}
		if known {
			ids = append(ids, assigned.Profile)
		}
	}
	slices.SortFunc(ids, func(a, b identity.ProfileID) int { return slices.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	answer.All = len(ids)
	version, err := v.IdentityVersion()
	if err != nil {
		return fmt.Errorf("read identity version: %w", err)
	}
	for _, id := range ids[:min(len(ids), maxConsentProfiles)] {
		if err := errors.Join(ctx.Err(), v.refused(ctx, id)); err != nil {
			return err
		}
		if err := v.refused(ctx, id); err != nil {
			return err
		}
		members, err := v.Members(id)
		if err != nil {
			return fmt.Errorf("read members: %w", err)
		}
		registers, err := v.consentOf(members)
		if err != nil {
			return err
		}
		answer.Profiles = append(answer.Profiles, ConsentAnswer{Found{Profile: id, IdentityVersion: version}, registers})
	}
	return nil
}

func idsOf(members []Member) []identity.ObservationID {
	ids := make([]identity.ObservationID, len(members))
	for i := range members {
		ids[i] = members[i].id()
	}
	return ids
}
