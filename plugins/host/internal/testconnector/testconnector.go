// Package testconnector is a connector that misbehaves on demand, for the tests
// of the host. How is said by the configuration of each call ({"mode": "hang"}),
// so one process can be tried in every way; what goes wrong before the first call
// is in testdata/testconnector.
package testconnector

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// Connector is the test connector.
type Connector struct {
	// Name is the manifest's name; BadManifest makes the manifest invalid.
	Name        string
	BadManifest bool
}

type config struct {
	Mode    string
	Records int
	PIDFile string
}

func configOf(target sdk.Target) config {
	var c config
	_ = json.Unmarshal(target.Config, &c) // no configuration is the good mode
	return c
}

// Describe returns a valid manifest unless told otherwise.
func (c *Connector) Describe() sdk.Manifest {
	manifest := sdk.Manifest{
		Name: c.Name, Title: "Test CRM", Vendor: "Fieldwarden", Version: "1.0.0", Kind: sdk.KindCRM,
		Environments: []sdk.EnvironmentSpec{{Environment: sdk.Production, OAuth: sdk.OAuth{
			AuthorizeURL: "https://login.test.example/a", TokenURL: "https://login.test.example/t", EndpointField: "url",
		}}},
		AllowedHosts: []string{"login.test.example"}, MaxObjectsPerCheck: 3,
		APITypes: []sdk.APIType{{Key: "rest", Title: "REST API", RecommendedDailyLimit: 500}, {Key: "bulk", Title: "Bulk API"}},
	}
	if c.BadManifest {
		manifest.Environments[0].OAuth.TokenURL = "http://login.test.example/t"
	}
	return manifest
}

// misbehave does what the mode says, for modes that are the same in all verbs.
func misbehave(ctx context.Context, target sdk.Target) error {
	c := configOf(target)
	switch c.Mode {
	case "hang": // obeys its context
		<-ctx.Done()
		return ctx.Err()
	case "ignore-context":
		select {}
	case "panic":
		panic("a defect near " + target.AccessToken.Reveal())
	case "crash":
		fmt.Fprintln(os.Stderr, "going down with", target.AccessToken.Reveal())
		os.Exit(3)
	case "kill-self":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "leak-grandchild":
		return leak(c.PIDFile)
	case "memory-bomb":
		var hoard [][]byte
		for {
			hoard = append(hoard, bytes.Repeat([]byte{1}, 16<<20))
		}
	case "secret-error":
		return sdk.Unavailable("GET /?access_token=" + target.AccessToken.Reveal())
	case "plain-error":
		return fmt.Errorf("dial %s with %s", target.Endpoint, target.AccessToken.Reveal())
	case "secret-log":
		secretLog(target)
	case "log-flood":
		for i := range 20_000 {
			slog.Info("flood", "i", i)
		}
	case "long-line":
		fmt.Fprintln(os.Stderr, strings.Repeat("x", 5<<20)+target.AccessToken.Reveal())
	case "quota":
		return sdk.QuotaExhausted("The day's calls are used up.", time.Now().Add(time.Hour))
	case "rate":
		return sdk.RateLimited("Slow down.", 7*time.Second)
	case "field":
		return sdk.FieldDenied("Contact", "Email", "No such column.")
	}
	return nil
}

func secretLog(target sdk.Target) {
	token := target.AccessToken.Reveal()
	slog.Warn("token "+token, "token", target.AccessToken, "raw", token, "header", "Bearer "+token)
	fmt.Fprintln(os.Stderr, "plain "+token)
	fmt.Println("printed " + token)
}

// leak starts two processes that outlive their parent: one in its process group,
// one in a session of its own, and writes down their pids.
func leak(pidFile string) error {
	var pids []string
	for _, setsid := range []bool{false, true} {
		child := exec.Command("sleep", "1000")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		child.SysProcAttr = &syscall.SysProcAttr{Setsid: setsid}
		if err := child.Start(); err != nil {
			return err
		}
		pids = append(pids, strconv.Itoa(child.Process.Pid))
	}
	pids = append(pids, strconv.Itoa(os.Getpid()))
	return os.WriteFile(pidFile, []byte(strings.Join(pids, " ")), 0o600)
}

// Checklist reports the process' environment and arguments as evidence.
func (c *Connector) Checklist(ctx context.Context, target sdk.Target, _ sdk.ChecklistRequest) ([]sdk.ChecklistItem, error) {
	if err := misbehave(ctx, target); err != nil {
		return nil, err
	}
	limits, _ := os.ReadFile("/proc/self/limits") // absent on other systems
	return []sdk.ChecklistItem{
		{Key: "environment", Title: "Environment", Status: sdk.StatusPass, Evidence: strings.Join(os.Environ(), "\n")},
		{Key: "arguments", Title: "Arguments", Status: sdk.StatusPass, Evidence: strings.Join(os.Args, " ")},
		{Key: "limits", Title: "Limits", Status: sdk.StatusPass, Evidence: string(limits)},
	}, nil
}

// Identify returns the process id as the user's, or a lie.
func (c *Connector) Identify(ctx context.Context, target sdk.Target) (sdk.Identity, error) {
	if err := misbehave(ctx, target); err != nil {
		return sdk.Identity{}, err
	}
	if configOf(target).Mode == "lies" {
		return sdk.Identity{InstanceID: "org"}, nil
	}
	return sdk.Identity{InstanceID: "org", UserID: strconv.Itoa(os.Getpid())}, nil
}

// ListObjects returns two objects, the same one twice, or very many.
func (c *Connector) ListObjects(ctx context.Context, target sdk.Target) ([]sdk.Object, error) {
	if err := misbehave(ctx, target); err != nil {
		return nil, err
	}
	objects := []sdk.Object{{Name: "Contact", Label: "Contact", Rights: sdk.Rights{Read: true}}, {Name: "Lead"}}
	switch configOf(target).Mode {
	case "lies":
		objects[1].Name = "Contact"
	case "giant":
		objects[0].Label = strings.Repeat("x", 5<<20)
	}
	return objects, nil
}

func fields(n int) []sdk.Field {
	list := make([]sdk.Field, n)
	for i := range list {
		list[i] = sdk.Field{Name: "F" + strconv.Itoa(i), Rights: sdk.Rights{Read: true}}
	}
	return list
}

// ListFields returns three fields.
func (c *Connector) ListFields(ctx context.Context, target sdk.Target, object string) ([]sdk.Field, error) {
	if err := misbehave(ctx, target); err != nil {
		return nil, err
	}
	if object == "Gone" {
		return nil, sdk.ObjectDenied(object, "sObject type 'Gone' is not supported.")
	}
	list := fields(3)
	if configOf(target).Mode == "lies" {
		list[1].Name = ""
	}
	return list, nil
}

// CheckPermissions answers each object by its name: "Denied", "Failed", …; the
// modes say what it does wrong with the first one.
func (c *Connector) CheckPermissions(ctx context.Context, target sdk.Target, request sdk.CheckRequest, send func(sdk.ObjectCheck) error) (sdk.CheckOutcome, error) {
	mode := configOf(target).Mode
	for i, asked := range request.Objects {
		object := asked.Name
		if i == 0 && mode == "missing" {
			continue
		}
		check := answer(object)
		if i == 0 {
			distort(&check, mode)
		}
		if err := send(check); err != nil {
			return sdk.CheckOutcome{}, err
		}
		if i == 0 && mode == "twice" {
			if err := send(sdk.ObjectCheck{Object: object, Verdict: sdk.VerdictDenied}); err != nil {
				return sdk.CheckOutcome{}, err
			}
		}
		if mode == "breaks-off" {
			return sdk.CheckOutcome{}, sdk.Unauthenticated("Session expired or invalid")
		}
	}
	return sdk.CheckOutcome{Stats: sdk.Stats{CRMCalls: 1, QuotaUsed: 10, QuotaMax: 100}}, misbehave(ctx, target)
}

func answer(object string) sdk.ObjectCheck {
	switch object {
	case "Denied":
		return sdk.ObjectCheck{Object: object, Verdict: sdk.VerdictDenied, Cause: sdk.CausePermission, Evidence: "INSUFFICIENT_ACCESS"}
	case "Failed":
		return sdk.ObjectCheck{Object: object, Verdict: sdk.VerdictFailed, Failure: sdk.RateLimited("Slow down.", time.Second)}
	case "Wide":
		wide := sdk.ObjectCheck{Object: object, Verdict: sdk.VerdictAccessible, Rights: sdk.Rights{Read: true}, Fields: fields(900)}
		for i := range wide.Fields {
			wide.Fields[i].Label = strings.Repeat("l", 1000)
			wide.Fields[i].Picklist = []sdk.PicklistValue{{Value: strings.Repeat("v", 1000), Label: strings.Repeat("w", 1000)}}
		}
		return wide
	default:
		return sdk.ObjectCheck{Object: object, Verdict: sdk.VerdictAccessible, Rights: sdk.Rights{Read: true}, Fields: fields(3)}
	}
}

func distort(check *sdk.ObjectCheck, mode string) {
	switch mode {
	case "no-fields":
		check.Fields = nil
	case "no-verdict":
		check.Verdict = "PERHAPS"
	case "no-read":
		check.Rights.Read = false
	case "duplicate-field":
		check.Fields[1].Name = check.Fields[0].Name
	case "failed-without-reason":
		*check = sdk.ObjectCheck{Object: check.Object, Verdict: sdk.VerdictFailed}
	case "denied-with-fields":
		check.Verdict = sdk.VerdictDenied
	case "other-object":
		check.Object = "Other"
	}
}

// Read sends config.Records records, ten in a batch, or what the mode says.
func (c *Connector) Read(ctx context.Context, target sdk.Target, request sdk.ReadRequest, send func(sdk.Batch) error) error {
	cfg := configOf(target)
	position, _ := strconv.Atoi(string(request.ResumeToken)) // empty is the beginning
	switch cfg.Mode {
	case "silent":
		if err := send(batch(0, 1, "1")); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	case "endless":
		for {
			if err := send(sdk.Batch{}); err != nil {
				return err
			}
		}
	case "bomb":
		for {
			if err := send(giant(1000, 1000)); err != nil {
				return err
			}
		}
	case "large-batch": // the SDK splits it
		large := giant(3000, 1000)
		large.Done, large.ResumeToken = true, []byte("end")
		return send(large)
	case "no-done":
		return send(batch(0, 1, "1"))
	case "bad-records":
		return send(sdk.Batch{Records: badRecords(), Done: true, Stats: sdk.Stats{CRMCalls: 3, ByType: map[string]int{"bulk": 2}}})
	case "no-id":
		return send(sdk.Batch{Records: []sdk.Record{{ID: "1", Data: []byte(`{}`)}, {Data: []byte(`{}`)}}, Done: true})
	case "undeclared-api":
		return send(sdk.Batch{Done: true, Stats: sdk.Stats{CRMCalls: 1, ByType: map[string]int{"soap": 1}}})
	}
	for position < cfg.Records {
		end := min(position+10, cfg.Records)
		if err := send(batch(position, end, strconv.Itoa(end))); err != nil {
			return err
		}
		position = end
		if cfg.Mode == "crash" && position >= 20 {
			os.Exit(3)
		}
	}
	if err := misbehave(ctx, target); err != nil {
		return err
	}
	return send(sdk.Batch{ResumeToken: []byte(strconv.Itoa(position)), Done: true})
}

// badRecords are records of which only the first and the last can be taken.
func badRecords() []sdk.Record {
	return []sdk.Record{
		{ID: "good", Data: []byte(`{"n":1}`)},
		{ID: "list", Data: []byte(`[1]`)},
		{ID: "nul", Data: []byte(`{"a":"\u0000"}`)},
		{ID: "giant", Data: []byte(`{"x":"` + strings.Repeat("x", 5<<20) + `"}`)},
		{ID: "gone", Deleted: true},
	}
}

// ReadRecords sends the records asked for, in two parts, and calls those deleted
// that are no number; or what the mode says.
func (c *Connector) ReadRecords(ctx context.Context, target sdk.Target, request sdk.ReadRecordsRequest, send func(sdk.RecordsBatch) error) error {
	var records []sdk.Record
	for _, id := range request.IDs {
		n, err := strconv.Atoi(id)
		records = append(records, sdk.Record{ID: id, Deleted: err != nil, Data: []byte(`{"n":` + strconv.Itoa(n) + `}`)})
	}
	switch configOf(target).Mode {
	case "bad-records":
		records = badRecords()
	case "forgets":
		records = records[1:]
	case "doubles":
		records = append(records, records[0])
	case "other-id":
		records[0].ID = "other"
	}
	half := len(records) / 2
	if err := send(sdk.RecordsBatch{Records: records[:half]}); err != nil {
		return err
	}
	if err := misbehave(ctx, target); err != nil {
		return err
	}
	return send(sdk.RecordsBatch{Records: records[half:], Stats: sdk.Stats{CRMCalls: 1}})
}

func batch(from, to int, token string) sdk.Batch {
	b := sdk.Batch{ResumeToken: []byte(token)}
	for i := from; i < to; i++ {
		b.Records = append(b.Records, sdk.Record{ID: strconv.Itoa(i), ModifiedAt: time.Unix(int64(i), 0), Data: []byte(`{"n":` + strconv.Itoa(i) + `}`)})
	}
	return b
}

func giant(records, size int) sdk.Batch {
	var b sdk.Batch
	data := []byte(`{"x":"` + strings.Repeat("x", size) + `"}`)
	for i := range records {
		b.Records = append(b.Records, sdk.Record{ID: strconv.Itoa(i), Data: data})
	}
	return b
}
