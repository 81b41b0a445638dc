package analyst

import (
	"fmt"
	"reflect"
	"sync"

	"tributary/sql/store"
)

// ResultColumn is a column of a result, with its type in the engine's words.
type ResultColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`

	data dataType
	scan reflect.Type
}

// Result is what a statement yields, row by row. It is for one goroutine.
type Result struct {
	Columns []ResultColumn

	rows    store.Rows
	stop    func(kill bool)
	release func()
	explain func(error) error
	closed  sync.Once
	done    bool
	read    uint64
	scan    []any
}

func newResult(rows store.Rows, stop func(kill bool)) *Result {
	r := &Result{rows: rows, stop: stop}
	for _, t := range rows.ColumnTypes() {
		r.Columns = append(r.Columns, ResultColumn{
			Name: t.Name(), Type: t.DatabaseTypeName(), data: parseDataType(t.DatabaseTypeName()), scan: t.ScanType(),
		})
		r.scan = append(r.scan, nil)
	}
	return r
}

// Rows is how many rows were read.
func (r *Result) Rows() uint64 { return r.read }

// Next reads a row into values, which is as long as Columns; false: there is none any more. NULL is nil.
func (r *Result) Next(values []any) (bool, error) {
	if r.done {
		return false, nil
	}
	if !r.rows.Next() {
		r.done = true
		if err := r.rows.Err(); err != nil {
			return false, r.explain(store.Classify(err))
		}
		return false, nil
	}
	for i := range r.scan {
		r.scan[i] = reflect.New(r.Columns[i].scan).Interface()
	}
	if err := r.rows.Scan(r.scan...); err != nil {
		r.done = true
		return false, fmt.Errorf("read a row: %w", err)
	}
	for i, p := range r.scan {
		values[i] = plain(reflect.ValueOf(p).Elem())
	}
	r.read++
	return true, nil
}

// plain is a value without pointers; nil for NULL.
func plain(v reflect.Value) any {
	for v.IsValid() && v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		if _, ok := v.Interface().(fmt.Stringer); ok && v.Elem().Kind() == reflect.Struct && v.Type().Elem().PkgPath() == "math/big" {
			return v.Interface() // *big.Int
		}
		v = v.Elem()
	}
	if !v.IsValid() {
		return nil
	}
	return v.Interface()
}

// Close ends the statement, if it still runs, and gives the workspace's place back. It may be called again.
func (r *Result) Close() {
	r.closed.Do(func() {
		whole := r.done && r.rows.Err() == nil
		_ = r.rows.Close()
		r.stop(!whole)
		if r.release != nil {
			r.release()
		}
	})
}
