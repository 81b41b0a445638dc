package analyst

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"

	"tributary/sql/store"
)

// Errors of Run besides *Fault, *ParamsError and the context's.
var (
	// ErrBusy says that the workspace runs as many statements as it may.
	ErrBusy = errors.New("analyst: too many statements at a time")
	// ErrTooMuch says that a statement reads, makes or holds more than it may, or takes too long.
	ErrTooMuch = errors.New("analyst: the statement asks for too much")
	// ErrUnavailable says that the analytics store does not answer.
	ErrUnavailable = errors.New("analyst: the analytics store does not answer")
)

// EngineError is the engine's refusal of a statement: of types, of columns. Reason is in its words, without values
// of rows; it may repeat names of the statement.
type EngineError struct{ Reason string }

// Error implements error.
func (e *EngineError) Error() string { return e.Reason }

// Store runs statements that change nothing; store.Store is one.
type Store interface {
	Read(ctx context.Context, r store.ReadOnly) (store.Rows, error)
	Kill(ctx context.Context, queryID string) error
}

// Limits bound a statement. The zero value stands for the defaults.
type Limits struct {
	Time         time.Duration // default 60 s
	Memory       uint64        // bytes; default 1 GiB
	RowsRead     uint64        // default 1,000 million
	RowsReturned uint64        // default 10 million
	Bytes        uint64        // of what is returned, as the engine counts; default 1 GiB
	Threads      uint64        // default 2
	Concurrent   int           // of a workspace; default 2
}

func (l Limits) withDefaults() Limits {
	set(&l.Time, time.Minute)
	set(&l.Memory, 1<<30)
	set(&l.RowsRead, 1_000_000_000)
	set(&l.RowsReturned, 10_000_000)
	set(&l.Bytes, 1<<30)
	set(&l.Threads, 2)
	set(&l.Concurrent, 2)
	return l
}

func set[N comparable](value *N, otherwise N) {
	var none N
	if *value == none {
		*value = otherwise
	}
}

func (l *Limits) settings() map[string]any {
	return map[string]any{
		"max_execution_time": int(max(l.Time.Seconds(), 1)), "timeout_overflow_mode": "throw",
		"max_memory_usage": l.Memory, "max_rows_to_read": l.RowsRead, "read_overflow_mode": "throw",
		"max_result_rows": l.RowsReturned, "max_result_bytes": l.Bytes, "result_overflow_mode": "throw",
		"max_threads": l.Threads,
	}
}

// Service runs analysts' statements. It is safe for concurrent use.
type Service struct {
	store  Store
	limits Limits

	mu      sync.Mutex
	running map[string]int // by workspace
}

// New returns a Service over a store whose pool is for reading.
func New(s Store, limits Limits) *Service {
	return &Service{store: s, limits: limits.withDefaults(), running: map[string]int{}}
}

// Run checks a statement and starts it. What it returns is closed by who asked, which ends the statement. The
// context's end ends it too.
func (s *Service) Run(ctx context.Context, reader *Reader, sql string, params map[string]any) (*Result, error) {
	byName, hidden := tables(reader)
	statement, err := Check(sql, byName)
	if err != nil {
		return nil, err
	}
	bound, err := bindParams(statement.Params, params)
	if err != nil {
		return nil, err
	}
	if len(statement.Views) > 0 {
		for name, value := range reader.bind() {
			if strings.Contains(statement.template, "{"+name+":") {
				bound[name] = value
			}
		}
	}
	release, err := s.enter(reader.Workspace)
	if err != nil {
		return nil, err
	}
	result, err := s.start(ctx, statement, bound)
	if err != nil {
		release()
		return nil, explain(ctx, err, statement, hidden)
	}
	result.explain = func(err error) error { return explain(ctx, err, statement, hidden) }
	result.release = release
	return result, nil
}

// enter takes one of the workspace's places.
func (s *Service) enter(workspace string) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[workspace] >= s.limits.Concurrent {
		return nil, ErrBusy
	}
	s.running[workspace]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.running[workspace]--; s.running[workspace] == 0 {
			delete(s.running, workspace)
		}
	}), nil
}

func (s *Service) start(ctx context.Context, statement *Statement, bound store.Params) (*Result, error) {
	if err := s.agree(ctx, statement); err != nil {
		return nil, err
	}
	id := uuid.NewString()
	ctx, cancel := context.WithTimeout(ctx, s.limits.Time+5*time.Second)
	rows, err := s.store.Read(ctx, store.ReadOnly{SQL: statement.SQL(), Params: bound, QueryID: id, Settings: s.limits.settings()})
	if err != nil {
		cancel()
		s.kill(ctx, id)
		return nil, err
	}
	result := newResult(rows, func(kill bool) {
		cancel()
		if kill {
			s.kill(ctx, id)
		}
	})
	if len(result.Columns) == 0 { // the engine tells columns with the first rows alone
		if result.Columns, err = s.columns(ctx, statement, bound); err != nil {
			result.Close()
			return nil, err
		}
	}
	return result, nil
}

// columns asks the engine what columns a statement has, and runs it not.
func (s *Service) columns(ctx context.Context, statement *Statement, bound store.Params) ([]ResultColumn, error) {
	rows, err := s.store.Read(ctx, store.ReadOnly{
		SQL: "DESCRIBE TABLE (" + statement.SQL() + ")", Params: bound, QueryID: uuid.NewString(), Settings: s.limits.settings(),
	})
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []ResultColumn
	for rows.Next() {
		texts := make([]string, len(rows.ColumnTypes())) // name and type come first
		into := make([]any, len(texts))
		for i := range texts {
			into[i] = &texts[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("read columns: %w", err)
		}
		typ := zoned.ReplaceAllString(texts[1], "DateTime") // as it is with rows, of which the engine does not send the zone
		list = append(list, ResultColumn{Name: texts[0], Type: typ, data: parseDataType(typ)})
	}
	return list, store.Classify(rows.Err())
}

var zoned = regexp.MustCompile(`DateTime\('[^']*'\)`)

// kill ends a statement that may still run.
func (s *Service) kill(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = s.store.Kill(ctx, id)
}

// agree asks the engine's parser how it reads the statement.
func (s *Service) agree(ctx context.Context, statement *Statement) error {
	rows, err := s.store.Read(ctx, store.ReadOnly{SQL: "EXPLAIN AST " + statement.skeleton(), QueryID: uuid.NewString(), Settings: s.limits.settings()})
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return fmt.Errorf("read the engine's tree: %w", err)
		}
		lines = append(lines, strings.TrimRight(line, "\n"))
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the engine's tree: %w", store.Classify(err))
	}
	if err := verify(lines, parameterised); err != nil {
		return &disagreement{err}
	}
	return nil
}

// disagreement says that the engine's parser reads a statement otherwise than this package.
type disagreement struct{ error }

// parameterised are the views of sql/migrations that stand behind those of analysts.
var parameterised = func() (names []string) {
	for _, v := range views {
		names = append(names, v.of)
	}
	return names
}()

// Exception codes of the engine that say that a limit was reached.
var tooMuch = map[int32]bool{158: true, 159: true, 160: true, 241: true, 307: true, 396: true, 191: true, 167: true, 168: true, 306: true}

const codeUnknownIdentifier = 47

// notThereYet are exceptions for want of our own database or views: a statement names no other, and a server that has just
// started makes them.
var notThereYet = map[int32]bool{60: true, 81: true} // UNKNOWN_TABLE, UNKNOWN_DATABASE

// explain says what an error of the engine means to who wrote the statement.
func explain(ctx context.Context, err error, statement *Statement, hidden map[string][]Column) error {
	var exception *clickhouse.Exception
	var own *disagreement
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: time", ErrTooMuch)
	case errors.As(err, &own):
		return fault(statement.source, 0, "the statement is not understood alike by the check and the engine: write it more plainly (%v)", own.error)
	case !errors.As(err, &exception):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	case tooMuch[exception.Code]:
		return fmt.Errorf("%w: %s", ErrTooMuch, codeName(exception))
	case exception.Code == codeUnknownIdentifier:
		for _, view := range statement.Views {
			if column, m, ok := statement.hiddenName(hidden[view]); ok {
				f := fault(statement.source, m.at, "the column %s of %s is of the class %s, which the key's purpose and kind of reader may not see", column.Name, view, column.className())
				f.Class = column.Class
				return f
			}
		}
	case errors.Is(err, store.ErrGone), errors.Is(err, store.ErrOverload), notThereYet[exception.Code]:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return &EngineError{Reason: reason(exception)}
}

func (c *Column) className() string {
	if c.Class == classAll {
		return "everything (it may hold any)"
	}
	return c.Class
}
