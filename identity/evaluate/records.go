package evaluate

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"tributary/identity/match"
)

// ReadRecords reads the records of a CSV file with a header, as the spec maps them.
func ReadRecords(path string, s *Spec) ([]*match.Record, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read records: %w", err)
	}
	defer f.Close()
	records, err := parseRecords(f, s)
	if err != nil {
		return nil, fmt.Errorf("read records from %s: %w", path, err)
	}
	return records, nil
}

func parseRecords(in io.Reader, s *Spec) ([]*match.Record, error) {
	r := csv.NewReader(in)
	r.ReuseRecord, r.FieldsPerRecord = true, -1
	columns, err := header(r)
	if err != nil {
		return nil, err
	}
	var missing []error
	for _, c := range s.columns() {
		if _, ok := columns[c]; !ok {
			missing = append(missing, fmt.Errorf("no column %q", c))
		}
	}
	if len(missing) > 0 {
		return nil, errors.Join(missing...)
	}
	var records []*match.Record
	seen := map[string]bool{}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return nil, err
		}
		record := s.record(func(column string) string {
			i, ok := columns[column]
			if !ok || i >= len(row) {
				return ""
			}
			return strings.TrimSpace(row[i])
		})
		line, _ := r.FieldPos(0)
		if record.ID == "" || seen[record.ID] {
			return nil, fmt.Errorf("line %d: the record id is empty or used before", line)
		}
		seen[record.ID] = true
		records = append(records, record)
	}
}

// header maps the names of columns to their places.
func header(r *csv.Reader) (map[string]int, error) {
	row, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	columns := map[string]int{}
	for i, name := range row {
		name = strings.TrimPrefix(strings.TrimSpace(name), "\ufeff")
		columns[name] = i
	}
	return columns, nil
}

// ReadTruth reads record_id,entity_id.
func ReadTruth(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read truth: %w", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	columns, err := header(r)
	if err != nil {
		return nil, fmt.Errorf("read truth: %w", err)
	}
	id, ok1 := columns["record_id"]
	entity, ok2 := columns["entity_id"]
	if !ok1 || !ok2 {
		return nil, errors.New("read truth: needs the columns record_id and entity_id")
	}
	truth := map[string]string{}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return truth, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read truth: %w", err)
		}
		truth[row[id]] = row[entity]
	}
}
