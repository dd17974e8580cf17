package connectortest

import (
	"context"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

func mapped[A, B any](in []A, convert func(A) B) []B {
	var out []B
	for _, item := range in {
		out = append(out, convert(item))
	}
	return out
}

// name is the SDK's name of a wire enum value; UNSPECIFIED is empty.
func name[S ~string](value interface{ String() string }, prefix string) S {
	text := strings.TrimPrefix(value.String(), prefix)
	if text == "UNSPECIFIED" {
		return ""
	}
	return S(text)
}

func targetToWire(t sdk.Target) *connectorv1.Target {
	return &connectorv1.Target{
		IntegrationId: t.IntegrationID, Endpoint: t.Endpoint, AccessToken: t.AccessToken.Reveal(), Config: string(t.Config),
		Environment:   connectorv1.Environment(connectorv1.Environment_value["ENVIRONMENT_"+string(t.Environment)]),
		Introspection: string(t.Introspection), Memo: t.Memo,
	}
}

// errorFromWire gives an author's error back, and the context's own errors.
func errorFromWire(err error) error {
	if err == nil {
		return nil
	}
	state := status.Convert(err)
	for _, detail := range state.Details() {
		if detail, ok := detail.(*connectorv1.ErrorDetail); ok {
			return detailFromWire(detail)
		}
	}
	switch state.Code() {
	case codes.Canceled:
		return context.Canceled
	case codes.DeadlineExceeded:
		return context.DeadlineExceeded
	default:
		return err
	}
}

func detailFromWire(detail *connectorv1.ErrorDetail) error {
	e := &sdk.Error{
		Code: name[sdk.Code](detail.GetCode(), "ERROR_CODE_"), Message: detail.GetMessage(),
		Object: detail.GetObject(), Field: detail.GetField(), RetryAfter: detail.GetRetryAfter().AsDuration(),
	}
	if detail.GetResetAt() != nil {
		e.ResetAt = detail.GetResetAt().AsTime()
	}
	return e
}

func checklistItemFromWire(i *connectorv1.ChecklistItem) sdk.ChecklistItem {
	return sdk.ChecklistItem{
		Key: i.GetKey(), Title: i.GetTitle(), Status: name[sdk.Status](i.GetStatus(), "STATUS_"),
		Evidence: i.GetEvidence(), Remediation: i.GetRemediation(),
	}
}

func identityFromWire(i *connectorv1.Identity) sdk.Identity {
	return sdk.Identity{
		InstanceID: i.GetInstanceId(), InstanceName: i.GetInstanceName(), InstanceURL: i.GetInstanceUrl(),
		Environment: name[sdk.Environment](i.GetEnvironment(), "ENVIRONMENT_"), Edition: i.GetEdition(), APIVersion: i.GetApiVersion(),
		UserID: i.GetUserId(), UserName: i.GetUserName(), UserEmail: i.GetUserEmail(), DedicatedUser: i.GetDedicatedUser(),
	}
}

func rightsFromWire(r *connectorv1.Rights) sdk.Rights {
	return sdk.Rights{Read: r.GetRead(), Create: r.GetCreate(), Update: r.GetUpdate()}
}

func objectFromWire(o *connectorv1.Object) sdk.Object {
	return sdk.Object{Name: o.GetName(), Label: o.GetLabel(), Custom: o.GetCustom(), Rights: rightsFromWire(o.GetRights())}
}

func fieldFromWire(f *connectorv1.Field) sdk.Field {
	return sdk.Field{
		Name: f.GetName(), Label: f.GetLabel(), Type: f.GetType(), Rights: rightsFromWire(f.GetRights()),
		Hideable: f.GetHideable(), RequiredOnCreate: f.GetRequiredOnCreate(), Custom: f.GetCustom(), References: f.GetReferences(),
		Picklist: mapped(f.GetPicklist(), func(v *connectorv1.PicklistValue) sdk.PicklistValue {
			return sdk.PicklistValue{Value: v.GetValue(), Label: v.GetLabel(), Active: v.GetActive()}
		}),
	}
}

func objectCheckFromWire(c *connectorv1.ObjectCheck) sdk.ObjectCheck {
	check := sdk.ObjectCheck{
		Object: c.GetObject(), Label: c.GetLabel(), Verdict: name[sdk.Verdict](c.GetVerdict(), "VERDICT_"),
		Cause: name[sdk.Cause](c.GetCause(), "CAUSE_"), Evidence: c.GetEvidence(), Rights: rightsFromWire(c.GetRights()),
		Fields: mapped(c.GetFields(), fieldFromWire), APIVersion: c.GetApiVersion(),
		Denied: mapped(c.GetDeniedFields(), func(f *connectorv1.DeniedField) sdk.DeniedField {
			return sdk.DeniedField{Name: f.GetName(), Label: f.GetLabel(), Cause: name[sdk.Cause](f.GetCause(), "CAUSE_"), Evidence: f.GetEvidence()}
		}),
		Records: name[sdk.RecordAccess](c.GetRecordAccess(), "RECORD_ACCESS_"), RecordsNote: c.GetRecordAccessNote(),
	}
	if c.GetFailure() != nil {
		check.Failure = detailFromWire(c.GetFailure())
	}
	return check
}

func statsFromWire(s *connectorv1.CallStats) sdk.Stats {
	stats := sdk.Stats{CRMCalls: int(s.GetCrmCalls()), QuotaUsed: int(s.GetQuotaUsed()), QuotaMax: int(s.GetQuotaMax())}
	for key, calls := range s.GetCallsByType() {
		if stats.ByType == nil {
			stats.ByType = map[string]int{}
		}
		stats.ByType[key] = int(calls)
	}
	return stats
}

func statsToWire(s sdk.Stats) *connectorv1.CallStats {
	stats := &connectorv1.CallStats{CrmCalls: int32(s.CRMCalls), QuotaUsed: int64(s.QuotaUsed), QuotaMax: int64(s.QuotaMax), CallsByType: map[string]int32{}}
	for key, calls := range s.ByType {
		stats.CallsByType[key] = int32(calls)
	}
	return stats
}

func batchFromWire(b *connectorv1.ReadResponse) sdk.Batch {
	return sdk.Batch{
		Records: mapped(b.GetRecords(), recordFromWire), ResumeToken: b.GetResumeToken(), Done: b.GetDone(), Stats: statsFromWire(b.GetStats()),
		Restarted: b.GetRestarted(),
	}
}

func choiceFromWire(c *connectorv1.Choice) sdk.Choice {
	choice := sdk.Choice{
		Value: c.GetValue(), Label: c.GetLabel(), Active: c.GetActive(), Group: c.GetGroup(), GroupLabel: c.GetGroupLabel(),
		Closed: c.GetClosed(), Won: c.GetWon(),
	}
	if c.Probability != nil {
		probability := int(c.GetProbability())
		choice.Probability = &probability
	}
	return choice
}

func recordFromWire(r *connectorv1.Record) sdk.Record {
	record := sdk.Record{ID: r.GetId(), Deleted: r.GetDeleted(), Data: r.GetData()}
	if r.GetModifiedAt() != nil {
		record.ModifiedAt = r.GetModifiedAt().AsTime()
	}
	return record
}
