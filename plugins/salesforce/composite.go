package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// maxParts is Salesforce's limit of sub-requests in one composite call. The
// whole call counts once against the org's quota.
const maxParts = 25

// compositeRequest and compositePart are the body of POST …/composite.
type compositeRequest struct {
	AllOrNone bool            `json:"allOrNone"`
	Parts     []compositePart `json:"compositeRequest"`
}

type compositePart struct {
	Method      string `json:"method"`
	URL         string `json:"url"`
	ReferenceID string `json:"referenceId"`
}

// composite fetches up to maxParts paths in one call. The answers have the order
// of paths; a path that Salesforce left out has an answer with status 0. An
// error means that no part was answered.
func (s *session) composite(ctx context.Context, paths []string) ([]answer, error) {
	return s.compositeAt(ctx, dataPath, paths)
}

// compositeAt is composite in the API version of a root.
func (s *session) compositeAt(ctx context.Context, root string, paths []string) ([]answer, error) {
	body := compositeRequest{Parts: make([]compositePart, len(paths))}
	for i, path := range paths {
		body.Parts[i] = compositePart{Method: http.MethodGet, URL: path, ReferenceID: "part" + strconv.Itoa(i)}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("marshal composite request: %w", err)
	}
	whole, err := s.do(ctx, request{method: http.MethodPost, path: root + "/composite", body: raw})
	if err != nil {
		return nil, err
	}
	var reply struct {
		Parts []struct {
			Body        json.RawMessage `json:"body"`
			Status      int             `json:"httpStatusCode"`
			ReferenceID string          `json:"referenceId"`
		} `json:"compositeResponse"`
	}
	if err := decode(whole, &reply); err != nil {
		return nil, err
	}
	if reply.Parts == nil {
		return nil, sdk.BadResponse("Salesforce answered a composite call without its parts")
	}
	byReference := make(map[string]answer, len(reply.Parts))
	for _, part := range reply.Parts {
		byReference[part.ReferenceID] = answer{status: part.Status, body: part.Body, askedAt: whole.askedAt}
	}
	answers := make([]answer, len(paths))
	for i := range paths {
		answers[i] = byReference["part"+strconv.Itoa(i)]
	}
	return answers, nil
}

// partError classifies a part that is not 2xx; nil for one that is.
func (s *session) partError(part answer, object string) error {
	switch {
	case part.status >= 200 && part.status < 300:
		return nil
	case part.status == 0:
		return sdk.BadResponse("Salesforce left a part of the composite call unanswered")
	default:
		return s.classify(part, object)
	}
}
