package permission

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// maxUnpacked bounds what a stored content may unpack to: some hundred thousand
// fields.
const maxUnpacked = 64 << 20

// pack writes what was seen of an object as it is stored: gzipped JSON.
func pack(seen crm.SeenObject) ([]byte, error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("permission: packing %s: %w", seen.Object, err)
	}
	if err := errors.Join(json.NewEncoder(w).Encode(seen), w.Close()); err != nil {
		return nil, fmt.Errorf("permission: packing %s: %w", seen.Object, err)
	}
	return packed.Bytes(), nil
}

// unpack reads what pack wrote.
func unpack(packed []byte) (seen crm.SeenObject, err error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return seen, fmt.Errorf("permission: unpacking a content: %w", err)
	}
	if err := json.NewDecoder(io.LimitReader(r, maxUnpacked)).Decode(&seen); err != nil {
		return seen, fmt.Errorf("permission: unpacking a content: %w", err)
	}
	return seen, nil
}
