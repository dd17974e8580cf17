package dynamics365

import (
	"bytes"
	"compress/gzip"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// reply is a whole answer before it goes out. Answers are built first and sent later, so that $batch can collect
// them, faults can spoil them and gzip can shrink them.
type reply struct {
	status int
	header map[string]string // of this answer alone, spelled as the service spells them; nil for none
	kind   string            // content type; "" for answers without a body
	body   []byte
	policy string // Content-Security-Policy of a page
}

const jsonKind = "application/json; odata.metadata=minimal"

// set adds a header.
func (a reply) set(name, value string) reply {
	a.header = maps.Clone(a.header)
	if a.header == nil {
		a.header = map[string]string{}
	}
	a.header[name] = value
	return a
}

func jsonReply(status int, value any) reply {
	body, err := appendJSON(nil, value)
	if err != nil {
		// Only values of our own making get here, so this is a bug of the simulator; say so to whoever is testing.
		return failure(http.StatusInternalServerError, "0x80040216", "simulator bug: "+err.Error())
	}
	return reply{status: status, kind: jsonKind, body: body}
}

func textReply(status int, kind, body string) reply {
	return reply{status: status, kind: kind, body: []byte(body)}
}

func noContent() reply { return reply{status: http.StatusNoContent} }

// failure is an error of the Web API.
func failure(status int, code, message string) reply {
	body, _ := appendJSON(nil, object{{"error", object{{"code", code}, {"message", message}}}}) // strings always encode
	return reply{status: status, kind: "application/json; odata.metadata=minimal", body: body}
}

// refusal is an error that knows its answer. The query code returns it, the endpoints send it.
type refusal struct {
	status        int
	code, message string
}

// Error implements error.
func (r *refusal) Error() string { return r.message }

func (r *refusal) reply() reply { return failure(r.status, r.code, r.message) }

func refuse(status int, code, message string) *refusal { return &refusal{status, code, message} }

// badQuery is what the service answers to what it does not understand in a URL.
func badQuery(message string) *refusal { return refuse(http.StatusBadRequest, "0x80060888", message) }

// notSimulated refuses honestly what the real service would do.
func notSimulated(what string) *refusal {
	return refuse(http.StatusNotImplemented, "0x80060888", "The simulator does not play "+what+".")
}

// unknownSegment is the answer for a table or resource that does not exist.
func unknownSegment(name string) *refusal {
	return refuse(http.StatusNotFound, "0x80060888", "Resource not found for the segment '"+name+"'.")
}

// unknownProperty is the answer for a column that does not exist; the whole request fails with it.
func unknownProperty(t *table, name string) *refusal {
	return badQuery("Could not find a property named '" + name + "' on type 'Microsoft.Dynamics.CRM." + t.name + "'.")
}

func missingRecord(t *table, id guid) *refusal {
	return refuse(http.StatusNotFound, "0x80040217", t.name+" With Id = "+string(id)+" Does Not Exist")
}

// send writes an answer with the headers the service sends.
func (s *Simulator) send(w http.ResponseWriter, r *http.Request, answer reply) {
	header := w.Header()
	header.Set("Cache-Control", "no-cache")
	header.Set("Vary", "Accept-Encoding")
	if strings.HasPrefix(r.URL.Path, "/api/") {
		header.Set("OData-Version", "4.0")
		header.Set("x-ms-service-request-id", string(newID()))
	}
	for name, value := range answer.header {
		header.Set(name, value)
	}
	if answer.policy != "" {
		header.Set("Content-Security-Policy", answer.policy)
		header.Set("X-Content-Type-Options", "nosniff")
	}
	body := answer.body
	if len(body) > 0 {
		header.Set("Content-Type", answer.kind)
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			body = compress(body)
			header.Set("Content-Encoding", "gzip")
		}
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(answer.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

func compress(body []byte) []byte {
	var buffer bytes.Buffer
	writer, err := gzip.NewWriterLevel(&buffer, gzip.BestSpeed)
	if err != nil {
		return body // cannot happen: the level is a constant
	}
	_, _ = writer.Write(body) // a bytes.Buffer never fails
	_ = writer.Close()
	return buffer.Bytes()
}
