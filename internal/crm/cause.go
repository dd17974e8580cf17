package crm

// Cause says why an object or field cannot be read (requirement I6). A cause is
// never guessed: without evidence it is CauseUnknown.
type Cause string

// Causes of a lost right. Salesforce shows most of them alike, as an absence;
// the connector tells them apart only where the vendor lets it know.
const (
	CausePermission       Cause = "PERMISSION"
	CauseObjectDenied     Cause = "OBJECT_DENIED"
	CauseDeleted          Cause = "DELETED"
	CauseArchived         Cause = "ARCHIVED"
	CauseSensitive        Cause = "SENSITIVE"
	CauseScopeMissing     Cause = "SCOPE_MISSING"
	CauseRenamedCandidate Cause = "RENAMED_CANDIDATE"
	CauseAPIVersion       Cause = "API_VERSION"
	CauseUnknown          Cause = "UNKNOWN"
)

// Values lists the causes, for the database's enum.
func (Cause) Values() []string {
	return []string{
		string(CausePermission), string(CauseObjectDenied), string(CauseDeleted), string(CauseArchived), string(CauseSensitive),
		string(CauseScopeMissing), string(CauseRenamedCandidate), string(CauseAPIVersion), string(CauseUnknown),
	}
}
