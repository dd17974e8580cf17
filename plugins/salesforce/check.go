package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// objectsPerCheck is how many objects one composite call takes beside the query
// for the user's own permissions.
const objectsPerCheck = maxParts - 1

// CheckPermissions describes the objects as the integration user, up to 24 in
// one composite call, which counts once against the org's quota. It never asks
// conditionally (If-Modified-Since): a 304 would be evidence about metadata, not
// about the user. Only for requested fields that are missing it asks more: see
// explain and reason.
//
// A call that times out, or whose answer is too large, is divided, 24 → 5 → 1.
// Any other failure of a whole call fails all objects not answered yet, except
// an expired session, which is returned so that the host can refresh it.
func (c *Connector) CheckPermissions(ctx context.Context, target sdk.Target, request sdk.CheckRequest, send func(sdk.ObjectCheck) error) (sdk.CheckOutcome, error) {
	s, err := c.session(target)
	if err != nil {
		return sdk.CheckOutcome{}, err
	}
	k := &checker{session: s, wanted: map[string][]string{}, memo: parseMemo(target.Memo), denied: map[string]bool{}}
	var names []string
	for _, asked := range request.Objects {
		object := asked.Name
		if err := checkObjectName(object); err != nil {
			if err := send(failed(sdk.ObjectCheck{Object: object, APIVersion: APIVersion}, err)); err != nil {
				return sdk.CheckOutcome{}, err
			}
		} else if !slices.Contains(names, object) {
			names = append(names, object)
			k.wanted[object] = asked.Fields
		}
	}
	err = k.checkPacks(ctx, slices.Collect(slices.Chunk(names, objectsPerCheck)), send)
	return sdk.CheckOutcome{Stats: s.takeStats(), Memo: k.memo.bytes(target.Memo)}, err
}

// checker is one check of some objects.
type checker struct {
	*session
	wanted map[string][]string // requested fields by object
	memo   memo
	// denied are the lower-case names of objects that turned out to be denied.
	denied map[string]bool
}

// checkPacks works through packs of objects, dividing those that are too slow.
func (k *checker) checkPacks(ctx context.Context, packs [][]string, send func(sdk.ObjectCheck) error) error {
	for len(packs) > 0 {
		pack := packs[0]
		packs = packs[1:]
		checks, err := k.checkPack(ctx, pack, len(packs))
		switch {
		case err == nil:
		case ctx.Err() != nil || sdk.CodeOf(err) == sdk.CodeUnauthenticated:
			return err
		case isTooHeavy(err) && len(pack) > 1:
			packs = append(divide(pack), packs...)
			continue
		case isTooHeavy(err):
			checks = failAll(pack, err)
		default:
			checks = failAll(slices.Concat(pack, slices.Concat(packs...)), err)
			packs = nil
		}
		for _, check := range checks {
			if err := send(check); err != nil {
				return err
			}
			k.memo.learn(check, k.wanted[check.Object])
		}
	}
	return nil
}

// checkPack makes one composite call, and explains the fields that are missing.
// waiting is how many packs come after it.
func (k *checker) checkPack(ctx context.Context, pack []string, waiting int) ([]sdk.ObjectCheck, error) {
	checks, err := k.describePack(ctx, pack, waiting)
	if err != nil {
		return nil, err
	}
	for _, check := range checks {
		if check.Verdict == sdk.VerdictDenied {
			k.denied[strings.ToLower(check.Object)] = true
		}
	}
	missing := missingFields(checks, k.wanted)
	if len(missing) == 0 {
		return checks, nil
	}
	bounded, cancel := context.WithTimeout(ctx, k.packTimeout(ctx, waiting))
	defer cancel()
	e, err := k.explain(bounded, missing)
	if err != nil {
		return nil, err
	}
	for i := range checks {
		for _, field := range missing[checks[i].Object] {
			seen, _ := k.memo.item(checks[i].Object, field)
			checks[i].Denied = append(checks[i].Denied, reason(checks[i], field, e, seen, func(object string) bool { return k.denied[strings.ToLower(object)] }))
		}
	}
	return checks, nil
}

// ownPermissionsQuery asks for permissions of the calling user, whoever that is.
const ownPermissionsQuery = "SELECT PermissionsViewAllData FROM UserPermissionAccess"

func (k *checker) describePack(ctx context.Context, pack []string, waiting int) ([]sdk.ObjectCheck, error) {
	ctx, cancel := context.WithTimeout(ctx, k.packTimeout(ctx, waiting))
	defer cancel()
	paths := make([]string, len(pack), len(pack)+1)
	for i, object := range pack {
		paths[i] = describePath(object)
	}
	parts, err := k.composite(ctx, append(paths, queryPath(ownPermissionsQuery)))
	if err != nil {
		return nil, err
	}
	records := k.recordAccess(parts[len(pack)])
	checks := make([]sdk.ObjectCheck, len(pack))
	for i, object := range pack {
		checks[i] = decide(object, parts[i], k.partError(parts[i], object))
		if checks[i].Verdict == sdk.VerdictAccessible {
			checks[i].Records = records
		}
	}
	return checks, nil
}

// recordAccess is RecordsAll for a user with View All Data. Without it sharing
// decides, and how much that leaves is not known.
func (s *session) recordAccess(part answer) sdk.RecordAccess {
	var reply struct {
		Records []struct {
			ViewAllData bool `json:"PermissionsViewAllData"`
		} `json:"records"`
	}
	if s.partError(part, "UserPermissionAccess") == nil && json.Unmarshal(part.body, &reply) == nil && len(reply.Records) == 1 && reply.Records[0].ViewAllData {
		return sdk.RecordsAll
	}
	return sdk.RecordsUnknown
}

// packTimeout shares the time up to the host's deadline among this pack, those
// that wait, and one share for dividing, so that a slow first call leaves time
// for smaller ones.
func (s *session) packTimeout(ctx context.Context, waiting int) time.Duration {
	timeout := s.connector.packTimeout
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline)/time.Duration(waiting+2))
	}
	return timeout
}

// divide cuts a pack into packs of five, or a small one into single objects.
func divide(pack []string) [][]string {
	size := 5
	if len(pack) <= size {
		size = 1
	}
	return slices.Collect(slices.Chunk(pack, size))
}

// isTooHeavy tells failures that a smaller call can avoid.
func isTooHeavy(err error) bool {
	return sdk.CodeOf(err) == sdk.CodeTimeout || errors.Is(err, errTooLarge)
}

func failAll(objects []string, err error) []sdk.ObjectCheck {
	checks := make([]sdk.ObjectCheck, len(objects))
	for i, object := range objects {
		checks[i] = failed(sdk.ObjectCheck{Object: object, APIVersion: APIVersion}, err)
	}
	return checks
}
