// Package handshake holds what a connector process and its host must agree on
// before the first message: the go-plugin cookie, the protocol's version, the
// size limits, and the environment variables that the host sets.
//
// Connectors in other languages find here all the constants they need.
package handshake

import plugin "github.com/hashicorp/go-plugin"

// Version is the protocol version that go-plugin negotiates; it stands for the
// protobuf package fieldwarden.connector.v1.
const Version = 1

// PluginName is the name of the one plugin in go-plugin's set.
const PluginName = "connector"

// The cookie tells a start by the host from a start by a person. It is no
// secret.
const (
	CookieKey   = "FIELDWARDEN_CONNECTOR_COOKIE"
	CookieValue = "5f1c4c0e8b7d4b6f9a3e2d1c0b9a8f7e"
)

// Size limits on the wire.
const (
	// MaxMessage is the size of any message, both ways.
	MaxMessage = 4 << 20
	// MaxBatch is the size of a ReadResponse with more than one record, and the
	// size at which the SDK splits an ObjectCheck.
	MaxBatch = 1 << 20
	// MaxResumeToken is the size of a resume token.
	MaxResumeToken = 64 << 10
	// MaxMemo is the size of what a check asks the host to keep.
	MaxMemo = 64 << 10
	// MaxText is the size of a text for people: message, evidence, remediation.
	MaxText = 2 << 10
	// MaxName is the size of a name or id.
	MaxName = 255
	// MaxRecordID is the size of a record's id. A record without a usable id spoils
	// the whole answer, since nobody could say which one is missing.
	MaxRecordID = 200
	// MaxRecord is the size of a record's data. The host refuses a larger record
	// alone; the SDK cuts its data to one byte more, which is enough to tell.
	MaxRecord = 256 << 10
	// MaxReadRecords is how many ids one ReadRecordsRequest holds.
	MaxReadRecords = 200
)

// Environment variables that the host sets for a connector.
const (
	// LifelineEnv is "stdin" when the connector's standard input is a pipe whose
	// end of file means that the host is gone: exit then.
	LifelineEnv = "FIELDWARDEN_LIFELINE"
	// InstanceEnv marks the connector and every process it starts, so that the
	// host finds those that outlived it. Its value is opaque.
	InstanceEnv = "FIELDWARDEN_CONNECTOR_INSTANCE"
)

// Config returns go-plugin's form of the cookie.
func Config() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{
		ProtocolVersion:  Version,
		MagicCookieKey:   CookieKey,
		MagicCookieValue: CookieValue,
	}
}
