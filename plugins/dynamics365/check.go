package dynamics365

import (
	"context"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// CheckPermissions asks for metadata and rights of all objects in one batch. The
// names of the privileges to ask for are in the memo of the last check; without a
// memo they take a second call, after metadata (see inquire).
//
// A failure of a whole call fails all objects, except an expired token, which is
// returned so that the host can refresh it.
func (c *Connector) CheckPermissions(ctx context.Context, target sdk.Target, request sdk.CheckRequest, send func(sdk.ObjectCheck) error) (sdk.CheckOutcome, error) {
	s, err := c.session(target)
	if err != nil {
		return sdk.CheckOutcome{}, err
	}
	s.strong = request.Unconditional
	var objects []sdk.CheckObject
	var tables []string
	seen := map[string]bool{}
	for _, object := range request.Objects {
		if seen[object.Name] {
			continue
		}
		seen[object.Name] = true
		if err := checkTableName(object.Name); err != nil {
			if err := send(failed(sdk.ObjectCheck{Object: object.Name, APIVersion: APIVersion}, err)); err != nil {
				return sdk.CheckOutcome{}, err
			}
			continue
		}
		objects, tables = append(objects, object), append(tables, object.Name)
	}
	if len(objects) == 0 {
		return sdk.CheckOutcome{}, nil
	}
	found, err := s.inquire(ctx, tables, parseMemo(target.Memo, s.base.Host))
	if err != nil && (ctx.Err() != nil || sdk.CodeOf(err) == sdk.CodeUnauthenticated) {
		return sdk.CheckOutcome{Stats: s.takeStats()}, err
	}
	for _, object := range objects {
		check := failed(sdk.ObjectCheck{Object: object.Name, APIVersion: APIVersion}, err)
		if err == nil {
			check = decide(object, found)
		}
		if err := send(check); err != nil {
			return sdk.CheckOutcome{}, err
		}
	}
	outcome := sdk.CheckOutcome{Stats: s.takeStats()}
	if err == nil {
		outcome.Memo = found.remember(tables).bytes(target.Memo)
	}
	return outcome, nil
}

// remember is the memo for the next check.
func (f *findings) remember(tables []string) memo {
	m := f.memo
	m.User = f.user
	for _, table := range tables {
		m.learn(table, f)
	}
	return m
}
