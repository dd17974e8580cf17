package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
	"github.com/fieldwarden/fieldwarden/plugins/sdk/connectortest"
)

// fakeCRM is the CRM on loopback, with two switches.
type fakeCRM struct {
	down    atomic.Bool
	stalled atomic.Pointer[chan struct{}]
}

func (f *fakeCRM) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if stalled := f.stalled.Load(); stalled != nil {
		select {
		case <-*stalled:
		case <-r.Context().Done():
		}
		return
	}
	if f.down.Load() {
		http.Error(w, "<html>maintenance</html>", http.StatusServiceUnavailable)
		return
	}
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	switch object := strings.TrimPrefix(r.URL.Path, "/objects/"); object {
	case "user":
		fmt.Fprint(w, `{"label":"User","fields":[{"name":"id"}],"records":[{"id":"u1","org":"o1"}]}`)
	case "contact":
		var records []string
		for number := after + 1; number <= 25 && len(records) < 10; number++ {
			records = append(records, fmt.Sprintf(`{"number":%d,"name":"Contact %d"}`, number, number))
		}
		fmt.Fprintf(w, `{"label":"Contact","fields":[{"name":"number"},{"name":"name","writable":true}],"records":[%s]}`, strings.Join(records, ","))
	default:
		http.NotFound(w, r)
	}
}

func TestConformance(t *testing.T) {
	crm := &fakeCRM{}
	server := httptest.NewServer(crm)
	defer server.Close()
	connectortest.Run(t, connectortest.Config{
		New:     func() sdk.Connector { return &connector{http: server.Client()} },
		Target:  sdk.Target{IntegrationID: "int_1", Environment: sdk.Production, Endpoint: server.URL},
		Objects: []string{"contact", "user"},
		Denied:  "secret",
		Outage: func(*testing.T) func() {
			crm.down.Store(true)
			return func() { crm.down.Store(false) }
		},
		Stall: func(*testing.T) func() {
			stalled := make(chan struct{})
			crm.stalled.Store(&stalled)
			return func() {
				crm.stalled.Store(nil)
				close(stalled)
			}
		},
		ReadObject: "contact",
		UnknownID:  "9999",
	})
}

func TestReadIsIncremental(t *testing.T) {
	server := httptest.NewServer(&fakeCRM{})
	defer server.Close()
	client := connectortest.Start(t, &connector{http: server.Client()})
	target := sdk.Target{Endpoint: server.URL, AccessToken: "token"}
	var names []string
	err := client.Read(t.Context(), target, sdk.ReadRequest{Object: "contact", ResumeToken: []byte("23")}, func(batch sdk.Batch) error {
		for _, record := range batch.Records {
			var contact struct{ Name string }
			if err := json.Unmarshal(record.Data, &contact); err != nil {
				return err
			}
			names = append(names, contact.Name)
		}
		return nil
	})
	if err != nil || strings.Join(names, ",") != "Contact 24,Contact 25" {
		t.Fatalf("got %v, %v", names, err)
	}
}
