package netguard

import (
	"bytes"
	"io"
	"net/http"
)

// HTTP returns a client for libraries that want one of net/http, under the same
// guard: each request is judged as Do judges it, the answer is bounded, and a
// redirect is returned, never followed.
func (c *Client) HTTP() *http.Client {
	return &http.Client{
		Transport:     transport{c},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       c.http.Timeout,
	}
}

// transport sends a request by Do.
type transport struct{ client *Client }

// RoundTrip returns the whole answer, read already.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.client.Do(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: http.StatusText(answer.Status), StatusCode: answer.Status, Header: answer.Header, Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(answer.Body)), ContentLength: int64(len(answer.Body)),
	}, nil
}
