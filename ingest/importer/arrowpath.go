package importer

import (
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// arrowPath leads to a column: that of a field of the schema, or through structs to a field of one.
type arrowPath struct {
	names []string
	uuid  bool // the bytes are a UUID
}

// findPath looks a column up: a field of exactly its name, or else a path with points.
func findPath(fields []arrow.Field, column string) (arrowPath, bool) {
	if i := fieldIndex(fields, column); i >= 0 {
		return arrowPath{names: []string{column}, uuid: isUUID(&fields[i])}, true
	}
	for dot := strings.IndexByte(column, '.'); dot > 0; {
		i := fieldIndex(fields, column[:dot])
		if i >= 0 {
			if inner, ok := fields[i].Type.(*arrow.StructType); ok {
				if path, ok := findPath(inner.Fields(), column[dot+1:]); ok {
					path.names = append([]string{column[:dot]}, path.names...)
					return path, true
				}
			}
		}
		next := strings.IndexByte(column[dot+1:], '.')
		if next < 0 {
			break
		}
		dot += 1 + next
	}
	return arrowPath{}, false
}

func fieldIndex(fields []arrow.Field, name string) int {
	return slices.IndexFunc(fields, func(f arrow.Field) bool { return f.Name == name })
}

// isUUID says whether a field has the canonical extension type for UUIDs
// (https://arrow.apache.org/docs/format/CanonicalExtensions.html#uuid).
func isUUID(f *arrow.Field) bool {
	name, ok := f.Metadata.GetValue("ARROW:extension:name")
	return ok && name == "arrow.uuid"
}

// cells returns the reader of the column in a batch of rows.
func (p *arrowPath) cells(rows arrow.Record) cells {
	i := slices.IndexFunc(rows.Schema().Fields(), func(f arrow.Field) bool { return f.Name == p.names[0] })
	leaf := rows.Column(i)
	var around []arrow.Array
	for _, name := range p.names[1:] {
		outer := leaf.(*array.Struct)
		around = append(around, outer)
		k, _ := outer.DataType().(*arrow.StructType).FieldIdx(name)
		leaf = outer.Field(k)
	}
	read := newCells(leaf)
	if binary, ok := leaf.(*array.FixedSizeBinary); ok && p.uuid && binary.DataType().(*arrow.FixedSizeBinaryType).ByteWidth == 16 {
		read = uuids(binary)
	}
	if len(around) == 0 {
		return read
	}
	return func(i int) (value, error) {
		for _, outer := range around {
			if outer.IsNull(i) {
				return value{}, nil
			}
		}
		return read(i)
	}
}
