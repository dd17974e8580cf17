package dynamics365

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// maxParts is how many requests one batch may hold.
const maxParts = 1000

// batch answers $batch: its parts in order, each change set as one.
func (s *Simulator) batch(c *call) reply {
	if c.method != http.MethodPost || c.part {
		return badQuery("A batch must be a POST and cannot be nested.").reply()
	}
	boundary, err := boundaryOf(c.header.Get("Content-Type"))
	if err != nil {
		return err.reply()
	}
	var out bytes.Buffer
	name := "batchresponse_" + string(newID())
	parts := multipart.NewReader(bytes.NewReader(c.body), boundary)
	count, status := 0, http.StatusOK
	for {
		part, readErr := parts.NextRawPart()
		if errors.Is(readErr, io.EOF) {
			break
		}
		if readErr != nil {
			return badQuery("The batch is not well-formed: " + readErr.Error()).reply()
		}
		answer, answers, failed := s.batchPart(c, part, &count)
		if count > maxParts {
			return refuse(http.StatusBadRequest, "0x80060888", fmt.Sprintf("The number of requests in the batch exceeds the maximum of %d.", maxParts)).reply()
		}
		fmt.Fprintf(&out, "--%s\r\n", name)
		if answers != nil {
			out.Write(answers)
		} else {
			writePart(&out, answer, "")
		}
		// Without continue-on-error the batch ends here, and its own status tells.
		if failed && !c.prefer.continueOnErr {
			status = answer.status
			break
		}
	}
	fmt.Fprintf(&out, "--%s--\r\n", name)
	return reply{status: status, kind: "multipart/mixed; boundary=" + name, body: out.Bytes()}
}

func boundaryOf(contentType string) (string, *refusal) {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/mixed" || parameters["boundary"] == "" {
		return "", badQuery("Invalid content type for a batch: '" + contentType + "'.")
	}
	return parameters["boundary"], nil
}

// batchPart runs one part. A change set that succeeds gives its answers ready-made.
func (s *Simulator) batchPart(c *call, part *multipart.Part, count *int) (answer reply, answers []byte, failed bool) {
	if kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind == "multipart/mixed" {
		return s.changeSet(c, part, count)
	}
	*count++
	inner, err := s.readPart(c, part)
	if err != nil {
		return err.reply(), nil, true
	}
	answer = s.runPart(c, inner)
	return answer, nil, answer.status >= http.StatusBadRequest
}

// changeSet runs its parts, all or none.
func (s *Simulator) changeSet(c *call, part *multipart.Part, count *int) (reply, []byte, bool) {
	boundary, err := boundaryOf(part.Header.Get("Content-Type"))
	if err != nil {
		return err.reply(), nil, true
	}
	var out bytes.Buffer
	name := "changesetresponse_" + string(newID())
	fmt.Fprintf(&out, "Content-Type: multipart/mixed; boundary=%s\r\n\r\n", name)
	all, inSet := &undo{store: s.store}, map[string]string{}
	fail := func(answer reply) (reply, []byte, bool) {
		s.store.mu.Lock()
		defer s.store.mu.Unlock()
		all.rollBack()
		return answer, nil, true
	}
	parts := multipart.NewReader(part, boundary)
	for {
		one, readErr := parts.NextRawPart()
		if errors.Is(readErr, io.EOF) {
			break
		}
		if readErr != nil {
			return fail(badQuery("The change set is not well-formed: " + readErr.Error()).reply())
		}
		*count++
		contentID := one.Header.Get("Content-ID")
		inner, err := s.readPartIn(c, one, inSet)
		switch {
		case err != nil:
			return fail(err.reply())
		case inner.method == http.MethodGet:
			return fail(badQuery("GET requests are not allowed in a change set.").reply())
		case contentID == "":
			return fail(badQuery("Every request of a change set needs a Content-ID.").reply())
		}
		inner.undo = all
		answer := s.runPart(c, inner)
		if answer.status >= http.StatusBadRequest {
			return fail(answer)
		}
		if link, ok := answer.header[entityIDHeader]; ok {
			inSet["$"+contentID] = link
		}
		fmt.Fprintf(&out, "--%s\r\n", name)
		writePart(&out, answer, contentID)
	}
	fmt.Fprintf(&out, "--%s--\r\n", name)
	return reply{status: http.StatusOK}, out.Bytes(), false
}

func (s *Simulator) readPart(c *call, part *multipart.Part) (*call, *refusal) {
	return s.readPartIn(c, part, nil)
}

// readPartIn reads the request inside a part. References to earlier parts of a change set are replaced in the URL.
func (s *Simulator) readPartIn(c *call, part *multipart.Part, inSet map[string]string) (*call, *refusal) {
	reader := bufio.NewReader(part)
	line, err := reader.ReadString('\n')
	for err == nil && strings.TrimSpace(line) == "" {
		line, err = reader.ReadString('\n')
	}
	line = strings.TrimSuffix(strings.TrimSpace(line), " HTTP/1.1")
	method, target, ok := strings.Cut(line, " ")
	if !ok {
		return nil, badQuery("A part of the batch has no request line.")
	}
	header, _ := textproto.NewReader(reader).ReadMIMEHeader() // a part may end after its request line
	body, err := io.ReadAll(reader)
	if err != nil {
		return nil, badQuery("A part of the batch is not well-formed.")
	}
	inner := &call{
		ctx: c.ctx, method: method, base: c.base, header: http.Header(header), body: bytes.TrimSpace(body), part: true, inSet: inSet,
		request: c.request,
	}
	if inner.header == nil {
		inner.header = http.Header{}
	}
	inner.prefer = parsePrefer(inner.header)
	strong := strings.EqualFold(inner.header.Get("Consistency")+c.header.Get("Consistency"), "Strong")
	inner.rights = s.engine.view(strong)
	if strings.HasPrefix(target, "$") {
		id, rest, _ := strings.Cut(target, "/")
		link, known := inSet[id]
		if !known {
			return nil, refuse(http.StatusBadRequest, "0x80060888", "Content-ID Reference: '"+id+"' does not exist in the batch context.")
		}
		target = strings.TrimSuffix(link+"/"+rest, "/")
	}
	// The client may name the environment by its own address, whatever name we are reached under.
	for _, origin := range []string{c.base, s.config.OrgURL} {
		target = strings.TrimPrefix(target, origin)
	}
	path, query, _ := strings.Cut(target, "?")
	if !strings.HasPrefix(path, "/") {
		return nil, refuse(http.StatusBadRequest, "0x80060888", "The URL '"+target+"' of a part is neither absolute nor relative to the root of the host.")
	}
	if _, err := url.PathUnescape(path); err != nil {
		return nil, badQuery("The URL of a part is not well-formed.")
	}
	return inner, inner.locate(path, query)
}

// runPart answers one part and logs it.
func (s *Simulator) runPart(c, inner *call) reply {
	endpoint, object := s.describe(inner)
	line := control.Part{Method: inner.method, Path: inner.root + inner.path, Endpoint: endpoint, Object: object}
	answer, kind, met := s.meetFault(c.ctx, control.Target{Path: line.Path, Object: object, Part: true})
	line.Fault = kind
	if !met {
		answer = s.route(inner)
	}
	line.Status = answer.status
	c.request.Parts = append(c.request.Parts, line)
	return answer
}

// writePart writes one answer into the body of a batch.
func writePart(out *bytes.Buffer, answer reply, contentID string) {
	out.WriteString("Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n")
	if contentID != "" {
		fmt.Fprintf(out, "Content-ID: %s\r\n", contentID)
	}
	fmt.Fprintf(out, "\r\nHTTP/1.1 %d %s\r\n", answer.status, http.StatusText(answer.status))
	if len(answer.body) > 0 {
		fmt.Fprintf(out, "Content-Type: %s\r\n", answer.kind)
	}
	out.WriteString("OData-Version: 4.0\r\n")
	for name, value := range answer.header {
		fmt.Fprintf(out, "%s: %s\r\n", name, value)
	}
	out.WriteString("\r\n")
	out.Write(answer.body)
	out.WriteString("\r\n")
}
