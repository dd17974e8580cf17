package control

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Panel is one simulator on the control page.
type Panel struct {
	Key, Title string // "hubspot", "HubSpot": Key is part of the control API's paths
	Board      Switchboard
	Faults     *Faults
	Journal    *Journal
}

// Switchboard is what can be seen and switched in a simulator. Errors of the setters are *Error.
type Switchboard interface {
	State() State
	SetObject(object string, change ObjectChange) error
	SetField(object, field string, change FieldChange) error
	// SetSwitch sets one of the vendor's own switches. Those of kind ACTION ignore value.
	SetSwitch(key string, value json.RawMessage) error
}

// State is a simulator at a glance. It holds no secrets.
type State struct {
	Instance Instance `json:"instance"`
	Quota    Quota    `json:"quota"`
	Objects  []Object `json:"objects"`
	Switches []Switch `json:"switches"`
}

// Instance says which org, portal or organization is simulated and which app may connect to it.
type Instance struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Environment string `json:"environment"` // "Production", "Sandbox", a portal's account type, …
	Username    string `json:"username"`    // of the user who connects
	ClientID    string `json:"client_id"`
}

// Quota is the use of the vendor's longest limit on API calls. A Limit of 0 is none.
type Quota struct {
	Used  int `json:"used"`
	Limit int `json:"limit"`
}

// Rights are what the connecting user may do.
type Rights struct {
	Read   bool `json:"read"`
	Create bool `json:"create"`
	Update bool `json:"update"`
}

// Object is an object of the simulated CRM.
type Object struct {
	Name       string   `json:"name"`
	Label      string   `json:"label"`
	Records    int      `json:"records"`
	Rights     Rights   `json:"rights"`               // in force
	Switchable Rights   `json:"switchable"`           // which of them can be switched at all
	Condition  string   `json:"condition,omitempty"`  // "" is normal
	Conditions []string `json:"conditions,omitempty"` // what Condition can be set to, beside ""
	Because    string   `json:"because,omitempty"`    // why the rights are what they are, when another switch decides
	Fields     []Field  `json:"fields"`
}

// Field is a field of an object.
type Field struct {
	Name       string   `json:"name"`
	Label      string   `json:"label"`
	Type       string   `json:"type"`
	Rights     Rights   `json:"rights"`               // in force
	Switchable Rights   `json:"switchable"`           // which of them can be switched at all
	Condition  string   `json:"condition,omitempty"`  // "" is normal; "deleted", "archived", "sensitive", "secured", …
	Conditions []string `json:"conditions,omitempty"` // what Condition can be set to, beside ""
	Because    string   `json:"because,omitempty"`    // why the rights are what they are, when another switch decides
}

// ObjectChange changes an object. What is nil stays.
type ObjectChange struct {
	Read      *bool   `json:"read,omitempty"`
	Create    *bool   `json:"create,omitempty"`
	Update    *bool   `json:"update,omitempty"`
	Condition *string `json:"condition,omitempty"` // "" makes it normal again
}

// FieldChange changes a field. What is nil stays.
type FieldChange struct {
	Read      *bool   `json:"read,omitempty"`
	Create    *bool   `json:"create,omitempty"`
	Update    *bool   `json:"update,omitempty"`
	Condition *string `json:"condition,omitempty"` // "" makes it normal again
}

// RecordBoard is a Switchboard that can also create, change and delete records, all with one equal stamp.
type RecordBoard interface {
	Switchboard
	// ChangeRecords gives the ids of the records concerned. Errors are *Error.
	ChangeRecords(change RecordChange) ([]string, error)
}

// RecordAction says what happens to records.
type RecordAction string

// The actions.
const (
	RecordCreate RecordAction = "CREATE"
	RecordTouch  RecordAction = "TOUCH"  // moves the modified stamp
	RecordDelete RecordAction = "DELETE" // into the recycle bin or archive, where the CRM has one
)

// RecordChange says what to do to how many records of an object. LateSeconds gives them a stamp that far in the past:
// a transaction that began then and is committed only now.
type RecordChange struct {
	Action      RecordAction `json:"action"`
	Object      string       `json:"object"`
	Count       int          `json:"count"`
	LateSeconds int          `json:"late_seconds"`
}

// SwitchKind says how a Switch is shown and what its value is.
type SwitchKind string

// The kinds of switches.
const (
	SwitchBool   SwitchKind = "BOOL"   // true or false
	SwitchChoice SwitchKind = "CHOICE" // one of Options
	SwitchNumber SwitchKind = "NUMBER" // a whole number
	SwitchText   SwitchKind = "TEXT"   // a text
	SwitchList   SwitchKind = "LIST"   // texts; of Options if there are any
	SwitchAction SwitchKind = "ACTION" // a button; Value is nil
)

// Switch is something that only one vendor has.
type Switch struct {
	Key     string     `json:"key"`
	Title   string     `json:"title"`
	Help    string     `json:"help,omitempty"` // what a client sees
	Kind    SwitchKind `json:"kind"`
	Options []string   `json:"options,omitempty"`
	Value   any        `json:"value,omitempty"` // bool, string, int or []string by Kind
}

// Error says why something was refused. Status is the HTTP status of the control API's answer.
type Error struct {
	Status  int
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// BadRequest is an *Error for values that do not fit (400).
func BadRequest(format string, args ...any) error {
	return &Error{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// NotFound is an *Error for what the simulator does not have (404).
func NotFound(format string, args ...any) error {
	return &Error{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

// Conflict is an *Error for what no administrator of the real CRM could do either (409).
func Conflict(format string, args ...any) error {
	return &Error{http.StatusConflict, fmt.Sprintf(format, args...)}
}

// ParseValue reads the value of a switch, for implementations of Switchboard. Errors are *Error.
func ParseValue[T any](key string, value json.RawMessage) (T, error) {
	var parsed *T
	if err := json.Unmarshal(value, &parsed); err != nil || parsed == nil {
		var zero T
		return zero, BadRequest("switch %s: want a value of type %T, got %s", key, zero, value)
	}
	return *parsed, nil
}
