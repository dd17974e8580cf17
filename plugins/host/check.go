package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/validate"
)

// CheckPermissions reads the integration user's rights on objects, in as few
// calls as the manifest's MaxObjectsPerCheck allows. It returns exactly one
// answer per distinct requested object, in the order of the request.
//
// A failed check is never a denial (requirement J4): an object that the
// connector did not answer, answered twice or answered wrongly has VerdictFailed
// with the reason. When a call breaks off, the error is returned as well, and the
// objects it left open have VerdictFailed with that error.
func (h *Host) CheckPermissions(ctx context.Context, name string, target crm.Target, request crm.CheckRequest) ([]crm.ObjectCheck, crm.CheckOutcome, error) {
	v := verb{name: "CheckPermissions", capability: crm.CanCheckPermissions, deadline: h.config.Timeouts.Check, reserve: maxCallBytes}
	objects := distinct(request.Objects)
	answers := map[string]crm.ObjectCheck{}
	var outcome crm.CheckOutcome
	var failed error
	for start := 0; start < len(objects) && failed == nil; {
		failed = h.invoke(ctx, name, v, &target, func(c *call) error {
			chunk := objects[start:min(len(objects), start+max(1, c.known.manifest.MaxObjectsPerCheck))]
			collector := &collector{call: c, asked: chunk, answers: answers, answered: request.Answered}
			err := collector.run(target, request.Unconditional)
			outcome.Stats = addStats(outcome.Stats, collector.stats)
			if collector.memo != nil {
				outcome.Memo, target.Memo = collector.memo, collector.memo
			}
			start += len(chunk)
			if err == nil {
				collector.completeMissing()
			}
			return err
		})
	}
	checks := make([]crm.ObjectCheck, len(objects))
	for i, object := range objects {
		answer, ok := answers[object.Name]
		if !ok {
			answer = crm.ObjectCheck{Object: object.Name, Verdict: crm.VerdictFailed, Failure: failed}
		}
		checks[i] = answer
	}
	return checks, outcome, failed
}

// distinct drops the objects that are asked for again.
func distinct(objects []crm.CheckObject) []crm.CheckObject {
	var out []crm.CheckObject
	for _, object := range objects {
		if !slices.ContainsFunc(out, named(object.Name)) {
			out = append(out, object)
		}
	}
	return out
}

func named(name string) func(crm.CheckObject) bool {
	return func(object crm.CheckObject) bool { return object.Name == name }
}

func checkedObjectOf(object crm.CheckObject) *connectorv1.CheckedObject {
	return &connectorv1.CheckedObject{Name: object.Name, Fields: object.Fields}
}

// addStats adds the calls up; the quota is the newest figure.
func addStats(a, b crm.CallStats) crm.CallStats {
	a.CRMCalls += b.CRMCalls
	if len(b.ByType) > 0 {
		sum := maps.Clone(b.ByType)
		for key, calls := range a.ByType {
			sum[key] += calls
		}
		a.ByType = sum
	}
	if b.QuotaMax != 0 || b.QuotaUsed != 0 {
		a.QuotaUsed, a.QuotaMax = b.QuotaUsed, b.QuotaMax
	}
	return a
}

// collector puts the messages of one CheckPermissions call together.
type collector struct {
	call    *call
	asked   []crm.CheckObject
	answers map[string]crm.ObjectCheck
	// answered may be nil (crm.CheckRequest).
	answered func(crm.ObjectCheck)
	stats    crm.CallStats
	memo     []byte
	partial  *connectorv1.ObjectCheck // an answer whose next part is awaited
	size     int
}

func (c *collector) run(target crm.Target, unconditional bool) error {
	stream, err := connectorv1.NewPermissionsServiceClient(c.call.running.conn).CheckPermissions(c.call.ctx, &connectorv1.CheckPermissionsRequest{
		Target: targetOf(target), Objects: mapped(c.asked, checkedObjectOf), Unconditional: unconditional,
	})
	if err != nil {
		return err
	}
	return c.collect(stream)
}

func (c *collector) collect(stream grpc.ServerStreamingClient[connectorv1.CheckPermissionsResponse]) error {
	for {
		response, err := next(c.call, stream.Recv)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if c.size += proto.Size(response); c.size > maxCheckBytes {
			return connectorFault(fault.ConnectorTooLarge, c.call.name,
				fmt.Sprintf("CheckPermissions: the answer has more than %d bytes; let max_objects_per_check be smaller.", maxCheckBytes))
		}
		if err := c.take(response); err != nil {
			return err
		}
	}
}

func (c *collector) take(response *connectorv1.CheckPermissionsResponse) error {
	if err := validate.Stats(response.GetStats(), c.call.apiTypes()); err != nil {
		return c.call.answerFault(err)
	}
	c.stats = addStats(c.stats, statsOf(response.GetStats()))
	if err := validate.Memo(response.GetMemo()); err != nil {
		return c.call.answerFault(err)
	}
	if len(response.GetMemo()) > 0 {
		c.memo = response.GetMemo()
	}
	check := response.GetCheck()
	if c.partial != nil {
		if check.GetObject() != c.partial.GetObject() {
			return c.call.answerFault(fmt.Errorf("the rest of %q was announced and did not come", c.partial.GetObject()))
		}
		c.partial.Fields = append(c.partial.Fields, check.GetFields()...)
		check = c.partial
	}
	c.partial = nil
	switch {
	case check == nil:
		return nil
	case response.GetMore():
		c.partial = check
		return nil
	default:
		c.answer(check)
		return nil
	}
}

// answer notes the answer for one object. What is wrong about it fails that
// object alone.
func (c *collector) answer(check *connectorv1.ObjectCheck) {
	object := check.GetObject()
	if !slices.ContainsFunc(c.asked, named(object)) {
		c.call.host.config.Logger.Warn("the connector answered for an object that was not asked for",
			"connector", c.call.name, "object", c.call.host.secrets.Text(object, 80))
		return
	}
	if _, twice := c.answers[object]; twice {
		c.refuse(object, errors.New("the object was answered twice"))
		return
	}
	if err := validate.ObjectCheck(check); err != nil {
		c.refuse(object, err)
		return
	}
	c.answers[object] = c.call.host.objectCheckOf(c.call.name, check)
	if c.answered != nil {
		c.answered(c.answers[object])
	}
}

func (c *collector) refuse(object string, err error) {
	c.answers[object] = crm.ObjectCheck{
		Object: object, Verdict: crm.VerdictFailed, Failure: c.call.answerFault(fmt.Errorf("%s: %w", object, err)),
	}
}

// completeMissing fails the objects that a finished stream left out.
func (c *collector) completeMissing() {
	for _, object := range c.asked {
		if _, ok := c.answers[object.Name]; !ok {
			c.refuse(object.Name, errors.New("the connector did not answer for this object"))
		}
	}
}
