// Command example is a whole connector in one small file: a CRM that keeps its
// records as JSON behind GET {endpoint}/objects/{object}. It shows everything an
// author has to write; docs/connector-authors tells the story.
package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

func main() { sdk.Serve(func() sdk.Connector { return &connector{http: http.DefaultClient} }) }

// connector keeps no state between calls: each call carries its Target.
type connector struct{ http *http.Client }

// Describe says what the connector is; it does no I/O.
func (c *connector) Describe() sdk.Manifest {
	return sdk.Manifest{
		Name: "example", Title: "Example CRM", Vendor: "Fieldwarden", Version: "1.0.0", Kind: sdk.KindCRM,
		Environments: []sdk.EnvironmentSpec{{Environment: sdk.Production, OAuth: sdk.OAuth{
			AuthorizeURL: "https://login.crm.example/authorize", TokenURL: "https://login.crm.example/token",
			PKCE: true, Endpoint: "https://api.crm.example",
		}}},
		AllowedHosts:       []string{"*.crm.example"},
		Costs:              []sdk.VerbCost{{Verb: "CheckPermissions", CallsPerObject: 1}, {Verb: "Read", CallsPerRequest: 1}},
		MaxObjectsPerCheck: 10,
		Remediations: []sdk.Remediation{{
			Cause: sdk.CausePermission, Subject: sdk.SubjectObject, Who: "Example administrator",
			Steps: []string{"Open Settings, Roles.", "Give the integration user read access to {objectLabel}."},
		}},
	}
}

// page is the CRM's answer: the fields the user may read, and the records after a
// number, in order.
type page struct {
	Label  string `json:"label"`
	Fields []struct {
		Name     string `json:"name"`
		Writable bool   `json:"writable"`
	} `json:"fields"`
	Records []json.RawMessage `json:"records"`
}

// get asks the CRM and decides, once for all verbs, whose side a failure is on.
func (c *connector) get(ctx context.Context, t sdk.Target, object string, after int) (page, error) {
	address := t.Endpoint + "/objects/" + url.PathEscape(object) + "?after=" + strconv.Itoa(after)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return page{}, err
	}
	request.Header.Set("Authorization", "Bearer "+t.AccessToken.Reveal())
	response, err := c.http.Do(request)
	if err != nil {
		return page{}, sdk.Unavailable("The CRM cannot be reached.")
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized:
		return page{}, sdk.Unauthenticated("The CRM refused the access token.")
	case http.StatusForbidden, http.StatusNotFound:
		return page{}, sdk.ObjectDenied(object, "The CRM answered "+response.Status+".")
	case http.StatusTooManyRequests:
		return page{}, sdk.RateLimited("The CRM asks to slow down.", 0)
	default:
		return page{}, sdk.Unavailable("The CRM answered " + response.Status + ".")
	}
	var p page
	if err := json.NewDecoder(response.Body).Decode(&p); err != nil {
		return page{}, sdk.BadResponse("The CRM's answer is not the JSON that was expected.")
	}
	return p, nil
}

// Checklist tests the connection.
func (c *connector) Checklist(ctx context.Context, t sdk.Target, _ sdk.ChecklistRequest) ([]sdk.ChecklistItem, error) {
	item := sdk.ChecklistItem{Key: "api", Title: "The API answers", Status: sdk.StatusPass}
	if _, err := c.get(ctx, t, "user", 0); err != nil {
		item.Status, item.Evidence = sdk.StatusFail, err.Error()
	}
	return []sdk.ChecklistItem{item}, nil
}

// Identify tells whose token it is.
func (c *connector) Identify(ctx context.Context, t sdk.Target) (sdk.Identity, error) {
	p, err := c.get(ctx, t, "user", 0)
	if err != nil {
		return sdk.Identity{}, err
	}
	var user struct{ ID, Org string }
	if len(p.Records) == 0 || json.Unmarshal(p.Records[0], &user) != nil {
		return sdk.Identity{}, sdk.BadResponse("The CRM did not tell the user.")
	}
	return sdk.Identity{InstanceID: user.Org, UserID: user.ID}, nil
}

// CheckPermissions answers each object. Only the CRM's own "no" is a denial.
func (c *connector) CheckPermissions(ctx context.Context, t sdk.Target, r sdk.CheckRequest, send func(sdk.ObjectCheck) error) (sdk.CheckOutcome, error) {
	for _, asked := range r.Objects {
		object := asked.Name
		check := sdk.ObjectCheck{Object: object, Verdict: sdk.VerdictAccessible, Rights: sdk.Rights{Read: true}}
		p, err := c.get(ctx, t, object, 0)
		switch sdk.CodeOf(err) {
		case "":
			check.Label = p.Label
			for _, f := range p.Fields {
				check.Fields = append(check.Fields, sdk.Field{Name: f.Name, Rights: sdk.Rights{Read: true, Create: f.Writable, Update: f.Writable}})
			}
		case sdk.CodeObjectDenied:
			check = sdk.ObjectCheck{Object: object, Verdict: sdk.VerdictDenied, Cause: sdk.CauseUnknown, Evidence: err.Error()}
		default:
			check = sdk.ObjectCheck{Object: object, Verdict: sdk.VerdictFailed, Failure: err}
		}
		if err := send(check); err != nil {
			return sdk.CheckOutcome{}, err
		}
	}
	return sdk.CheckOutcome{Stats: sdk.Stats{CRMCalls: len(r.Objects)}}, nil
}

// Read sends the records after the position, which is the number of the last one.
func (c *connector) Read(ctx context.Context, t sdk.Target, r sdk.ReadRequest, send func(sdk.Batch) error) error {
	position, _ := strconv.Atoi(string(r.ResumeToken)) // an empty token is the beginning
	for {
		p, err := c.get(ctx, t, r.Object, position)
		if err != nil {
			return err
		}
		batch := sdk.Batch{Done: len(p.Records) == 0, Stats: sdk.Stats{CRMCalls: 1}}
		for _, record := range p.Records {
			position = number(record)
			batch.Records = append(batch.Records, sdk.Record{ID: strconv.Itoa(position), Data: record})
		}
		batch.ResumeToken = []byte(strconv.Itoa(position))
		if err := send(batch); err != nil || batch.Done {
			return err
		}
	}
}

// ReadRecords reads some records by their ids: one is the first after the number
// before it, and deleted when another is.
func (c *connector) ReadRecords(ctx context.Context, t sdk.Target, r sdk.ReadRecordsRequest, send func(sdk.RecordsBatch) error) error {
	for _, id := range r.IDs {
		record := sdk.Record{ID: id, Deleted: true}
		wanted, _ := strconv.Atoi(id) // 0, which is nobody's, when it is no number
		p, err := c.get(ctx, t, r.Object, wanted-1)
		if err != nil {
			return err
		}
		if len(p.Records) > 0 && number(p.Records[0]) == wanted {
			record.Deleted, record.Data = false, p.Records[0]
		}
		if err := send(sdk.RecordsBatch{Records: []sdk.Record{record}, Stats: sdk.Stats{CRMCalls: 1}}); err != nil {
			return err
		}
	}
	return nil
}

func number(record json.RawMessage) int {
	var r struct{ Number int }
	_ = json.Unmarshal(record, &r) // a record without a number stays at 0
	return r.Number
}
