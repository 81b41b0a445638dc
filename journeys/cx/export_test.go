package cx

import "tributary/sql/store"

// Statement is the statement of a question's points, and its arguments.
func (r *Reader) Statement(q *Question) (string, store.Params, error) {
	s, err := r.statement(q)
	if err != nil {
		return "", nil, err
	}
	return s.points(), s.params(), nil
}
