package salesforce

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// CheckPermissions describes the objects as the integration user, up to 25 in
// one composite call, which counts once against the org's quota. It never asks
// conditionally (If-Modified-Since): a 304 would be evidence about metadata, not
// about the user.
//
// A call that times out, or whose answer is too large, is divided, 25 → 5 → 1.
// Any other failure of a whole call fails all objects not answered yet, except
// an expired session, which is returned so that the host can refresh it.
func (c *Connector) CheckPermissions(ctx context.Context, target sdk.Target, request sdk.CheckRequest, send func(sdk.ObjectCheck) error) (sdk.CheckOutcome, error) {
	s, err := c.session(target)
	if err != nil {
		return sdk.CheckOutcome{}, err
	}
	var names []string
	for _, asked := range request.Objects {
		object := asked.Name
		if err := checkObjectName(object); err != nil {
			if err := send(failed(sdk.ObjectCheck{Object: object, APIVersion: APIVersion}, err)); err != nil {
				return sdk.CheckOutcome{}, err
			}
		} else if !slices.Contains(names, object) {
			names = append(names, object)
		}
	}
	err = s.checkPacks(ctx, slices.Collect(slices.Chunk(names, maxParts)), send)
	return sdk.CheckOutcome{Stats: s.takeStats()}, err
}

// checkPacks works through packs of objects, dividing those that are too slow.
func (s *session) checkPacks(ctx context.Context, packs [][]string, send func(sdk.ObjectCheck) error) error {
	for len(packs) > 0 {
		pack := packs[0]
		packs = packs[1:]
		checks, err := s.checkPack(ctx, pack, len(packs))
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
		}
	}
	return nil
}

// checkPack makes one composite call. waiting is how many packs come after it.
func (s *session) checkPack(ctx context.Context, pack []string, waiting int) ([]sdk.ObjectCheck, error) {
	ctx, cancel := context.WithTimeout(ctx, s.packTimeout(ctx, waiting))
	defer cancel()
	paths := make([]string, len(pack))
	for i, object := range pack {
		paths[i] = describePath(object)
	}
	parts, err := s.composite(ctx, paths)
	if err != nil {
		return nil, err
	}
	checks := make([]sdk.ObjectCheck, len(pack))
	for i, object := range pack {
		checks[i] = decide(object, parts[i], s.partError(parts[i], object))
	}
	return checks, nil
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
