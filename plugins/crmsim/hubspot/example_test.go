package hubspot_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/hubspot"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// A simulator in a test: serve it anywhere on loopback, point the connector's base URL at it, and turn switches.
func Example() {
	simulator, err := hubspot.New(hubspot.Config{Records: world.Spread(20_000)})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(simulator.Handler())
	defer server.Close()

	controls := simulator.Controls()
	archived, off := "archived", false
	if err := controls.SetField("contacts", "jobtitle", control.FieldChange{Condition: &archived}); err != nil {
		fmt.Println(err)
	}
	if err := controls.SetField("contacts", "email", control.FieldChange{Read: &off}); err != nil {
		fmt.Println(err)
	}

	request, err := http.NewRequest(http.MethodGet, server.URL+"/crm/v3/properties/contacts/jobtitle", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	request.Header.Set("Authorization", "Bearer "+hubspot.DefaultPrivateAppToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = response.Body.Close()
	fmt.Println(response.Status)
	fmt.Println(controls.Counters().APICalls, "API call")

	// Output:
	// HubSpot has no rights on single properties for apps: set a condition instead
	// 404 Not Found
	// 1 API call
}
