package dynamics365

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// boundary separates the parts of a batch. The parts are GETs of escaped URLs, so
// it cannot stand in one.
const boundary = "batch_fieldwarden"

// part is one GET of a batch.
type part struct {
	// path is below the Web API's root, with its query, escaped:
	// "contacts?$select=fullname".
	path string
	// object is the table that the part is about, for error classes; may be empty.
	object string
	// prefer is the part's Prefer header; empty for none.
	prefer string
}

// batch fetches all parts in one call, which counts once against Dataverse's
// limit of requests. The answers have the order of parts; a part that Dataverse
// left out has an answer with status 0. An error means that no part was answered.
//
// Dataverse works through the parts one after the other.
func (s *session) batch(ctx context.Context, parts []part) ([]answer, error) {
	whole, err := s.do(ctx, s.batchBody(parts))
	if err != nil {
		return nil, err
	}
	answers, err := splitAnswers(whole, len(parts))
	if err != nil {
		return nil, err
	}
	return answers, nil
}

// fetch gets one part and its classified error.
func (s *session) fetch(ctx context.Context, p part, out any) error {
	answers, err := s.batch(ctx, []part{p})
	if err != nil {
		return err
	}
	return s.read(answers[0], p.object, out)
}

// read decodes a part's answer, or classifies its error.
func (s *session) read(a answer, object string, out any) error {
	if err := s.partError(a, object); err != nil {
		return err
	}
	return decode(a, out)
}

// partError classifies a part that is not 2xx; nil for one that is.
func (s *session) partError(a answer, object string) error {
	switch {
	case isSuccess(a):
		return nil
	case a.status == 0:
		return sdk.BadResponse("Dataverse left a part of the batch unanswered")
	default:
		return s.classify(a, object)
	}
}

func (s *session) batchBody(parts []part) []byte {
	var body bytes.Buffer
	for _, p := range parts {
		body.WriteString("--" + boundary + "\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n")
		body.WriteString("GET " + s.base.String() + dataPath + "/" + p.path + " HTTP/1.1\r\n")
		body.WriteString("Accept: application/json\r\nOData-Version: 4.0\r\nOData-MaxVersion: 4.0\r\n")
		if p.prefer != "" {
			body.WriteString("Prefer: " + p.prefer + "\r\n")
		}
		if s.strong {
			body.WriteString("Consistency: Strong\r\n")
		}
		body.WriteString("\r\n\r\n")
	}
	body.WriteString("--" + boundary + "--\r\n")
	return body.Bytes()
}

// splitAnswers takes a batch answer apart.
func splitAnswers(whole answer, count int) ([]answer, error) {
	kind, parameters, err := mime.ParseMediaType(whole.header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" || parameters["boundary"] == "" {
		return nil, sdk.BadResponse(fmt.Sprintf("Dataverse answered a batch (HTTP %d) with %s", whole.status, bodyKind(whole)))
	}
	answers := make([]answer, count)
	reader := multipart.NewReader(bytes.NewReader(whole.body), parameters["boundary"])
	for i := 0; ; i++ {
		raw, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return answers, nil
		}
		if err != nil || i == count {
			return nil, errCutBatch(whole)
		}
		if answers[i], err = parsePart(raw); err != nil {
			return nil, errCutBatch(whole)
		}
		answers[i].askedAt = whole.askedAt
	}
}

func errCutBatch(whole answer) error {
	return sdk.BadResponse(fmt.Sprintf("Dataverse's batch answer of %d bytes is cut off or broken", len(whole.body)))
}

// parsePart reads the HTTP answer inside a part.
func parsePart(raw io.Reader) (answer, error) {
	content, err := io.ReadAll(raw)
	if err != nil {
		return answer{}, err
	}
	// A part may begin with empty lines.
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(strings.TrimLeft(string(content), "\r\n"))), nil)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: bytes.TrimSpace(body)}, nil
}
