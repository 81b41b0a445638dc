package api

import "tributary/profiles"

// What only a value knows of its class (policy).

// PolicyClass says that a trait's name decides about its class.
func (v traitView) PolicyClass() string { return v.class }

// PolicyClass says that an identifier's type decides about its class.
func (v identifierView) PolicyClass() string { return "identifier:" + v.Type }

// PolicyClass says the class of data that the counted events are of.
func (v counterView) PolicyClass() string { return profiles.EventClass(v.Name, false) }

// PolicyClass says the class of data that a kind of item is of.
func (v itemView) PolicyClass() string { return profiles.ItemKind(v.Kind).PolicyClass() }

// PolicyClass says the class of data that the event is of.
func (v eventView) PolicyClass() string {
	return profiles.EventClass(v.Name, v.ConversationID != "" || v.CaseID != "")
}
