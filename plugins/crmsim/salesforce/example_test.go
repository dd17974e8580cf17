package salesforce_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// A simulator in a test: serve it anywhere on loopback, point the connector's login base URL at it, and turn switches.
func Example() {
	simulator, err := salesforce.New(salesforce.Config{Records: map[string]int{"Contact": 20_000}})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(simulator.Handler())
	defer server.Close()

	controls := simulator.Controls()
	if err := controls.SetField("Contact", "Email", salesforce.FieldSwitch{Read: salesforce.Off()}); err != nil {
		fmt.Println(err)
	}
	if err := controls.SetField("Contact", "LastName", salesforce.FieldSwitch{Read: salesforce.Off()}); err != nil {
		fmt.Println(err)
	}

	response, err := http.Get(server.URL + "/services/data/v66.0/sobjects")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(response.Body)
	fmt.Println(response.StatusCode, string(body))
	fmt.Println(controls.Counters().Requests, "request,", controls.Counters().APICalls, "API calls")

	// Output:
	// field-level security cannot hide or lock Contact.LastName: it is not permissionable, so it is readable whenever Contact is; take away the object or delete the field instead
	// 401 [{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]
	// 1 request, 0 API calls
}
