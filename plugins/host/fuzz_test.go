package host

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/redact"
	"github.com/fieldwarden/fieldwarden/plugins/proto/validate"
)

// FuzzObjectCheck feeds any bytes a connector could send: what passes the rules
// is a sound domain value, and nothing panics.
func FuzzObjectCheck(f *testing.F) {
	for _, seed := range []*connectorv1.ObjectCheck{
		{Object: "A", Verdict: connectorv1.Verdict_VERDICT_DENIED, Cause: connectorv1.Cause_CAUSE_DELETED},
		{Object: "A", Verdict: connectorv1.Verdict_VERDICT_FAILED, Failure: &connectorv1.ErrorDetail{Code: 99}},
		{
			Object: "A", Verdict: connectorv1.Verdict_VERDICT_ACCESSIBLE, Rights: &connectorv1.Rights{Read: true},
			Fields: []*connectorv1.Field{{Name: "Id", Rights: &connectorv1.Rights{Read: true}}},
		},
	} {
		wire, err := proto.Marshal(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire)
	}
	h := &Host{secrets: &redact.Set{}, config: Config{}.withDefaults()}
	f.Fuzz(func(t *testing.T, wire []byte) {
		var answer connectorv1.ObjectCheck
		if proto.Unmarshal(wire, &answer) != nil || validate.ObjectCheck(&answer) != nil {
			return
		}
		check := h.objectCheckOf("test", &answer)
		switch check.Verdict {
		case crm.VerdictAccessible:
			if len(check.Fields) == 0 || !check.Rights.Read || check.Failure != nil {
				t.Fatalf("%+v", check)
			}
		case crm.VerdictDenied:
			if check.Cause == "" || len(check.Fields) > 0 || check.Failure != nil {
				t.Fatalf("%+v", check)
			}
		case crm.VerdictFailed:
			if check.Failure == nil {
				t.Fatalf("%+v", check)
			}
		default:
			t.Fatalf("verdict %q", check.Verdict)
		}
	})
}
