package export

import (
	"archive/zip"
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/privacy"
	"tributary/profiles/privacy/desk"
)

// gathering is one export while it is made.
type gathering struct {
	*Exporter
	ctx     context.Context //nolint:containedctx // for one export, and no longer
	record  *Record
	at      time.Time // what was received later is not in it
	subject *desk.Subject
	answer  *profiles.Answer

	observations map[identity.ObservationID]bool
	identifiers  map[identity.Identifier]bool // the subject's alone
	hashes       map[privacy.IdentifierHash]bool
}

// gather finds out once more who the subject is: an export that waited must not be of who it was before.
func (e *Exporter) gather(ctx context.Context, record *Record) (*gathering, error) {
	who := profiles.Address{{Type: profiles.TypeProfile, Value: record.Profile.String()}}
	s, err := e.Subjects.Subject(ctx, record.Workspace, who)
	if err != nil {
		return nil, fmt.Errorf("find the subject: %w", err)
	}
	g := &gathering{
		Exporter: e, ctx: ctx, record: record, at: e.now(), subject: s, observations: map[identity.ObservationID]bool{},
		identifiers: map[identity.Identifier]bool{}, hashes: map[privacy.IdentifierHash]bool{},
	}
	for _, o := range s.Observations {
		g.observations[o] = true
	}
	if len(s.Observations) != len(record.Observations) || !slices.Equal(s.Observations, record.Observations) {
		return nil, fmt.Errorf("the subject was merged or split since it was asked for")
	}
	for _, i := range s.Identifiers {
		g.identifiers[i] = true
	}
	for _, h := range s.Hashes(e.Hasher, record.Workspace) {
		g.hashes[h] = true
	}
	g.answer, err = e.Profiles.Get(profiles.ForPrivacy(ctx), record.Workspace, who)
	if err != nil {
		return nil, fmt.Errorf("read the profile: %w", err)
	}
	return g, nil
}

// part is a file of the archive.
type part struct {
	name  string
	about string // what a line is, for the index
	write func(*gathering, *lines) error
}

// parts are the files, in the order of the index.
var parts = []part{
	{"profile.jsonl", "The profile: what we take for true of you, in one line.", (*gathering).profile},
	{"identifiers.jsonl", "An identifier by which you are known, such as an e-mail address, and who told us.", (*gathering).held},
	{"traits.jsonl", "Something that is known of you (a name, a plan), where it comes from, by which rule it was chosen, and what else was said.", (*gathering).traits},
	{"observations.jsonl", "A visitor, log-in or record of a source that we take for you, and why.", (*gathering).observed},
	{"events.jsonl", "Something that you did or that happened with you, as it was received: every one.", (*gathering).events},
	{"participations.jsonl", "An event of somebody else in which you took part, without what is theirs.", (*gathering).participations},
	{"summary.jsonl", "What is counted and kept at hand of the events: counters, open matters, answers to surveys.", (*gathering).summary},
	{"facts.jsonl", "Identifiers and identifying attributes as a source stated them, every version.", (*gathering).facts},
	{"decisions.jsonl", "A decision about whether records are of one person, and why.", (*gathering).decisions},
	{"commands.jsonl", "What somebody who runs this system decided about you.", (*gathering).commands},
	{"consent.jsonl", "What was said of consent, when and how.", (*gathering).consent},
	{"accounts.jsonl", "An account (company, household, contract) that you belong or belonged to, and in which role.", (*gathering).accounts},
	{"computed.jsonl", "A value that is computed of you.", (*gathering).computed},
	{"segments.jsonl", "A segment that you are in.", (*gathering).segments},
	{"disclosures.jsonl", "A reading of your data: what kind of reader, for what purpose, which fields, when.", (*gathering).disclosures},
	{"quarantine.jsonl", "Something that was received and could not be processed, and that names you.", (*gathering).quarantine},
	{"requests.jsonl", "A request for erasure, or a restriction, and how it stands.", (*gathering).requests},
}

// zip writes the archive: every file, though it be empty, and the index.
func (g *gathering) zip(w io.Writer) ([]File, error) {
	buffered := bufio.NewWriterSize(w, 1<<16)
	z := zip.NewWriter(buffered)
	var files []File
	for _, p := range parts {
		file, err := g.create(z, p.name)
		if err != nil {
			return nil, err
		}
		l := &lines{w: file}
		if err := p.write(g, l); err != nil {
			return nil, fmt.Errorf("gather %s: %w", p.name, err)
		}
		files = append(files, File{p.name, l.n})
	}
	file, err := g.create(z, "index.html")
	if err != nil {
		return nil, err
	}
	if err := g.index(file, files); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return files, buffered.Flush()
}

func (g *gathering) create(z *zip.Writer, name string) (io.Writer, error) {
	if err := g.ctx.Err(); err != nil {
		return nil, err
	}
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: g.at}
	h.SetMode(0o600)
	return z.CreateHeader(h)
}

// inTurn calls f for the observations, so many at once that a statement stays short.
func (g *gathering) inTurn(f func(ids []identity.ObservationID) error) error {
	for ids := range slices.Chunk(g.ordered(), observationsAtOnce) {
		if err := f(ids); err != nil {
			return err
		}
	}
	return nil
}

const observationsAtOnce = 500

// ordered are the observations as the archive's tables lie.
func (g *gathering) ordered() []identity.ObservationID {
	ids := slices.Clone(g.subject.Observations)
	slices.SortFunc(ids, func(a, b identity.ObservationID) int {
		x, y := identity.ObservationKey(a), identity.ObservationKey(b)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return slices.Compare(a[:], b[:])
	})
	return ids
}
