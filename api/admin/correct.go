package admin

import (
	"io"
	"net/http"

	"tributary/profiles/quarantine"
)

// replayItem processes an item again; with a body, what that holds in its place.
func (h *handlers) replayItem(r *http.Request) (Item, error) {
	item, err := h.item(r)
	if err != nil {
		return Item{}, err
	}
	correction, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, quarantine.MaxCorrection))
	if err != nil {
		return Item{}, err
	}
	now, err := h.desk.ReplayOne(r.Context(), item, correction)
	return h.shown(r, now, err)
}

func (h *handlers) discardItem(r *http.Request) (Item, error) {
	item, err := h.item(r)
	if err != nil {
		return Item{}, err
	}
	now, err := h.desk.DiscardOne(r.Context(), item)
	return h.shown(r, now, err)
}
