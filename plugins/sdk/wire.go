package sdk

import (
	"encoding/json"
	"math"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
)

func mapped[A, B any](in []A, convert func(A) B) []B {
	out := make([]B, len(in))
	for i, item := range in {
		out[i] = convert(item)
	}
	return out
}

// enum finds a wire value by its Go name; what the protocol does not know
// becomes UNSPECIFIED, which the host refuses.
func enum[W ~int32, S ~string](values map[string]int32, prefix string, name S) W {
	return W(values[prefix+string(name)])
}

func count(n int) int32 { return int32(max(0, min(n, math.MaxInt32))) }

func targetFromWire(target *connectorv1.Target) Target {
	environment := Production
	if target.GetEnvironment() == connectorv1.Environment_ENVIRONMENT_SANDBOX {
		environment = Sandbox
	}
	return Target{
		IntegrationID: target.GetIntegrationId(),
		Environment:   environment,
		Endpoint:      target.GetEndpoint(),
		AccessToken:   Secret(target.GetAccessToken()),
		Config:        json.RawMessage(target.GetConfig()),
		Introspection: json.RawMessage(target.GetIntrospection()),
		Memo:          target.GetMemo(),
	}
}

func describeResponse(connector Connector) *connectorv1.DescribeResponse {
	return &connectorv1.DescribeResponse{
		Manifest:     manifestToWire(connector.Describe()),
		Capabilities: capabilities(connector),
		Sdk:          "go " + Version,
	}
}

func capabilities(connector Connector) []connectorv1.Capability {
	var found []connectorv1.Capability
	if _, ok := connector.(ObjectLister); ok {
		found = append(found, connectorv1.Capability_CAPABILITY_LIST_OBJECTS)
	}
	if _, ok := connector.(FieldLister); ok {
		found = append(found, connectorv1.Capability_CAPABILITY_LIST_FIELDS)
	}
	if _, ok := connector.(PermissionChecker); ok {
		found = append(found, connectorv1.Capability_CAPABILITY_CHECK_PERMISSIONS)
	}
	if _, ok := connector.(Reader); ok {
		found = append(found, connectorv1.Capability_CAPABILITY_READ)
	}
	if _, ok := connector.(PicklistLister); ok {
		found = append(found, connectorv1.Capability_CAPABILITY_LIST_PICKLIST)
	}
	if _, ok := connector.(RecordReader); ok {
		found = append(found, connectorv1.Capability_CAPABILITY_READ_RECORDS)
	}
	return found
}

func manifestToWire(m Manifest) *connectorv1.Manifest {
	return &connectorv1.Manifest{
		Name: m.Name, Title: m.Title, Vendor: m.Vendor, Version: m.Version, IconSvg: m.IconSVG,
		Kind:               enum[connectorv1.Kind](connectorv1.Kind_value, "KIND_", m.Kind),
		Environments:       mapped(m.Environments, environmentToWire),
		AllowedHosts:       m.AllowedHosts,
		ConfigSchema:       string(m.ConfigSchema),
		Costs:              mapped(m.Costs, costToWire),
		Prerequisites:      mapped(m.Prerequisites, prerequisiteToWire),
		Remediations:       mapped(m.Remediations, remediationToWire),
		MaxObjectsPerCheck: count(m.MaxObjectsPerCheck),
		ApiTypes:           mapped(m.APITypes, apiTypeToWire),
	}
}

func environmentToWire(spec EnvironmentSpec) *connectorv1.EnvironmentSpec {
	o := spec.OAuth
	return &connectorv1.EnvironmentSpec{
		Environment: enum[connectorv1.Environment](connectorv1.Environment_value, "ENVIRONMENT_", spec.Environment),
		Oauth: &connectorv1.OAuth{
			AuthorizeUrl: o.AuthorizeURL, TokenUrl: o.TokenURL, RevokeUrl: o.RevokeURL, Scopes: o.Scopes,
			Pkce: o.PKCE, RotatesRefreshToken: o.RotatesRefreshToken,
			EndpointField: o.EndpointField, Endpoint: o.Endpoint, AuthorizeParams: o.AuthorizeParams,
			IntrospectUrl: o.IntrospectURL, OptionalScopes: o.OptionalScopes, ClientCredentialsScopes: o.ClientCredentialsScopes,
			Grants: mapped(o.Grants, func(g GrantType) connectorv1.GrantType {
				return enum[connectorv1.GrantType](connectorv1.GrantType_value, "GRANT_TYPE_", g)
			}),
			RevokedCodes: o.RevokedCodes, RetryCodes: o.RetryCodes,
			RefreshTokenIdleSeconds: int64(o.RefreshTokenIdle / time.Second),
		},
	}
}

func apiTypeToWire(a APIType) *connectorv1.ApiType {
	return &connectorv1.ApiType{Key: a.Key, Title: a.Title, RecommendedDailyLimit: int64(a.RecommendedDailyLimit)}
}

func costToWire(c VerbCost) *connectorv1.VerbCost {
	return &connectorv1.VerbCost{Verb: c.Verb, CallsPerRequest: count(c.CallsPerRequest), CallsPerObject: count(c.CallsPerObject)}
}

func prerequisiteToWire(p Prerequisite) *connectorv1.Prerequisite {
	return &connectorv1.Prerequisite{Key: p.Key, Title: p.Title, Description: p.Description, Required: p.Required, HelpUrl: p.HelpURL}
}

func remediationToWire(r Remediation) *connectorv1.Remediation {
	return &connectorv1.Remediation{
		Cause:   enum[connectorv1.Cause](connectorv1.Cause_value, "CAUSE_", r.Cause),
		Subject: enum[connectorv1.Subject](connectorv1.Subject_value, "SUBJECT_", r.Subject),
		Steps:   r.Steps, DeepLink: r.DeepLink, Who: r.Who,
	}
}

func checklistItemToWire(item ChecklistItem) *connectorv1.ChecklistItem {
	return &connectorv1.ChecklistItem{
		Key: item.Key, Title: item.Title,
		Status:   enum[connectorv1.Status](connectorv1.Status_value, "STATUS_", item.Status),
		Evidence: item.Evidence, Remediation: item.Remediation,
	}
}

func identityToWire(i Identity) *connectorv1.Identity {
	return &connectorv1.Identity{
		InstanceId: i.InstanceID, InstanceName: i.InstanceName, InstanceUrl: i.InstanceURL,
		Environment: enum[connectorv1.Environment](connectorv1.Environment_value, "ENVIRONMENT_", i.Environment),
		Edition:     i.Edition, ApiVersion: i.APIVersion,
		UserId: i.UserID, UserName: i.UserName, UserEmail: i.UserEmail, DedicatedUser: i.DedicatedUser,
	}
}

func rightsToWire(r Rights) *connectorv1.Rights {
	return &connectorv1.Rights{Read: r.Read, Create: r.Create, Update: r.Update}
}

func objectToWire(o Object) *connectorv1.Object {
	return &connectorv1.Object{Name: o.Name, Label: o.Label, Custom: o.Custom, Rights: rightsToWire(o.Rights)}
}

func fieldToWire(f Field) *connectorv1.Field {
	return &connectorv1.Field{
		Name: f.Name, Label: f.Label, Type: f.Type, Rights: rightsToWire(f.Rights),
		Hideable: f.Hideable, RequiredOnCreate: f.RequiredOnCreate, Custom: f.Custom, References: f.References,
		Picklist: mapped(f.Picklist, func(v PicklistValue) *connectorv1.PicklistValue {
			return &connectorv1.PicklistValue{Value: v.Value, Label: v.Label, Active: v.Active}
		}),
	}
}

func (s *service) checkToWire(c ObjectCheck) *connectorv1.ObjectCheck {
	check := &connectorv1.ObjectCheck{
		Object: c.Object, Label: c.Label,
		Verdict:  enum[connectorv1.Verdict](connectorv1.Verdict_value, "VERDICT_", c.Verdict),
		Cause:    enum[connectorv1.Cause](connectorv1.Cause_value, "CAUSE_", c.Cause),
		Evidence: c.Evidence, Rights: rightsToWire(c.Rights), Fields: mapped(c.Fields, fieldToWire), ApiVersion: c.APIVersion,
		DeniedFields: mapped(c.Denied, func(f DeniedField) *connectorv1.DeniedField {
			return &connectorv1.DeniedField{
				Name: f.Name, Label: f.Label, Evidence: f.Evidence, Cause: enum[connectorv1.Cause](connectorv1.Cause_value, "CAUSE_", f.Cause),
			}
		}),
		RecordAccess:     enum[connectorv1.RecordAccess](connectorv1.RecordAccess_value, "RECORD_ACCESS_", c.Records),
		RecordAccessNote: c.RecordsNote,
	}
	if c.Failure != nil {
		check.Failure = s.detail(c.Failure)
	}
	return check
}

func statsToWire(s Stats) *connectorv1.CallStats {
	stats := &connectorv1.CallStats{CrmCalls: count(s.CRMCalls), QuotaUsed: int64(s.QuotaUsed), QuotaMax: int64(s.QuotaMax)}
	for key, calls := range s.ByType {
		if stats.CallsByType == nil {
			stats.CallsByType = make(map[string]int32, len(s.ByType))
		}
		stats.CallsByType[key] = count(calls)
	}
	return stats
}

func batchToWire(b Batch) *connectorv1.ReadResponse {
	return &connectorv1.ReadResponse{
		Records: mapped(b.Records, recordToWire), ResumeToken: b.ResumeToken, Done: b.Done, Stats: statsToWire(b.Stats),
		Restarted: b.Restarted,
	}
}

func choiceToWire(c Choice) *connectorv1.Choice {
	choice := &connectorv1.Choice{
		Value: c.Value, Label: c.Label, Active: c.Active, Group: c.Group, GroupLabel: c.GroupLabel, Closed: c.Closed, Won: c.Won,
	}
	if c.Probability != nil {
		probability := count(*c.Probability)
		choice.Probability = &probability
	}
	return choice
}

// recordToWire cuts data that the host would refuse in any case, so that a giant
// record costs itself and not the message it is in.
func recordToWire(r Record) *connectorv1.Record {
	record := &connectorv1.Record{Id: r.ID, Deleted: r.Deleted, Data: r.Data[:min(len(r.Data), handshake.MaxRecord+1)]}
	if !r.ModifiedAt.IsZero() {
		record.ModifiedAt = timestamppb.New(r.ModifiedAt)
	}
	return record
}
