package host

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
	"github.com/fieldwarden/fieldwarden/plugins/proto/validate"
)

// The functions of this file turn validated wire values into domain values.

func mapped[A, B any](in []A, convert func(A) B) []B {
	out := make([]B, len(in))
	for i, item := range in {
		out[i] = convert(item)
	}
	return out
}

// clamp fits a count into the wire's integer.
func clamp(n int) int32 { return int32(max(0, min(n, math.MaxInt32))) }

// enumName is the Go name of a wire enum value: the same without its prefix.
func enumName(value interface{ String() string }, prefix string) string {
	return strings.TrimPrefix(value.String(), prefix)
}

func environmentOf(e connectorv1.Environment) crm.Environment {
	if e == connectorv1.Environment_ENVIRONMENT_UNSPECIFIED {
		return ""
	}
	return crm.Environment(enumName(e, "ENVIRONMENT_"))
}

func causeOf(c connectorv1.Cause) crm.Cause {
	if c == connectorv1.Cause_CAUSE_UNSPECIFIED {
		return crm.CauseUnknown
	}
	return crm.Cause(enumName(c, "CAUSE_"))
}

func manifestOf(response *connectorv1.DescribeResponse) crm.Manifest {
	m := response.GetManifest()
	manifest := crm.Manifest{
		Name: m.GetName(), Title: m.GetTitle(), Vendor: m.GetVendor(), Version: m.GetVersion(), IconSVG: m.GetIconSvg(),
		Kind:               crm.ConnectorKind(enumName(m.GetKind(), "KIND_")),
		Environments:       mapped(m.GetEnvironments(), environmentSpecOf),
		AllowedHosts:       m.GetAllowedHosts(),
		Costs:              mapped(m.GetCosts(), costOf),
		Prerequisites:      mapped(m.GetPrerequisites(), prerequisiteOf),
		Remediations:       mapped(m.GetRemediations(), remediationOf),
		MaxObjectsPerCheck: max(1, int(m.GetMaxObjectsPerCheck())),
		APITypes:           mapped(m.GetApiTypes(), apiTypeOf),
	}
	if m.GetConfigSchema() != "" {
		manifest.ConfigSchema = json.RawMessage(m.GetConfigSchema())
	}
	for _, capability := range response.GetCapabilities() {
		name, known := connectorv1.Capability_name[int32(capability)]
		// One that this host does not know is one it never uses.
		if known && capability != connectorv1.Capability_CAPABILITY_UNSPECIFIED {
			manifest.Capabilities = append(manifest.Capabilities, crm.Capability(strings.TrimPrefix(name, "CAPABILITY_")))
		}
	}
	return manifest
}

func environmentSpecOf(spec *connectorv1.EnvironmentSpec) crm.EnvironmentSpec {
	o := spec.GetOauth()
	return crm.EnvironmentSpec{
		Environment: environmentOf(spec.GetEnvironment()),
		OAuth: crm.OAuthSpec{
			AuthorizeURL: o.GetAuthorizeUrl(), TokenURL: o.GetTokenUrl(), RevokeURL: o.GetRevokeUrl(), Scopes: o.GetScopes(),
			PKCE: o.GetPkce(), RotatesRefreshToken: o.GetRotatesRefreshToken(),
			EndpointField: o.GetEndpointField(), Endpoint: strings.TrimRight(o.GetEndpoint(), "/"), AuthorizeParams: o.GetAuthorizeParams(),
			IntrospectURL: o.GetIntrospectUrl(), OptionalScopes: o.GetOptionalScopes(), Grants: grantsOf(o.GetGrants()),
			ClientCredentialsScopes: o.GetClientCredentialsScopes(), RevokedCodes: o.GetRevokedCodes(), RetryCodes: o.GetRetryCodes(),
			RefreshTokenIdle: time.Duration(o.GetRefreshTokenIdleSeconds()) * time.Second,
		},
	}
}

func grantsOf(grants []connectorv1.GrantType) []crm.GrantType {
	if len(grants) == 0 {
		return []crm.GrantType{crm.GrantAuthorizationCode}
	}
	return mapped(grants, func(g connectorv1.GrantType) crm.GrantType { return crm.GrantType(enumName(g, "GRANT_TYPE_")) })
}

func apiTypeOf(a *connectorv1.ApiType) crm.APIType {
	api := crm.APIType{Key: a.GetKey(), Title: a.GetTitle()}
	if limit := int(a.GetRecommendedDailyLimit()); limit > 0 {
		api.RecommendedDailyLimit = &limit
	}
	return api
}

func costOf(c *connectorv1.VerbCost) crm.VerbCost {
	return crm.VerbCost{Verb: c.GetVerb(), CallsPerRequest: int(c.GetCallsPerRequest()), CallsPerObject: int(c.GetCallsPerObject())}
}

func prerequisiteOf(p *connectorv1.Prerequisite) crm.Prerequisite {
	return crm.Prerequisite{Key: p.GetKey(), Title: p.GetTitle(), Description: p.GetDescription(), Required: p.GetRequired(), HelpURL: p.GetHelpUrl()}
}

func remediationOf(r *connectorv1.Remediation) crm.RemediationTemplate {
	return crm.RemediationTemplate{
		Cause: causeOf(r.GetCause()), Subject: crm.SubjectKind(enumName(r.GetSubject(), "SUBJECT_")),
		Steps: r.GetSteps(), DeepLink: r.GetDeepLink(), Who: r.GetWho(),
	}
}

func (h *Host) checklistItemOf(item *connectorv1.ChecklistItem) crm.ChecklistItem {
	return crm.ChecklistItem{
		Key: item.GetKey(), Title: h.text(item.GetTitle()), Status: crm.ChecklistStatus(enumName(item.GetStatus(), "STATUS_")),
		Evidence: h.text(item.GetEvidence()), Remediation: h.text(item.GetRemediation()),
	}
}

// text makes a connector's text fit to show.
func (h *Host) text(text string) string { return h.secrets.Text(text, handshake.MaxText) }

func identityOf(i *connectorv1.Identity) crm.Identity {
	return crm.Identity{
		InstanceID: i.GetInstanceId(), InstanceName: i.GetInstanceName(), InstanceURL: strings.TrimRight(i.GetInstanceUrl(), "/"),
		Environment: environmentOf(i.GetEnvironment()), Edition: i.GetEdition(), APIVersion: i.GetApiVersion(),
		UserID: i.GetUserId(), UserName: i.GetUserName(), UserEmail: i.GetUserEmail(), DedicatedUser: i.GetDedicatedUser(),
	}
}

func rightsOf(r *connectorv1.Rights) crm.Rights {
	return crm.Rights{Read: r.GetRead(), Create: r.GetCreate(), Update: r.GetUpdate()}
}

func labelOf(label, name string) string {
	if label == "" {
		return name
	}
	return label
}

func objectOf(o *connectorv1.Object) crm.ObjectInfo {
	return crm.ObjectInfo{Name: o.GetName(), Label: labelOf(o.GetLabel(), o.GetName()), Custom: o.GetCustom(), Rights: rightsOf(o.GetRights())}
}

func fieldOf(f *connectorv1.Field) crm.FieldInfo {
	return crm.FieldInfo{
		Name: f.GetName(), Label: labelOf(f.GetLabel(), f.GetName()), Type: f.GetType(), Rights: rightsOf(f.GetRights()),
		Hideable: f.GetHideable(), RequiredOnCreate: f.GetRequiredOnCreate(), Custom: f.GetCustom(), References: f.GetReferences(),
		Picklist: mapped(f.GetPicklist(), func(v *connectorv1.PicklistValue) crm.PicklistValue {
			return crm.PicklistValue{Value: v.GetValue(), Label: labelOf(v.GetLabel(), v.GetValue()), Active: v.GetActive()}
		}),
	}
}

func (h *Host) objectCheckOf(name string, c *connectorv1.ObjectCheck) crm.ObjectCheck {
	check := crm.ObjectCheck{
		Object: c.GetObject(), Label: labelOf(c.GetLabel(), c.GetObject()),
		Verdict:  crm.ObjectVerdict(enumName(c.GetVerdict(), "VERDICT_")),
		Evidence: h.text(c.GetEvidence()), APIVersion: c.GetApiVersion(),
	}
	switch check.Verdict {
	case crm.VerdictAccessible:
		check.Rights, check.Fields = rightsOf(c.GetRights()), mapped(c.GetFields(), fieldOf)
		check.Denied = mapped(c.GetDeniedFields(), h.deniedFieldOf)
		check.Records, check.RecordsNote = recordAccessOf(c.GetRecordAccess()), h.text(c.GetRecordAccessNote())
	case crm.VerdictDenied:
		check.Cause = causeOf(c.GetCause())
	case crm.VerdictFailed:
		check.Failure = h.faultOf(name, c.GetFailure())
	}
	return check
}

func (h *Host) deniedFieldOf(f *connectorv1.DeniedField) crm.DeniedField {
	return crm.DeniedField{Name: f.GetName(), Label: labelOf(f.GetLabel(), f.GetName()), Cause: causeOf(f.GetCause()), Evidence: h.text(f.GetEvidence())}
}

func recordAccessOf(access connectorv1.RecordAccess) crm.RecordAccess {
	if access == connectorv1.RecordAccess_RECORD_ACCESS_UNSPECIFIED {
		return crm.RecordsUnknown
	}
	return crm.RecordAccess(enumName(access, "RECORD_ACCESS_"))
}

func choiceOf(c *connectorv1.Choice) crm.Choice {
	choice := crm.Choice{
		Value: c.GetValue(), Label: labelOf(c.GetLabel(), c.GetValue()), Active: c.GetActive(),
		Group: c.GetGroup(), GroupLabel: labelOf(c.GetGroupLabel(), c.GetGroup()), Closed: c.GetClosed(), Won: c.GetWon(),
	}
	if c.Probability != nil {
		probability := int(c.GetProbability())
		choice.Probability = &probability
	}
	return choice
}

func statsOf(s *connectorv1.CallStats) crm.CallStats {
	stats := crm.CallStats{CRMCalls: int(s.GetCrmCalls()), QuotaUsed: int(s.GetQuotaUsed()), QuotaMax: int(s.GetQuotaMax())}
	for key, calls := range s.GetCallsByType() {
		if stats.ByType == nil {
			stats.ByType = make(map[string]int, len(s.GetCallsByType()))
		}
		stats.ByType[key] = int(calls)
	}
	return stats
}

func batchOf(b *connectorv1.ReadResponse) crm.Batch {
	batch := crm.Batch{ResumeToken: b.GetResumeToken(), Done: b.GetDone(), Stats: statsOf(b.GetStats()), Restarted: b.GetRestarted()}
	batch.Records, batch.Refused = recordsOf(b.GetRecords())
	return batch
}

// recordsOf takes the records that can be taken. One that cannot is named, so that
// the others of its batch are not lost for it (requirement E9).
func recordsOf(list []*connectorv1.Record) (records []crm.Record, refused []crm.RefusedRecord) {
	records = make([]crm.Record, 0, len(list))
	for _, record := range list {
		if err := validate.Record(record); err != nil {
			refused = append(refused, crm.RefusedRecord{ID: record.GetId(), Code: string(fault.RecordRefused), Message: "The record was refused: " + err.Error() + "."})
			continue
		}
		records = append(records, recordOf(record))
	}
	return records, refused
}

func recordOf(r *connectorv1.Record) crm.Record {
	record := crm.Record{ID: r.GetId(), Deleted: r.GetDeleted(), Data: r.GetData()}
	if r.GetModifiedAt() != nil {
		record.ModifiedAt = r.GetModifiedAt().AsTime()
	}
	return record
}
