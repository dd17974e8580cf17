package hubspot

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// apiError is the body of an error. HubSpot says that each of its fields may be missing.
type apiError struct {
	Status        string              `json:"status"`
	Message       string              `json:"message"`
	CorrelationID string              `json:"correlationId,omitempty"`
	Context       map[string][]string `json:"context,omitempty"`
	Category      string              `json:"category,omitempty"`
	SubCategory   string              `json:"subCategory,omitempty"`
	Links         map[string]string   `json:"links,omitempty"`
	Errors        []errorDetail       `json:"errors,omitempty"`
}

// errorDetail is one of several things wrong with a request.
type errorDetail struct {
	Message string              `json:"message"`
	Code    string              `json:"code,omitempty"`
	Context map[string][]string `json:"context,omitempty"`
}

// rateError is the body of a 429, which differs from all others.
type rateError struct {
	Status        string `json:"status"`
	Message       string `json:"message"`
	ErrorType     string `json:"errorType"`
	CorrelationID string `json:"correlationId"`
	PolicyName    string `json:"policyName"`
	GroupName     string `json:"groupName,omitempty"`
	RequestID     string `json:"requestId,omitempty"`
}

// correlationHeader repeats an error's correlation id; answers without an error have one there, too.
const correlationHeader = "X-HubSpot-Correlation-Id"

// correlationID is a fresh UUID for an error body.
func correlationID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (e apiError) reply(status int) reply {
	e.Status, e.CorrelationID = "error", correlationID()
	answer := jsonReply(status, e)
	answer.header = map[string]string{correlationHeader: e.CorrelationID}
	return answer
}

// failure is an error with nothing but a category (which may be "") and a message.
func failure(status int, category, message string) reply {
	return apiError{Category: category, Message: message}.reply(status)
}

func invalid(format string, args ...any) reply {
	return failure(http.StatusBadRequest, "VALIDATION_ERROR", fmt.Sprintf(format, args...))
}

// badJSON is what a body that cannot be read gets; recorded ones have no category.
func badJSON(err error) reply {
	return failure(http.StatusBadRequest, "", "Invalid input JSON on line 1, column 1: "+err.Error())
}

func resourceMissing() reply { return failure(http.StatusNotFound, "", "resource not found") }

func objectMissing(id string) reply {
	return apiError{
		Message: "Object not found.  objectId are usually numeric.", Category: "OBJECT_NOT_FOUND",
		Context: map[string][]string{"id": {id}},
	}.reply(http.StatusNotFound)
}

func methodNotAllowed() reply {
	return failure(http.StatusMethodNotAllowed, "", "HTTP 405 Method Not Allowed")
}

// notSimulated refuses what the simulator leaves out. HubSpot has no such answer.
func notSimulated(what string) reply {
	return failure(http.StatusNotImplemented, "NOT_SIMULATED", "This simulator does not simulate "+what+".")
}

const scopesPage = "https://developers.hubspot.com/scopes"

// missingScopes is the 403 of a token that lacks scopes, any one of which is said to do.
func missingScopes(scopes ...string) reply {
	return apiError{
		Message: "This app hasn't been granted all required scopes to make this call. " +
			"Read more about required scopes here: " + scopesPage + ".",
		Errors: []errorDetail{{
			Message: "One or more of the following scopes are required.",
			Context: map[string][]string{"requiredGranularScopes": scopes},
		}},
		Links: map[string]string{"scopes": scopesPage}, Category: "MISSING_SCOPES",
	}.reply(http.StatusForbidden)
}

// userForbidden is the 403 of a user-level token whose user may not see an object.
func userForbidden(o *objectType) reply {
	return failure(http.StatusForbidden, "FORBIDDEN", "You do not have permissions to view object type "+o.title+".")
}

func noCredentials() reply {
	return failure(http.StatusUnauthorized, "INVALID_AUTHENTICATION", "Authentication credentials not found. This API supports "+
		"OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview")
}

func expiredToken(at, now time.Time) reply {
	return apiError{
		Message:  fmt.Sprintf("The OAuth token used to make this call expired %d second(s) ago.", int(now.Sub(at)/time.Second)),
		Category: "EXPIRED_AUTHENTICATION", Context: map[string][]string{"expire time": {timestamp(at)}},
	}.reply(http.StatusUnauthorized)
}

// rateLimited is the 429 of a policy: TEN_SECONDLY_ROLLING, SECONDLY or DAILY.
func rateLimited(policy string, portal int64, app int64) reply {
	body := rateError{
		Status: "error", ErrorType: "RATE_LIMIT", CorrelationID: correlationID(), PolicyName: policy,
		Message: "You have reached your " + strings.ToLower(policy) + " limit.",
	}
	if policy == policyTenSecondly {
		body.GroupName = fmt.Sprintf("publicapi:api-calls-ten-secondly:%d:%d", app, portal)
	} else {
		body.RequestID = correlationID()
	}
	answer := jsonReply(http.StatusTooManyRequests, body)
	answer.header = map[string]string{correlationHeader: body.CorrelationID}
	if policy == policyTenSecondly {
		answer.header["X-HubSpot-RateLimit-Remaining"] = "0"
	}
	return answer
}

// propertyProblem is one entry of the JSON list inside the message of a refused write.
type propertyProblem struct {
	IsValid   bool   `json:"isValid"`
	Message   string `json:"message"`
	Error     string `json:"error"`
	Name      string `json:"name"`
	Localized string `json:"localizedErrorMessage"`
	PortalID  int64  `json:"portalId"`
}

// invalidProperties is the 400 of a write with properties that do not exist or values that do not fit.
func invalidProperties(problems []propertyProblem) apiError {
	list, err := marshal(problems)
	if err != nil {
		list = []byte(err.Error()) // cannot happen: strings and numbers only
	}
	e := apiError{
		Status: "error", Message: "Property values were not valid: " + string(list), Category: "VALIDATION_ERROR",
		CorrelationID: correlationID(),
	}
	for _, p := range problems {
		e.Errors = append(e.Errors, errorDetail{
			Message: p.Message, Code: p.Error, Context: map[string][]string{"propertyName": {p.Name}},
		})
	}
	return e
}
