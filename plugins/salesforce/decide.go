package salesforce

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// Evidence that goes with VerdictDenied. Salesforce gives one answer for several
// causes, and the evidence says so instead of picking one.
const (
	notQueryable = "The describe of this object says queryable:false: the object exists, and the integration user may not read it."
	oneAnswerFor = ". Salesforce gives this answer alike for an object that the user may not read, that does not exist, and whose feature is switched off."
)

// decide is the verdict on one object by the answer to its describe. err is what
// partError made of that answer, nil for 2xx. It is the whole rule, and pure:
//
//	2xx, a describe, queryable        accessible, with the fields that are listed
//	2xx, a describe, not queryable    denied
//	404 NOT_FOUND, 400 INVALID_TYPE,
//	403 INSUFFICIENT_ACCESS…          denied
//	anything else                     failed: says nothing about permission
func decide(object string, part answer, err error) sdk.ObjectCheck {
	check := sdk.ObjectCheck{Object: object, APIVersion: APIVersion}
	if err != nil {
		var e *sdk.Error
		if errors.As(err, &e) && e.Code == sdk.CodeObjectDenied {
			return denied(check, e.Message+oneAnswerFor)
		}
		return failed(check, err)
	}
	var describe objectDescribe
	if json.Unmarshal(part.body, &describe) != nil {
		return failed(check, sdk.BadResponse(fmt.Sprintf("Salesforce answered the describe of %s with %s", object, bodyKind(part))))
	}
	check.Label = oneLine(describe.Label)
	switch {
	case describe.Queryable == nil || !strings.EqualFold(describe.Name, object):
		return failed(check, sdk.BadResponse("Salesforce answered the describe of "+object+" with something else"))
	case !*describe.Queryable:
		return denied(check, notQueryable)
	case len(describe.Fields) == 0:
		// Every object has an Id. To take this for a loss of all fields would be
		// the costliest mistake a check can make.
		return failed(check, sdk.BadResponse("Salesforce answered the describe of "+object+" without fields"))
	}
	check.Verdict = sdk.VerdictAccessible
	check.Rights = describe.rights()
	check.Fields = describe.fields()
	return check
}

func denied(check sdk.ObjectCheck, evidence string) sdk.ObjectCheck {
	check.Verdict, check.Cause, check.Evidence = sdk.VerdictDenied, sdk.CauseObjectDenied, evidence
	return check
}

func failed(check sdk.ObjectCheck, err error) sdk.ObjectCheck {
	check.Verdict, check.Failure = sdk.VerdictFailed, err
	return check
}
