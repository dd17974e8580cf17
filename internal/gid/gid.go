// Package gid makes and reads global ids: a three-letter prefix that names the
// type, an underscore, and 26 lower-case base-32 characters of a UUIDv7. Ids are
// opaque to clients, unique across types, and sort roughly by creation time.
package gid

import (
	"encoding/base32"
	"strings"

	"github.com/google/uuid"
)

// Prefix names a type in its ids.
type Prefix string

// Prefixes of all entities with an id of their own.
const (
	Workspace        Prefix = "wks"
	Token            Prefix = "tok"
	Integration      Prefix = "int"
	OAuthClient      Prefix = "ocl"
	OAuthState       Prefix = "ost"
	Credential       Prefix = "crd"
	Object           Prefix = "obj"
	Field            Prefix = "fld"
	Mapping          Prefix = "map"
	Setting          Prefix = "set"
	Picklist         Prefix = "pkl"
	Memo             Prefix = "mem"
	PermissionChange Prefix = "pch"
	SyncRun          Prefix = "run"
	RunObject        Prefix = "rob"
	Record           Prefix = "rec"
	Alert            Prefix = "alr"
	FeedEntry        Prefix = "fee"
	Audit            Prefix = "aud"
	Idempotency      Prefix = "idk"
	Member           Prefix = "mbr"
	Invitation       Prefix = "inv"
	SignInLink       Prefix = "sil"
	Session          Prefix = "ses"
	RunLogEntry      Prefix = "rlg"
	RunError         Prefix = "rer"
	FailedRecord     Prefix = "frc"
	APIUsage         Prefix = "apu"
	APIBudget        Prefix = "apb"
	Recipient        Prefix = "rcp"
	Snapshot         Prefix = "snp"
	SnapshotObject   Prefix = "sno"
	MappingChange    Prefix = "mch"
	MappingDefault   Prefix = "mdf"
	MutedRule        Prefix = "mut"
	Channel          Prefix = "chn"
	Delivery         Prefix = "dlv"
	Digest           Prefix = "dig"
	InboxItem        Prefix = "ibx"
	InboxRead        Prefix = "ibr"
	Simulation       Prefix = "sim"
)

const bodyLength = 26

func encoding() *base32.Encoding {
	return base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)
}

// New makes an id. It panics only when the machine has no randomness left.
func New(prefix Prefix) string {
	id := uuid.Must(uuid.NewV7())
	return string(prefix) + "_" + encoding().EncodeToString(id[:])
}

// PrefixOf returns the prefix of a well-formed id; false for anything else.
func PrefixOf(id string) (Prefix, bool) {
	prefix, body, found := strings.Cut(id, "_")
	if !found || len(prefix) != 3 || len(body) != bodyLength {
		return "", false
	}
	if _, err := encoding().DecodeString(body); err != nil {
		return "", false
	}
	return Prefix(prefix), true
}
