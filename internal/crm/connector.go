package crm

import (
	"encoding/json"
	"log/slog"
	"slices"
	"time"
)

// Environment is the slot of an integration (requirement C1).
type Environment string

// Environments an admin picks from.
const (
	Production Environment = "PRODUCTION"
	Sandbox    Environment = "SANDBOX"
)

// Values lists the environments, for the database's enum.
func (Environment) Values() []string { return []string{string(Production), string(Sandbox)} }

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

// Reveal returns the secret itself; call it only where it leaves for the CRM or
// for encryption.
func (s Secret) Reveal() string { return string(s) }

// ConnectorKind tells CRM from marketing automation; permission checks are for
// CRMs only (requirement J2).
type ConnectorKind string

// Kinds of connector.
const (
	KindCRM ConnectorKind = "CRM"
	KindMAP ConnectorKind = "MAP"
)

// Capability is something a connector can do (requirement B2).
type Capability string

// Capabilities that the protocol knows.
const (
	CanListObjects      Capability = "LIST_OBJECTS"
	CanListFields       Capability = "LIST_FIELDS"
	CanCheckPermissions Capability = "CHECK_PERMISSIONS"
	CanRead             Capability = "READ"
	CanListPicklist     Capability = "LIST_PICKLIST"
	CanReadRecords      Capability = "READ_RECORDS"
)

// Manifest is what a connector says of itself (Describe).
type Manifest struct {
	// Name is the connector's key: lower case, digits and dashes ("salesforce").
	Name    string
	Title   string
	Vendor  string
	Version string
	// IconSVG is an inline SVG picture, at most 32 KiB.
	IconSVG      string
	Kind         ConnectorKind
	Capabilities []Capability
	Environments []EnvironmentSpec
	// AllowedHosts are the hosts a token may be sent to: exact names, or
	// "*.suffix" for any name below a suffix.
	AllowedHosts  []string
	ConfigSchema  json.RawMessage
	Costs         []VerbCost
	Prerequisites []Prerequisite
	Remediations  []RemediationTemplate
	// MaxObjectsPerCheck is how many objects one CheckPermissions call takes.
	MaxObjectsPerCheck int
	// APITypes are the CRM's APIs that calls are counted by, the usual one first; none
	// means one, DefaultAPIType.
	APITypes []APIType
}

// APIType is one of a CRM's APIs, with a quota of its own (requirements G5, D17).
type APIType struct {
	// Key is lower case with dashes ("rest", "bulk").
	Key string
	// Title is what the CRM calls it.
	Title string
	// RecommendedDailyLimit is how many calls in a day the author recommends to
	// allow; nil is no recommendation.
	RecommendedDailyLimit *int
}

// DefaultAPIType is the API of a connector that names none.
func DefaultAPIType() APIType { return APIType{Key: "api", Title: "API"} }

// APIs lists the APIs that calls are counted by, at least one.
func (m Manifest) APIs() []APIType {
	if len(m.APITypes) == 0 {
		return []APIType{DefaultAPIType()}
	}
	return m.APITypes
}

// Can reports whether the connector has a capability.
func (m Manifest) Can(capability Capability) bool {
	return slices.Contains(m.Capabilities, capability)
}

// Environment returns the connector's data for an environment.
func (m Manifest) Environment(environment Environment) (EnvironmentSpec, bool) {
	for _, spec := range m.Environments {
		if spec.Environment == environment {
			return spec, true
		}
	}
	return EnvironmentSpec{}, false
}

// EnvironmentSpec is how to sign in to one environment of a CRM.
type EnvironmentSpec struct {
	Environment Environment
	OAuth       OAuthSpec
}

// GrantType is a way to get an access token.
type GrantType string

// Grants (RFC 6749 sections 4.1 and 4.4).
const (
	GrantAuthorizationCode GrantType = "AUTHORIZATION_CODE"
	GrantClientCredentials GrantType = "CLIENT_CREDENTIALS"
)

// OAuthSpec describes the OAuth 2.0 flows that the host performs (RFC 6749, RFC
// 7636, RFC 7662). URLs, Endpoint and scopes may hold {property}: the value of that
// property of the integration's configuration.
type OAuthSpec struct {
	AuthorizeURL string
	TokenURL     string
	RevokeURL    string
	Scopes       []string
	PKCE         bool
	// RotatesRefreshToken says that each refresh may return a new refresh token
	// and that re-use of an old one revokes the authorization.
	RotatesRefreshToken bool
	// EndpointField is the token answer's field that carries the base URL for
	// data calls ("instance_url"); empty means Endpoint is fixed.
	EndpointField string
	// Endpoint is the fixed base URL for data calls where the token answer has none.
	Endpoint string
	// AuthorizeParams are extra query parameters of the authorize URL.
	AuthorizeParams map[string]string
	// IntrospectURL is where the host asks about an access token; empty: nowhere.
	IntrospectURL string
	// OptionalScopes may be left out by the CRM without an error.
	OptionalScopes []string
	// Grants are the grants offered, the preferred first; never empty.
	Grants []GrantType
	// ClientCredentialsScopes are asked for with GrantClientCredentials.
	ClientCredentialsScopes []string
	// RefreshTokenIdle is how long a refresh token lives without being used; zero when
	// it does not end for that. The host refreshes before (keep-alive).
	RefreshTokenIdle time.Duration
	// RevokedCodes are what error, status or error_codes of a refused token request
	// hold when the authorization has ended for good, beside invalid_grant; and
	// RetryCodes when the same request may succeed later.
	RevokedCodes []string
	RetryCodes   []string
}

// VerbCost is what a verb costs in CRM API calls (requirement: CRM calls per
// steady check, design section 9).
type VerbCost struct {
	Verb string
	// CallsPerRequest is the fixed cost of one call of the verb.
	CallsPerRequest int
	// CallsPerObject is the cost of each object in the request.
	CallsPerObject int
}

// Prerequisite is shown before Start (requirement B4).
type Prerequisite struct {
	Key         string
	Title       string
	Description string
	Required    bool
	HelpURL     string
}

// SubjectKind tells what a cause or an alert is about.
type SubjectKind string

// Subjects of causes and remediations.
const (
	SubjectObject SubjectKind = "OBJECT"
	SubjectField  SubjectKind = "FIELD"
)

// RemediationTemplate tells how to repair a cause in this CRM (requirement B5).
// Steps and DeepLink may hold {object}, {objectLabel}, {field}, {fieldLabel},
// {instanceUrl} and {user}.
type RemediationTemplate struct {
	Cause    Cause
	Subject  SubjectKind
	Steps    []string
	DeepLink string
	// Who can do it, in the CRM's words ("Salesforce administrator").
	Who string
}

// Target is the integration a connector call is about. Connectors keep nothing
// between calls: each call carries all of it.
type Target struct {
	IntegrationID string
	Environment   Environment
	// Endpoint is the base URL for data calls, without a trailing slash.
	Endpoint    string
	AccessToken Secret
	Config      json.RawMessage
	// Introspection is the CRM's answer to the introspection of the access token,
	// a JSON object without tokens; empty where it was not asked for.
	Introspection json.RawMessage
	// Memo is what an earlier check asked to have kept for the integration.
	Memo []byte
}

// ChecklistStatus is the verdict of one checklist item (requirement C7).
type ChecklistStatus string

// Verdicts of a checklist item.
const (
	ChecklistPass    ChecklistStatus = "PASS"
	ChecklistFail    ChecklistStatus = "FAIL"
	ChecklistWarn    ChecklistStatus = "WARN"
	ChecklistUnknown ChecklistStatus = "UNKNOWN"
)

// ChecklistItem is one line of the connection test.
type ChecklistItem struct {
	Key         string          `json:"key"`
	Title       string          `json:"title"`
	Status      ChecklistStatus `json:"status"`
	Evidence    string          `json:"evidence"`
	Remediation string          `json:"remediation"`
}

// Identity is who and where an access token is.
type Identity struct {
	// InstanceID is the CRM's own stable id of the org (Salesforce organization id).
	InstanceID   string
	InstanceName string
	InstanceURL  string
	// Environment is what the CRM says the instance is; empty when it cannot tell.
	Environment Environment
	Edition     string
	APIVersion  string
	UserID      string
	UserName    string
	UserEmail   string
	// DedicatedUser says that the login is an integration user, not a person (C9).
	DedicatedUser bool
}

// ObjectInfo is one object of the CRM's catalogue.
type ObjectInfo struct {
	Name   string
	Label  string
	Custom bool
	Rights Rights
}

// Rights are what the integration user may do with an object or a field.
type Rights struct {
	Read   bool `json:"read"`
	Create bool `json:"create"`
	Update bool `json:"update"`
}

// PicklistValue is one choice of a picklist field.
type PicklistValue struct {
	Value  string `json:"value"`
	Label  string `json:"label"`
	Active bool   `json:"active"`
}

// FieldInfo is one field that the integration user can see.
type FieldInfo struct {
	Name   string
	Label  string
	Type   string
	Rights Rights
	// Hideable says that field-level security can hide the field by itself.
	Hideable bool
	// RequiredOnCreate says that a record cannot be created without it.
	RequiredOnCreate bool
	Custom           bool
	References       []string
	Picklist         []PicklistValue
}

// ObjectVerdict is what one check found for an object.
type ObjectVerdict string

// Verdicts of an object check. VerdictFailed is not a verdict on permission: the
// old one stands and is marked stale (requirement J4).
const (
	VerdictAccessible ObjectVerdict = "ACCESSIBLE"
	VerdictDenied     ObjectVerdict = "DENIED"
	VerdictFailed     ObjectVerdict = "FAILED"
)

// ObjectCheck is the answer of CheckPermissions for one object.
type ObjectCheck struct {
	Object  string
	Label   string
	Verdict ObjectVerdict
	// Cause and Evidence explain VerdictDenied.
	Cause    Cause
	Evidence string
	// Failure explains VerdictFailed.
	Failure error
	Rights  Rights
	// Fields are all fields the integration user can read; a field that is not
	// listed cannot be read.
	Fields []FieldInfo
	// Denied explains fields that cannot be read: at least those asked for.
	Denied     []DeniedField
	APIVersion string
	// Records tells whether every record can be read, and RecordsNote what limits
	// them.
	Records     RecordAccess
	RecordsNote string
}

// DeniedField is a field that cannot be read though its object can, and why.
type DeniedField struct {
	Name     string
	Label    string
	Cause    Cause
	Evidence string
}

// RecordAccess tells whether the integration user sees every record of an object.
// Records that it does not see are missing from what is read, without an error.
type RecordAccess string

// Values of RecordAccess.
const (
	RecordsUnknown RecordAccess = "UNKNOWN"
	RecordsAll     RecordAccess = "ALL"
	RecordsPartial RecordAccess = "PARTIAL"
)

// Values lists the values.
func (RecordAccess) Values() []string {
	return []string{string(RecordsUnknown), string(RecordsAll), string(RecordsPartial)}
}

// CheckObject is one object whose rights are asked for, and the fields whose
// absence the connector is to explain.
type CheckObject struct {
	Name   string
	Fields []string
}

// CheckOutcome is what a check leaves beside its answers.
type CheckOutcome struct {
	Stats CallStats
	// Memo is to be kept for the integration's next calls; nil keeps what there is.
	Memo []byte
}

// PicklistSource is a list of choices with the same meaning in every CRM.
type PicklistSource string

// Sources of choices.
const (
	OpportunityStages PicklistSource = "OPPORTUNITY_STAGE"
	LeadSources       PicklistSource = "LEAD_SOURCE"
	OpportunityRoles  PicklistSource = "OPPORTUNITY_ROLE"
)

// Values lists the sources.
func (PicklistSource) Values() []string {
	return []string{string(OpportunityStages), string(LeadSources), string(OpportunityRoles)}
}

// Choice is one choice of a source.
type Choice struct {
	// Value is as records hold it, unique within its Group.
	Value  string `json:"value"`
	Label  string `json:"label"`
	Active bool   `json:"active"`
	// Group is the pipeline of a stage; empty when there is one only.
	Group      string `json:"group,omitempty"`
	GroupLabel string `json:"groupLabel,omitempty"`
	// Closed and Won tell stages that end an opportunity, and win it.
	Closed bool `json:"closed,omitempty"`
	Won    bool `json:"won,omitempty"`
	// Probability of a stage in percent; nil is unknown.
	Probability *int `json:"probability,omitempty"`
}

// CheckRequest asks for the rights on objects.
type CheckRequest struct {
	Objects []CheckObject
	// Unconditional forbids the connector any cache or conditional request: the
	// answer must be the CRM's present one.
	Unconditional bool
	// Answered, when set, is called for each answer as it comes, before the call ends,
	// so that somebody who waits sees progress. The call waits for it. What the call
	// returns is what counts.
	Answered func(ObjectCheck)
}

// CallStats is what a connector call cost.
type CallStats struct {
	// CRMCalls counts calls against the CRM's API quota.
	CRMCalls int
	// ByType are those of CRMCalls that went to another API than the manifest's first,
	// by its key.
	ByType map[string]int
	// QuotaUsed and QuotaMax are the CRM's own figures, zero when unknown.
	QuotaUsed int
	QuotaMax  int
}

// ReadRecordsRequest asks for the present state of some records of one object.
type ReadRecordsRequest struct {
	Object string
	Fields []string
	// IDs are at most MaxReadRecords. What the CRM does not have any more comes back
	// as deleted.
	IDs []string
}

// MaxReadRecords is how many records one ReadRecordsRequest may ask for.
const MaxReadRecords = 200

// RefusedRecord is a record that the host did not take from a connector: the others
// of its batch are well.
type RefusedRecord struct {
	ID string
	// Code is the fault code, RECORD_REFUSED.
	Code string
	// Message says what is wrong with it, without its data.
	Message string
}

// Record is one record as the CRM gave it, under the CRM's own field names.
type Record struct {
	ID         string
	ModifiedAt time.Time
	Deleted    bool
	// Data is a JSON object of field name to value.
	Data json.RawMessage
}

// ReadRequest asks for the records of one object from a position on.
type ReadRequest struct {
	Object string
	// Fields are the readable fields wanted; the connector adds what it needs
	// for its own position.
	Fields []string
	// ResumeToken is an earlier batch's token; empty reads from the beginning.
	ResumeToken []byte
	// BatchSize is the number of records wanted per batch (a hint).
	BatchSize int
}

// Batch is one part of a Read.
type Batch struct {
	Records []Record
	// ResumeToken continues after this batch; it stays valid after the end too,
	// then it gives what changed since (the incremental position).
	ResumeToken []byte
	// Done says that there is nothing more for now.
	Done  bool
	Stats CallStats
	// Restarted says that reading began again from the beginning with this batch:
	// records that are not read from here to Done no longer exist.
	Restarted bool
	// Refused are records of the batch that the host did not take.
	Refused []RefusedRecord
}
