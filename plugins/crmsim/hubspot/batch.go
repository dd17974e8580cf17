package hubspot

import (
	"net/http"
	"time"
)

// maxBatch is how many inputs a batch of records may have.
const maxBatch = 100

// batchAnswer is the answer of every batch endpoint: 207 instead of the plain code when some inputs failed.
type batchAnswer struct {
	Status      string     `json:"status"`
	Results     []any      `json:"results"`
	NumErrors   int        `json:"numErrors,omitempty"`
	Errors      []apiError `json:"errors,omitempty"`
	StartedAt   string     `json:"startedAt"`
	CompletedAt string     `json:"completedAt"`
}

func newBatch(at time.Time) *batchAnswer {
	return &batchAnswer{Status: "COMPLETE", Results: []any{}, StartedAt: timestamp(at)}
}

func (b *batchAnswer) add(result any) { b.Results = append(b.Results, result) }

func (b *batchAnswer) fail(e apiError) {
	e.Status, e.CorrelationID = "error", ""
	b.Errors = append(b.Errors, e)
	b.NumErrors++
}

func (b *batchAnswer) reply(success int, at time.Time) reply {
	b.CompletedAt = timestamp(at)
	if b.NumErrors > 0 {
		return jsonReply(http.StatusMultiStatus, b)
	}
	return jsonReply(success, b)
}
