// Package sdk is all that the author of a connector imports.
//
// A connector is a program of its own: its main function is one line,
//
//	func main() { sdk.Serve(func() sdk.Connector { return &myconnector.Connector{} }) }
//
// The required interface is Connector. Everything else a connector can do is an
// optional interface of this package (ObjectLister, FieldLister,
// PermissionChecker, Reader, RecordReader, PicklistLister); Serve finds them by
// type assertion and reports them to the host as capabilities. Connectors are stateless between
// calls: each call carries the Target it is about, with a short-lived access
// token. OAuth is described by the manifest and performed by the host; a
// connector never sees a refresh token or a client secret.
//
// Errors: return one of the constructors of this package (Unauthenticated,
// RateLimited, Unavailable, …); they survive the wire and tell the host whose
// side the failure is on. Any other error is reported as the connector's own.
package sdk

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"
)

// Connector is what every connector implements. Methods are called
// concurrently; ctx ends at the host's deadline and must be obeyed.
type Connector interface {
	// Describe returns the manifest. It does no I/O and always gives the same.
	Describe() Manifest
	// Checklist tests the connection and returns one item per thing tested. A
	// failed test is an item with StatusFail, not an error; an error means the
	// test could not be made.
	Checklist(ctx context.Context, target Target, request ChecklistRequest) ([]ChecklistItem, error)
	// Identify tells which CRM instance and which user the token belongs to.
	Identify(ctx context.Context, target Target) (Identity, error)
}

// ObjectLister is implemented by connectors that can list the CRM's objects.
type ObjectLister interface {
	ListObjects(ctx context.Context, target Target) ([]Object, error)
}

// FieldLister is implemented by connectors that can list the readable fields of
// one object. An object that is missing or denied is ObjectDenied.
type FieldLister interface {
	ListFields(ctx context.Context, target Target, object string) ([]Field, error)
}

// PermissionChecker is implemented by connectors that can tell the rights of the
// integration user.
type PermissionChecker interface {
	// CheckPermissions sends one ObjectCheck per requested object, in any
	// order, in the fewest CRM calls. What the CRM did not answer (limit,
	// outage, timeout, broken body) is VerdictFailed with the error, never
	// VerdictDenied. An error return means that no further object is answered.
	CheckPermissions(ctx context.Context, target Target, request CheckRequest, send func(ObjectCheck) error) (CheckOutcome, error)
}

// Reader is implemented by connectors that can read records.
type Reader interface {
	// Read sends batches from the resume token on until there is nothing more
	// for now or send returns an error, which Read returns unchanged. Every
	// record that changed after the token's position is sent at least once;
	// none is left out, also among equal timestamps.
	Read(ctx context.Context, target Target, request ReadRequest, send func(Batch) error) error
}

// RecordReader is implemented by connectors that can read some records by their
// ids; the host reads again what it could not store.
type RecordReader interface {
	// ReadRecords sends the present state of the records asked for, in any order
	// and in as many parts as it likes: each of them once, and under the id that it
	// was asked by; those that the CRM does not have any more, or does not show to
	// the user, as deleted. Fields and values are those of Read. Whatever keeps the
	// CRM from answering (limit, outage, a denied object) is the error that
	// ReadRecords returns, never a deletion.
	ReadRecords(ctx context.Context, target Target, request ReadRecordsRequest, send func(RecordsBatch) error) error
}

// PicklistLister is implemented by connectors that can list the choices that
// settings are made from, in the CRM's order. A source that the CRM does not have
// is Unsupported.
type PicklistLister interface {
	ListPicklist(ctx context.Context, target Target, source PicklistSource) ([]Choice, error)
}

// Environment is the slot of an integration.
type Environment string

// Environments.
const (
	Production Environment = "PRODUCTION"
	Sandbox    Environment = "SANDBOX"
)

// Secret is a string that never prints, logs or marshals itself.
type Secret string

// String hides the secret from fmt.
func (Secret) String() string { return "[secret]" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "[secret]" }

// LogValue hides the secret from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// MarshalJSON hides the secret from encoding/json.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"[secret]"`), nil }

// Reveal returns the secret itself, for the Authorization header.
func (s Secret) Reveal() string { return string(s) }

// Target is the integration a call is about.
type Target struct {
	IntegrationID string
	Environment   Environment
	// Endpoint is the base URL for data calls, without a trailing slash.
	Endpoint    string
	AccessToken Secret
	// Config is a JSON object by the manifest's ConfigSchema.
	Config json.RawMessage
	// Introspection is the CRM's answer to the introspection of the access token
	// (RFC 7662), a JSON object without tokens. The host asks for it where the
	// manifest has an IntrospectURL, before Identify, Checklist and
	// CheckPermissions; else it is empty.
	Introspection json.RawMessage
	// Memo is what an earlier CheckPermissions asked the host to keep, at most 64
	// KiB. It is a cache: work without it, and notice when it is out of date.
	Memo []byte
}

// Kind tells CRM from marketing automation (MAP).
type Kind string

// Kinds of connector.
const (
	KindCRM Kind = "CRM"
	KindMAP Kind = "MAP"
)

// Manifest is what a connector says of itself.
type Manifest struct {
	// Name is the connector's key: lower-case letters, digits and dashes.
	Name    string
	Title   string
	Vendor  string
	Version string
	// IconSVG is an inline SVG picture, at most 32 KiB.
	IconSVG      string
	Kind         Kind
	Environments []EnvironmentSpec
	// AllowedHosts are the hosts a token may be sent to: exact names, or
	// "*.suffix" for any name below it.
	AllowedHosts []string
	// ConfigSchema is a JSON Schema of the connector's own configuration; mark
	// secret properties with "writeOnly": true.
	ConfigSchema       json.RawMessage
	Costs              []VerbCost
	Prerequisites      []Prerequisite
	Remediations       []Remediation
	MaxObjectsPerCheck int
	// APITypes are the CRM's APIs that calls are counted by, at most 10, the usual
	// one first; none means that there is one. The host keeps a budget for each.
	APITypes []APIType
}

// APIType is one of a CRM's APIs, with a quota of its own.
type APIType struct {
	// Key is stable: lower case with dashes ("rest").
	Key string
	// Title is what the CRM calls it ("REST API").
	Title string
	// RecommendedDailyLimit is how many calls in a day the CRM's vendor or the
	// author recommends to allow; 0 is no recommendation.
	RecommendedDailyLimit int
}

// EnvironmentSpec is how to sign in to one environment.
type EnvironmentSpec struct {
	Environment Environment
	OAuth       OAuth
}

// GrantType is a way to get an access token.
type GrantType string

// Grants.
const (
	// GrantAuthorizationCode: a person signs in with a browser.
	GrantAuthorizationCode GrantType = "AUTHORIZATION_CODE"
	// GrantClientCredentials: the app signs in as itself.
	GrantClientCredentials GrantType = "CLIENT_CREDENTIALS"
)

// OAuth describes the OAuth 2.0 flows that the host performs. URLs, Endpoint and
// scopes may hold {property}: the value of that property of the integration's
// configuration. What comes out must go to the manifest's AllowedHosts.
type OAuth struct {
	AuthorizeURL string
	TokenURL     string
	RevokeURL    string
	Scopes       []string
	PKCE         bool
	// RotatesRefreshToken: each refresh may return a new refresh token, and
	// re-use of an old one revokes the authorization.
	RotatesRefreshToken bool
	// EndpointField is the token answer's field with the base URL for data
	// calls ("instance_url"); else Endpoint is fixed.
	EndpointField   string
	Endpoint        string
	AuthorizeParams map[string]string
	// IntrospectURL is where the host asks about an access token (RFC 7662, with
	// client_id and client_secret in the form); empty: not offered.
	IntrospectURL string
	// OptionalScopes may be left out by the CRM without an error; they are sent as
	// optional_scope.
	OptionalScopes []string
	// Grants are the grants offered, the preferred first; empty: the authorization
	// code alone.
	Grants []GrantType
	// ClientCredentialsScopes are asked for with GrantClientCredentials.
	ClientCredentialsScopes []string
	// RevokedCodes are what error, status or error_codes of a refused token
	// request hold when the authorization has ended for good, beside
	// invalid_grant.
	RevokedCodes []string
	// RetryCodes are what they hold when the same request may succeed later.
	RetryCodes []string
	// RefreshTokenIdle is how long a refresh token lives without being used, an hour
	// at least; 0 when it does not end for that. Where customers decide, it is the
	// shortest that is usual. The host uses the token before.
	RefreshTokenIdle time.Duration
}

// VerbCost is what a verb costs in CRM API calls.
type VerbCost struct {
	// Verb is the method's name: "Checklist", "CheckPermissions", "Read", …
	Verb            string
	CallsPerRequest int
	CallsPerObject  int
}

// Prerequisite is shown to the admin before connecting.
type Prerequisite struct {
	Key         string
	Title       string
	Description string
	Required    bool
	HelpURL     string
}

// Cause says why a right is missing. Never guess: without evidence it is
// CauseUnknown.
type Cause string

// Causes.
const (
	CausePermission   Cause = "PERMISSION"
	CauseObjectDenied Cause = "OBJECT_DENIED"
	CauseDeleted      Cause = "DELETED"
	CauseArchived     Cause = "ARCHIVED"
	CauseSensitive    Cause = "SENSITIVE"
	CauseScopeMissing Cause = "SCOPE_MISSING"
	CauseAPIVersion   Cause = "API_VERSION"
	// CauseRenamedCandidate: it seems to have another name now, which the evidence
	// gives.
	CauseRenamedCandidate Cause = "RENAMED_CANDIDATE"
	CauseUnknown          Cause = "UNKNOWN"
)

// Subject tells what a remediation is for.
type Subject string

// Subjects.
const (
	SubjectObject Subject = "OBJECT"
	SubjectField  Subject = "FIELD"
)

// Remediation tells how to repair a cause in this CRM. Steps and DeepLink may
// hold {object}, {objectLabel}, {field}, {fieldLabel}, {instanceUrl}, {user}.
type Remediation struct {
	Cause    Cause
	Subject  Subject
	Steps    []string
	DeepLink string
	// Who can do it, in the CRM's words.
	Who string
}

// Status is the verdict of a checklist item.
type Status string

// Verdicts.
const (
	StatusPass    Status = "PASS"
	StatusFail    Status = "FAIL"
	StatusWarn    Status = "WARN"
	StatusUnknown Status = "UNKNOWN"
)

// ChecklistRequest says what the connection will be used for.
type ChecklistRequest struct {
	// Objects are the objects that the package needs.
	Objects []string
}

// ChecklistItem is one line of the connection test.
type ChecklistItem struct {
	// Key is stable: lower case with dashes ("api-enabled").
	Key         string
	Title       string
	Status      Status
	Evidence    string
	Remediation string
}

// Identity is who and where a token is.
type Identity struct {
	// InstanceID is the CRM's own stable id of the org.
	InstanceID   string
	InstanceName string
	InstanceURL  string
	// Environment is what the CRM says the instance is; empty if it cannot tell.
	Environment Environment
	Edition     string
	APIVersion  string
	UserID      string
	UserName    string
	UserEmail   string
	// DedicatedUser: the login is an integration user, not a person.
	DedicatedUser bool
}

// Rights of the integration user on an object or a field.
type Rights struct {
	Read   bool
	Create bool
	Update bool
}

// Object is one object of the CRM's catalogue.
type Object struct {
	Name   string
	Label  string
	Custom bool
	Rights Rights
}

// PicklistValue is one choice of a picklist field.
type PicklistValue struct {
	Value  string
	Label  string
	Active bool
}

// Field is one field that the integration user can read.
type Field struct {
	Name   string
	Label  string
	Type   string
	Rights Rights
	// Hideable: field-level security can hide the field by itself.
	Hideable         bool
	RequiredOnCreate bool
	Custom           bool
	References       []string
	Picklist         []PicklistValue
}

// CheckObject is one object whose rights are asked for.
type CheckObject struct {
	Name string
	// Fields are those that matter, standardized or wanted by the package: of each
	// that cannot be read, ObjectCheck.Denied tells why; the SDK adds those that a
	// connector leaves out, with CauseUnknown. Any other field is listed if it can
	// be read and left out if not.
	Fields []string
}

// CheckRequest asks for the rights on objects.
type CheckRequest struct {
	Objects []CheckObject
	// Unconditional forbids caches and conditional requests.
	Unconditional bool
}

// Verdict is what a check found for an object.
type Verdict string

// Verdicts. VerdictFailed says nothing about permission.
const (
	VerdictAccessible Verdict = "ACCESSIBLE"
	VerdictDenied     Verdict = "DENIED"
	VerdictFailed     Verdict = "FAILED"
)

// ObjectCheck is the answer for one object.
type ObjectCheck struct {
	Object  string
	Label   string
	Verdict Verdict
	// Cause and Evidence explain VerdictDenied.
	Cause    Cause
	Evidence string
	// Failure explains VerdictFailed; use an error constructor of this package.
	Failure error
	Rights  Rights
	Fields  []Field
	// Denied explains fields that cannot be read though the object can: each of
	// the requested ones that is not among Fields, others at will.
	Denied     []DeniedField
	APIVersion string
	// Records tells whether every record can be read, and RecordsNote, for an
	// admin, what limits them.
	Records     RecordAccess
	RecordsNote string
}

// DeniedField is a field that cannot be read though its object can.
type DeniedField struct {
	Name string
	// Label is what people call it; empty when that is unknown.
	Label string
	// Cause is CauseUnknown without evidence.
	Cause    Cause
	Evidence string
}

// RecordAccess tells whether the integration user sees every record of an object.
type RecordAccess string

// Values of RecordAccess.
const (
	RecordsUnknown RecordAccess = ""
	RecordsAll     RecordAccess = "ALL"
	// RecordsPartial: the others are silently missing from what is read.
	RecordsPartial RecordAccess = "PARTIAL"
)

// CheckOutcome is what a check leaves beside its answers.
type CheckOutcome struct {
	Stats Stats
	// Memo is what the host is to keep for the integration's next calls
	// (Target.Memo), nothing secret, at most 64 KiB; nil keeps what it has.
	Memo []byte
}

// Stats is what a call cost.
type Stats struct {
	// CRMCalls counts calls against the CRM's API quota.
	CRMCalls int
	// ByType are those of CRMCalls that went to another API than the manifest's
	// first of APITypes, by its Key.
	ByType map[string]int
	// QuotaUsed and QuotaMax are the CRM's own figures; zero is unknown.
	QuotaUsed int
	QuotaMax  int
}

// Record is one record under the CRM's own field names.
type Record struct {
	// ID has at most 200 bytes, no control characters, and no white space around it.
	ID         string
	ModifiedAt time.Time
	Deleted    bool
	// Data is a JSON object, at most 256 KiB, without NUL characters. The host
	// refuses a record with other data alone, and takes the rest of its batch.
	Data json.RawMessage
}

// ReadRequest asks for the records of one object.
type ReadRequest struct {
	Object string
	// Fields are the readable fields wanted; add what your position needs.
	Fields []string
	// ResumeToken is an earlier batch's token; empty reads from the beginning.
	ResumeToken []byte
	// BatchSize is the number of records wanted per batch, a hint.
	BatchSize int
}

// Batch is one part of a Read, at most 1 MiB on the wire (the SDK splits larger
// ones; a split part keeps the token of the batch before it).
type Batch struct {
	Records []Record
	// ResumeToken continues after this batch, in this run or a later one. After
	// the end it gives what changed since.
	ResumeToken []byte
	// Done: nothing more for now.
	Done  bool
	Stats Stats
	// Restarted: reading began again from the beginning with this batch, although
	// the request had a resume token, because the CRM no longer knows what changed
	// since. Records that are not sent from here to Done no longer exist.
	Restarted bool
}

// ReadRecordsRequest asks for some records of one object.
type ReadRecordsRequest struct {
	Object string
	// Fields are the readable fields wanted.
	Fields []string
	// IDs are those of records that Read sent, 1 to 200, each once.
	IDs []string
}

// RecordsBatch is some of the records that were asked for; the SDK splits one that
// is too large for a message.
type RecordsBatch struct {
	Records []Record
	Stats   Stats
}

// PicklistSource is a list of choices with the same meaning in every CRM.
type PicklistSource string

// Sources of choices.
const (
	OpportunityStages PicklistSource = "OPPORTUNITY_STAGE"
	LeadSources       PicklistSource = "LEAD_SOURCE"
	OpportunityRoles  PicklistSource = "OPPORTUNITY_ROLE"
)

// Choice is one choice of a PicklistSource.
type Choice struct {
	// Value is the value as records hold it, unique within its Group.
	Value string
	Label string
	// Active: it can be chosen for new records.
	Active bool
	// Group is the pipeline of a stage; empty when there is one only.
	Group      string
	GroupLabel string
	// Closed and Won tell stages that end an opportunity, and win it.
	Closed bool
	Won    bool
	// Probability of a stage in percent; nil is unknown.
	Probability *int
}
