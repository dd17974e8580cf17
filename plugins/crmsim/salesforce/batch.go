package salesforce

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// batchPart is one request of /composite/batch. Its url starts with the version: "v66.0/limits".
type batchPart struct {
	Method    string          `json:"method"`
	URL       string          `json:"url"`
	RichInput json.RawMessage `json:"richInput"`
}

// batch serves POST /composite/batch: up to 25 independent requests. Unlike a composite, each counts as an API call.
func (s *Simulator) batch(c *call) reply {
	var request struct {
		HaltOnError bool        `json:"haltOnError"`
		Parts       []batchPart `json:"batchRequests"`
	}
	if err := json.Unmarshal(c.body, &request); err != nil {
		return failure(http.StatusBadRequest, "JSON_PARSER_ERROR", "unreadable batch: "+jsonTrouble(err))
	}
	if n := len(request.Parts); n == 0 || n > maxParts {
		return failure(http.StatusBadRequest, "INVALID_INPUT", fmt.Sprintf("batchRequests: want 1 to %d, got %d", maxParts, n))
	}
	body, failed := []byte(`"results":[`), false
	for i, part := range request.Parts {
		answer := failure(http.StatusPreconditionFailed, "BATCH_PROCESSING_HALTED", "Batch processing halted per request")
		if !failed || !request.HaltOnError {
			answer = s.runBatchPart(c, part, i == 0)
		}
		if i > 0 {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"statusCode":%d,"result":%s}`, answer.status, partBody(answer))
		failed = failed || answer.status >= http.StatusBadRequest
	}
	head := fmt.Appendf(nil, `{"hasErrors":%t,`, failed)
	return reply{status: http.StatusOK, kind: jsonKind, body: append(append(head, body...), "]}"...)}
}

// runBatchPart runs one request. The first was paid for by the batch itself.
func (s *Simulator) runBatchPart(c *call, part batchPart, paid bool) reply {
	line := Part{Method: part.Method, Path: part.URL, Endpoint: unknownEndpoint}
	answer, limited := reply{}, false
	if !paid {
		if _, ok := s.usage.take(); !ok {
			answer, _ = faultAnswer(FaultDailyLimit)
			limited = true
		}
	}
	if !limited {
		target := "/services/data/" + strings.TrimPrefix(strings.TrimPrefix(part.URL, "/services/data"), "/")
		answer = s.runTarget(c, compositePart{Method: part.Method, Body: part.RichInput}, target, &line)
	}
	line.Status = answer.status
	c.request.Parts = append(c.request.Parts, line)
	return answer
}
