package analyst

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"tributary/sql/store"
)

// Column is one of a view. Class is that of api/policy; empty: the rows' own, which are there or not as a whole. Several, with blanks
// between, are all needed.
type Column struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Class       string `json:"class"`
	Description string `json:"description"`
}

// View is what statements read under a name. of is the parameterised view of sql/migrations behind it.
type View struct {
	Name        string
	Description string
	Columns     []Column
	of          string
	parameters  []string // of those that bind, what the parameterised view takes
}

// classAll stands for every class that the workspace's policy has: what may hold anything.
const classAll = "*"

// Reader is on whose behalf a statement runs.
type Reader struct {
	Workspace string
	// Shows says whether values of a class are shown plainly. Nil: no class is.
	Shows func(class string) bool
	// Classes are those that the policy has.
	Classes []string
	// Since is the least time of events that are shown; zero: all.
	Since time.Time
	// Restricted are observations of people whose use is restricted.
	Restricted []uuid.UUID
}

// Sees says whether values of a class are shown; "" is what is there or not with its row.
func (r *Reader) Sees(class string) bool {
	if class == classAll {
		return len(r.Classes) > 0 && r.Shows != nil && !slices.ContainsFunc(r.Classes, func(c string) bool { return !r.Shows(c) })
	}
	for one := range strings.FieldsSeq(class) {
		if r.Shows == nil || !r.Shows(one) {
			return false
		}
	}
	return true
}

// For tells which columns of a view a reader sees, and which not.
func (v *View) For(r *Reader) (shown, hidden []Column) {
	for _, c := range v.Columns {
		if r.Sees(c.Class) {
			shown = append(shown, c)
		} else {
			hidden = append(hidden, c)
		}
	}
	return shown, hidden
}

// table is what stands in place of the view in a reader's statement: the columns that the reader sees, and nothing else, so
// that no expression can reach the others. Values are bound.
func (v *View) table(r *Reader) (sql string, hidden []Column) {
	shown, hidden := v.For(r)
	names := make([]string, len(shown))
	for i, c := range shown {
		names[i] = quoteName(c.Name)
	}
	args := make([]string, len(v.parameters))
	for i, name := range v.parameters {
		args[i] = name + " = {" + ownPrefix + "_" + name + ":" + parameterTypes[name] + "}"
	}
	return "(SELECT " + strings.Join(names, ", ") + " FROM " + v.of + "(" + strings.Join(args, ", ") + "))", hidden
}

// tables are those of all views, and the columns that the reader does not see.
func tables(r *Reader) (byName map[string]string, hidden map[string][]Column) {
	byName, hidden = map[string]string{}, map[string][]Column{}
	for _, v := range views {
		sql, not := v.table(r)
		if !strings.HasPrefix(sql, "(SELECT  FROM") {
			byName[v.Name] = sql
		}
		hidden[v.Name] = not
	}
	return byName, hidden
}

var parameterTypes = map[string]string{
	"workspace": "String", "since": "Int64", "shown_names": "Array(String)", "hidden_groups": "Array(String)",
	"contacts": "Bool", "others": "Bool", "restricted": "Array(UUID)", "restricted_keys": "Array(UInt64)",
}

var (
	ofPeople = []string{"workspace", "restricted", "restricted_keys"}
	ofEvents = append([]string{"since", "shown_names", "hidden_groups", "contacts", "others"}, ofPeople...)
)

// Views lists the views.
func Views() []View { return slices.Clone(views) }

// bind are the values of the parameters that are the server's.
func (r *Reader) bind() store.Params {
	keys := make([]uint64, len(r.Restricted))
	for i, id := range r.Restricted {
		keys[i] = store.ObservationKey(id)
	}
	since := int64(-1 << 45) // before any event
	if !r.Since.IsZero() {
		since = r.Since.UnixMilli()
	}
	shown, hidden := groups(r)
	params := store.Params{}
	for name, value := range map[string]any{
		"workspace": r.Workspace, "since": since, "shown_names": shown, "hidden_groups": hidden,
		"contacts": r.Sees("conversation"), "others": r.Sees("behaviour"),
		"restricted": append([]uuid.UUID{}, r.Restricted...), "restricted_keys": keys,
	} {
		params[ownPrefix+"_"+name] = value
	}
	return params
}
