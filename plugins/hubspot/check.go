package hubspot

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// CheckPermissions needs one call per object when all is well: the list of its
// properties (of owners, one of them). Which objects may be read at all, the
// token's introspection tells without a call. Only for requested fields that are
// missing, up to three more lists tell why; and a token that has the scope for
// sensitive values costs one list more for each such scope, always, so that what is
// listed does not depend on what was asked for.
//
// Without an introspection one record of each object is read as proof, because the
// definitions can be open where the records are not.
//
// An expired token is returned, so that the host can refresh it. A limit fails the
// objects not answered yet; any other failure fails its object alone.
func (c *Connector) CheckPermissions(ctx context.Context, target sdk.Target, request sdk.CheckRequest, send func(sdk.ObjectCheck) error) (sdk.CheckOutcome, error) {
	s, err := c.session(target)
	if err != nil {
		return sdk.CheckOutcome{}, err
	}
	var limit error
	done := map[string]bool{}
	for i, asked := range request.Objects {
		if done[asked.Name] {
			continue
		}
		done[asked.Name] = true
		var check sdk.ObjectCheck
		if limit != nil {
			check = failed(s.newCheck(objectOf(asked.Name)), limit)
		} else if check, err = s.checkOne(ctx, asked, len(request.Objects)-i); err != nil {
			return sdk.CheckOutcome{Stats: s.takeStats()}, err
		}
		if code := sdk.CodeOf(check.Failure); code == sdk.CodeRateLimited || code == sdk.CodeQuotaExhausted {
			limit = check.Failure
		}
		if err := send(check); err != nil {
			return sdk.CheckOutcome{Stats: s.takeStats()}, err
		}
	}
	return sdk.CheckOutcome{Stats: s.takeStats()}, nil
}

// checkOne answers for one object within its share of the time up to the
// deadline. It returns an error only when no object can be answered.
func (s *session) checkOne(ctx context.Context, asked sdk.CheckObject, waiting int) (sdk.ObjectCheck, error) {
	shared, cancel := context.WithTimeout(ctx, share(ctx, waiting))
	defer cancel()
	check, err := s.checkObject(shared, asked)
	switch {
	case err == nil:
		return check, nil
	case ctx.Err() != nil:
		return sdk.ObjectCheck{}, transportError(ctx, ctx.Err())
	case sdk.CodeOf(err) == sdk.CodeUnauthenticated:
		return sdk.ObjectCheck{}, err
	default:
		return judge(s.newCheck(objectOf(asked.Name)), err), nil
	}
}

// share is twice an equal part of the time that is left for the objects that wait:
// most need far less, and one that hangs must not take it all.
func share(ctx context.Context, waiting int) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return callTimeout * (maxRepeats + 1)
	}
	return max(time.Until(deadline)*2/time.Duration(waiting+2), 0)
}

func (s *session) newCheck(o objectType) sdk.ObjectCheck {
	return sdk.ObjectCheck{Object: o.name, Label: o.label, APIVersion: string(s.api())}
}

// checkObject answers for one object; an error is judged by the caller.
func (s *session) checkObject(ctx context.Context, asked sdk.CheckObject) (sdk.ObjectCheck, error) {
	if err := checkObjectName(asked.Name); err != nil {
		return sdk.ObjectCheck{}, err
	}
	o := objectOf(asked.Name)
	if missing, anyOf := o.lacks(s.grant); len(missing) > 0 {
		return denied(s.newCheck(o), sdk.CauseScopeMissing, scopeEvidence(o, missing, anyOf)), nil
	}
	if o.name == ownersObject {
		return s.checkOwners(ctx, o, asked.Fields)
	}
	list, plain, err := s.readableFields(ctx, o)
	if err != nil {
		return sdk.ObjectCheck{}, err
	}
	if !s.grant.known() || len(o.read) == 0 {
		if err := s.prove(ctx, o); err != nil {
			return sdk.ObjectCheck{}, err
		}
	}
	check := s.accessible(s.newCheck(o), list.writes)
	check.Denied, err = s.explain(ctx, list, plain, asked.Fields)
	check.Fields = list.fields
	return check, err
}

// readableFields lists what can be read: properties that are not sensitive, and the
// sensitive ones whose scope the token has. plain is the first of HubSpot's lists.
func (s *session) readableFields(ctx context.Context, o objectType) (list *fieldList, plain []property, err error) {
	if plain, err = s.definitions(ctx, o, view{}); err != nil {
		return nil, nil, err
	}
	list = newFieldList(o, s.grant)
	list.addProperties(plain)
	for _, class := range s.openClasses(o) {
		properties, err := s.definitions(ctx, o, view{class: class})
		if err != nil {
			return nil, nil, err
		}
		list.addProperties(properties)
	}
	return list, plain, nil
}

// openClasses are the classes of sensitive properties whose values the token may
// read.
func (s *session) openClasses(o objectType) []sensitivity {
	var open []sensitivity
	for _, class := range []sensitivity{sensitive, highlySensitive} {
		if scope := o.sensitiveScope(class); scope != "" && s.grant.holds(scope) {
			open = append(open, class)
		}
	}
	return open
}

// prove reads one record, by a list and not by a search: searches have a limit of
// their own and an index that lags.
func (s *session) prove(ctx context.Context, o objectType, properties ...string) error {
	query := url.Values{"limit": {"1"}, "properties": append([]string{"hs_object_id"}, properties...)}
	path := s.api().records(o.name)
	if o.name == ownersObject {
		path, query = s.api().owners(), url.Values{"limit": {"1"}}
	}
	var reply struct {
		Results []struct {
			ID string `json:"id"`
		} `json:"results"`
	}
	if _, err := s.call(ctx, request{path: path, query: query, about: o}, &reply); err != nil {
		return err
	}
	if reply.Results == nil {
		return sdk.BadResponse("HubSpot answered the records of " + o.name + " with something else")
	}
	return nil
}

// checkOwners: owners have no definitions; reading one is the proof.
func (s *session) checkOwners(ctx context.Context, o objectType, asked []string) (sdk.ObjectCheck, error) {
	if err := s.prove(ctx, o); err != nil {
		return sdk.ObjectCheck{}, err
	}
	check := s.accessible(s.newCheck(o), false)
	list := ownerFields(o)
	check.Fields = list.fields
	for _, name := range asked {
		if !list.names[name] {
			check.Denied = append(check.Denied, sdk.DeniedField{Name: name, Cause: sdk.CauseUnknown, Evidence: "HubSpot's owners have fixed fields, and " + excerpt(name) + " is none of them."})
		}
	}
	return check, nil
}

// judge is the verdict that an error means: a denial denies, everything else says
// nothing about permission.
func judge(check sdk.ObjectCheck, err error) sdk.ObjectCheck {
	d, ok := denialOf(err)
	if !ok {
		return failed(check, err)
	}
	evidence := messageOf(err)
	if note := objectOf(check.Object).note; note != "" && d.cause == sdk.CauseScopeMissing {
		evidence += " " + note
	}
	return denied(check, d.cause, evidence)
}

func denied(check sdk.ObjectCheck, cause sdk.Cause, evidence string) sdk.ObjectCheck {
	check.Verdict, check.Cause, check.Evidence = sdk.VerdictDenied, cause, evidence
	return check
}

func failed(check sdk.ObjectCheck, err error) sdk.ObjectCheck {
	check.Verdict, check.Failure = sdk.VerdictFailed, err
	return check
}

// accessible fills in the verdict, the object's rights, and whether all records
// show: a portal's token sees every one, a user's only that user's.
func (s *session) accessible(check sdk.ObjectCheck, writes bool) sdk.ObjectCheck {
	check.Verdict, check.Rights = sdk.VerdictAccessible, sdk.Rights{Read: true, Create: writes, Update: writes}
	switch {
	case s.grant.userLevel == nil:
	case *s.grant.userLevel:
		check.Records, check.RecordsNote = sdk.RecordsPartial, userLevelNote
	default:
		check.Records = sdk.RecordsAll
	}
	return check
}

const userLevelNote = "The token acts for one user of the portal, not for the portal: records and properties that this user may not see are missing."

// messageOf is an error's text for admins, without its code.
func messageOf(err error) string {
	var e *sdk.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "The test could not be made."
}
