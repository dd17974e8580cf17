package store

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// A feed cursor is one version byte, four bytes of the workspace id's SHA-256,
// and the sequence as eight bytes, in URL-safe base64. The workspace's part is
// no protection (the privacy rules are); it turns a cursor that was taken from
// another workspace into a clear error instead of a wrong place in the feed.
const (
	cursorVersion = 1
	cursorLength  = 1 + 4 + 8
)

// FormatCursor writes the opaque cursor of a place in a workspace's feed.
func FormatCursor(workspaceID string, seq int64) string {
	raw := make([]byte, 0, cursorLength)
	raw = append(raw, cursorVersion)
	raw = append(raw, workspaceMark(workspaceID)...)
	raw = binary.BigEndian.AppendUint64(raw, uint64(seq))
	return base64.RawURLEncoding.EncodeToString(raw)
}

// ParseCursor reads a cursor of the given workspace. Anything else, another
// workspace's cursor too, is CURSOR_INVALID.
func ParseCursor(workspaceID, cursor string) (int64, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) != cursorLength || raw[0] != cursorVersion || string(raw[1:5]) != string(workspaceMark(workspaceID)) {
		return 0, fault.New(fault.CursorInvalid, "The cursor was not given by this workspace's feed.", fault.Field("after"))
	}
	seq := int64(binary.BigEndian.Uint64(raw[5:]))
	if seq < 0 {
		return 0, fault.New(fault.CursorInvalid, "The cursor was not given by this workspace's feed.", fault.Field("after"))
	}
	return seq, nil
}

func workspaceMark(workspaceID string) []byte {
	sum := sha256.Sum256([]byte(workspaceID))
	return sum[:4]
}
