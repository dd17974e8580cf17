package dynamics365

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// Keys of the checklist's items; an object's item is objectKey.
const (
	itemReachable       = "reachable"
	itemToken           = "token-valid"
	itemUserActive      = "user-active"
	itemRoles           = "security-roles"
	itemIntegrationUser = "integration-user"
	itemEnvironment     = "right-environment"
	itemSales           = "sales-app"
	itemApp             = "crm-app"
	itemTracking        = "change-tracking"
)

// objectKey is the item of one required object: "object-account",
// "object-new-invoice". Keys have at most 64 characters; a longer name is cut and
// made unique by a checksum.
func objectKey(object string) string {
	key := "object-" + notKey.ReplaceAllString(strings.ToLower(object), "-")
	if len(key) > maxKey {
		key = fmt.Sprintf("%s-%08x", key[:maxKey-9], crc32.ChecksumIEEE([]byte(key)))
	}
	return key
}

var notKey = regexp.MustCompile(`[^a-z0-9-]`)

// maxKey is the longest key that the protocol takes.
const maxKey = 64

// shortRetention is the number of days for which the platform keeps track of
// changes, below which a pause of the integration soon costs a full sync.
const shortRetention = 7

// trackChanges is where an admin switches a table's change tracking on.
const trackChanges = "Power Apps → Tables → the table → Properties → Advanced options → Track changes"

// Checklist tests the connection in two calls: who, where and what there is, then
// the user's row, roles and privileges.
//
// An expired token is returned as Unauthenticated instead of an item, because the
// host then refreshes the token and asks again.
func (c *Connector) Checklist(ctx context.Context, target sdk.Target, request sdk.ChecklistRequest) ([]sdk.ChecklistItem, error) {
	s, err := c.session(target)
	if err != nil {
		return nil, err
	}
	s.strong = true
	l := &checklist{session: s, environment: target.Environment, tables: map[string]*tableFinding{}}
	for _, object := range request.Objects {
		if !slices.ContainsFunc(l.objects, func(o string) bool { return objectKey(o) == objectKey(object) }) {
			l.objects = append(l.objects, object)
		}
	}
	for _, test := range []func(context.Context) error{l.testConnection, l.testUser} {
		if l.stopped != "" {
			break
		}
		if err := test(ctx); err != nil {
			return nil, err
		}
	}
	return l.result(), nil
}

// checklist collects items. A test returns an error only if the list as a whole
// cannot be made.
type checklist struct {
	*session
	environment sdk.Environment
	objects     []string
	tables      map[string]*tableFinding
	items       []sdk.ChecklistItem
	user        string
	// stopped says why the tests not made yet make no sense.
	stopped string
}

func (l *checklist) add(key string, status sdk.Status, evidence, remediation string) {
	l.items = append(l.items, sdk.ChecklistItem{Key: key, Title: itemTitle(key), Status: status, Evidence: evidence, Remediation: remediation})
}

// stop ends the tests after a failed one.
func (l *checklist) stop(key string, status sdk.Status, err error) {
	remediation := ""
	if status == sdk.StatusFail {
		remediation = errorRemediation(key, sdk.CodeOf(err))
	}
	l.add(key, status, messageOf(err), remediation)
	l.stopped = "Not tested, because the test before it did not pass: " + itemTitle(key) + "."
}

// watched are the tables of which the checklist wants to know whether they exist.
func (l *checklist) watched() []string {
	tables := []string{"opportunity", "lead", "li_message"}
	for _, object := range l.objects {
		if logicalName.MatchString(object) && !slices.Contains(tables, object) {
			tables = append(tables, object)
		}
	}
	return tables
}

// testConnection asks who, where, and what there is.
func (l *checklist) testConnection(ctx context.Context) error {
	var user, organization, solutions, retention answer
	questions := []question{
		{whoAmIPart(), func(a answer) { user = a }},
		{organizationPart(), func(a answer) { organization = a }},
		{solutionsPart(), func(a answer) { solutions = a }},
		{part{path: "organizations?$select=expirechangetrackingindays", object: "organization"}, func(a answer) { retention = a }},
	}
	for _, table := range l.watched() {
		found := &tableFinding{}
		l.tables[table] = found
		questions = append(questions, question{tablePart(table), func(a answer) {
			if found.missing = isMissing(a); !found.missing {
				found.err = l.read(a, "", &found.definition)
			}
		}})
	}
	if err := l.ask(ctx, questions); err != nil {
		return l.failConnection(err)
	}
	l.add(itemReachable, sdk.StatusPass, l.base.Host+" answers.", "")
	var who whoAmI
	err := l.read(user, "", &who)
	if err == nil {
		err = who.check()
	}
	if err != nil {
		return l.failUser(user, err)
	}
	l.user = who.UserID
	l.add(itemToken, sdk.StatusPass, "The token belongs to the user "+who.UserID+" of the environment.", "")
	l.judgeEnvironment(organization)
	l.judgeSales()
	l.judgeApp(solutions)
	l.judgeTracking(retention)
	return nil
}

// tablePart asks whether a table exists and what reading it takes.
func tablePart(table string) part {
	return part{path: "EntityDefinitions(LogicalName='" + table + "')?$select=LogicalName,DisplayName,ChangeTrackingEnabled,Privileges", object: table}
}

// failConnection says which item the failed first call is about.
func (l *checklist) failConnection(err error) error {
	switch sdk.CodeOf(err) {
	case sdk.CodeUnauthenticated:
		return err
	case sdk.CodeForbidden:
		// Dataverse knows the login and turns it away: nothing else can be tested.
		l.add(itemReachable, sdk.StatusPass, l.base.Host+" answers.", "")
		l.add(itemToken, sdk.StatusPass, "Dataverse accepts the token.", "")
		l.stop(itemUserActive, sdk.StatusFail, err)
	case sdk.CodeRateLimited:
		l.add(itemReachable, sdk.StatusPass, l.base.Host+" answers.", "")
		l.stop(itemToken, sdk.StatusUnknown, err)
	default:
		if errors.Is(err, context.Canceled) {
			return err
		}
		l.stop(itemReachable, sdk.StatusFail, err)
	}
	return nil
}

// failUser judges a WhoAmI that was not answered.
func (l *checklist) failUser(a answer, err error) error {
	if a.status == http.StatusForbidden {
		l.add(itemToken, sdk.StatusPass, "Dataverse accepts the token.", "")
		l.stop(itemUserActive, sdk.StatusFail, err)
		return nil
	}
	l.stop(itemToken, sdk.StatusUnknown, err)
	return nil
}

func (l *checklist) judgeEnvironment(a answer) {
	err := l.partError(a, "")
	var org organization
	if err == nil {
		org, err = parseOrganization(a)
	}
	if err != nil {
		l.add(itemEnvironment, sdk.StatusUnknown, messageOf(err), "")
		return
	}
	name, kind := excerpt(org.Name), org.typeName()
	switch is := org.environment(); is {
	case "":
		l.add(itemEnvironment, sdk.StatusUnknown, fmt.Sprintf("%s is an organization of type %q, which is neither production nor sandbox.", name, kind), "")
	case l.environment:
		l.add(itemEnvironment, sdk.StatusPass, fmt.Sprintf("%s is the %s that was chosen (organization type %s).", name, environmentName(is), kind), "")
	default:
		l.add(itemEnvironment, sdk.StatusFail,
			fmt.Sprintf("%s is a %s (organization type %s), but %s was chosen.", name, environmentName(is), kind, environmentName(l.environment)),
			"Start again and choose the other environment, or give the address of the right one (Power Platform admin center → Manage → Environments → Environment URL).")
	}
}

func environmentName(e sdk.Environment) string {
	if e == sdk.Sandbox {
		return "sandbox environment"
	}
	return "production environment"
}

// judgeSales: a bare Dataverse has accounts and contacts only.
func (l *checklist) judgeSales() {
	for _, table := range []string{"opportunity", "lead"} {
		switch found := l.tables[table]; {
		case found.missing:
			l.add(itemSales, sdk.StatusWarn, "The environment has no table "+table+": Dynamics 365 Sales is not installed.",
				"Install Dynamics 365 Sales: Power Platform admin center → Resources → Dynamics 365 apps → Dynamics 365 Sales → Install. Without it only accounts and contacts can be synced.")
			return
		case found.err != nil:
			l.add(itemSales, sdk.StatusUnknown, messageOf(found.err), "")
			return
		}
	}
	l.add(itemSales, sdk.StatusPass, "The environment has leads and opportunities.", "")
}

// solutionsPart asks for LinkedIn Sales Navigator's solutions.
func solutionsPart() part {
	var names []string
	for _, name := range []string{"LinkedIn", "LinkedInSalesNavigatorControlsForUnifiedClient", "msdyn_LinkedInSalesNavigatorAnchor"} {
		names = append(names, "uniquename eq "+quoted(name))
	}
	return part{
		path:   "solutions?$select=uniquename,friendlyname,version,ismanaged,installedon&$filter=" + escape(strings.Join(names, " or ")),
		object: "solution",
	}
}

// judgeApp looks for LinkedIn Sales Navigator's solution. Where the user may not
// read solutions, the table that it brings tells.
func (l *checklist) judgeApp(a answer) {
	const remedy = "Install LinkedIn Sales Navigator for Dynamics 365: Power Platform admin center → Resources → Dynamics 365 apps. Without it messages and InMails are written back as tasks."
	var reply struct {
		Solutions []struct {
			Name    string `json:"friendlyname"`
			Unique  string `json:"uniquename"`
			Version string `json:"version"`
		} `json:"value"`
	}
	err := l.read(a, "solution", &reply)
	messages := l.tables["li_message"]
	switch {
	case err == nil && len(reply.Solutions) > 0:
		solution := reply.Solutions[0]
		for _, one := range reply.Solutions {
			if one.Unique == "LinkedIn" {
				solution = one
			}
		}
		l.add(itemApp, sdk.StatusPass, fmt.Sprintf("The solution %s (%s), version %s, is installed.", excerpt(solution.Name), excerpt(solution.Unique), excerpt(solution.Version)), "")
	case err == nil && reply.Solutions != nil:
		l.add(itemApp, sdk.StatusWarn, "No solution of LinkedIn Sales Navigator is installed.", remedy)
	case messages.missing:
		l.add(itemApp, sdk.StatusWarn, "The environment has no table li_message, which LinkedIn Sales Navigator's solution brings.", remedy)
	case messages.err == nil:
		l.add(itemApp, sdk.StatusPass, "The environment has the table li_message, which LinkedIn Sales Navigator's solution brings.", "")
	case err == nil:
		l.add(itemApp, sdk.StatusUnknown, "Dataverse answered the question for solutions with something else.", "")
	default:
		l.add(itemApp, sdk.StatusUnknown, messageOf(err), "")
	}
}

// judgeTracking says which tables are not tracked, and for how long changes are
// kept: after a longer pause everything is read again.
func (l *checklist) judgeTracking(a answer) {
	var untracked []string
	for _, object := range l.objects {
		if found := l.tables[object]; found != nil && found.err == nil && !found.missing && !found.definition.ChangeTrackingEnabled {
			untracked = append(untracked, object)
		}
	}
	if len(untracked) > 0 {
		l.add(itemTracking, sdk.StatusWarn, "Changes of these tables are not tracked, so that deletions are not noticed: "+excerpt(strings.Join(untracked, ", ")),
			trackChanges+": tick it, then Save.")
		return
	}
	var reply struct {
		Organizations []struct {
			Days *int `json:"expirechangetrackingindays"`
		} `json:"value"`
	}
	err := l.read(a, "organization", &reply)
	switch {
	case err != nil:
		l.add(itemTracking, sdk.StatusUnknown, "Changes are tracked; for how long they are kept is not known. "+messageOf(err), "")
	case len(reply.Organizations) != 1 || reply.Organizations[0].Days == nil:
		l.add(itemTracking, sdk.StatusUnknown, "Changes are tracked; for how long they are kept is not known.", "")
	case *reply.Organizations[0].Days < shortRetention:
		l.add(itemTracking, sdk.StatusWarn, fmt.Sprintf("Changes are kept for %d days only. After a longer pause all records are read again.", *reply.Organizations[0].Days),
			"Do not pause the integration for longer, or have the organization setting ExpireChangeTrackingInDays raised (OrgDBOrgSettings tool, or Microsoft support).")
	default:
		l.add(itemTracking, sdk.StatusPass, fmt.Sprintf("Changes are tracked and kept for %d days. After a longer pause all records are read again.", *reply.Organizations[0].Days), "")
	}
}
