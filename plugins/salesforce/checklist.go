package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// Keys of the checklist's items; an object's item is objectKey.
const (
	itemReachable       = "reachable"
	itemAPIVersion      = "api-version"
	itemToken           = "token-valid"
	itemUserActive      = "user-active"
	itemIntegrationUser = "integration-user"
	itemAPIEnabled      = "api-enabled"
	itemEnvironment     = "right-environment"
	itemEdition         = "edition"
	itemBudget          = "api-budget"
	itemApp             = "crm-app"
)

// The app whose records and fields write-back uses is a managed package with this
// namespace; appProbe is one of its fields.
const (
	appNamespace = "LID"
	appObject    = "Lead"
	appProbe     = "LID__LinkedIn_Company_Id__c"
)

func licencePath() string {
	return queryPath("SELECT NamespacePrefix,Status FROM PackageLicense WHERE NamespacePrefix = '" + appNamespace + "'")
}

// probePath asks for a field of the app: an answer proves it, a refusal nothing.
func probePath() string {
	return queryPath("SELECT " + appProbe + " FROM " + appObject + " LIMIT 1")
}

// objectKey is the item of one required object: "object-account",
// "object-invoice--c". Keys have at most 64 characters; a longer name is cut and
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

// lowBudget is the share of the daily API calls below which a warning is given.
const lowBudget = 0.20

// Checklist tests the connection in three calls, of which one is metered (one
// more for each 25 objects beyond the first 22): the list of API versions, which
// needs no token, userinfo, and a composite of the Organization row, what tells
// of the app, and the objects' basic information.
//
// An expired session is returned as Unauthenticated instead of an item, because
// the host then refreshes the token and asks again; only a session that a
// refresh cannot mend fails the item "token-valid".
func (c *Connector) Checklist(ctx context.Context, target sdk.Target, request sdk.ChecklistRequest) ([]sdk.ChecklistItem, error) {
	s, err := c.session(target)
	if err != nil {
		return nil, err
	}
	l := &checklist{session: s, environment: target.Environment}
	for _, object := range request.Objects {
		if !slices.ContainsFunc(l.objects, func(o string) bool { return objectKey(o) == objectKey(object) }) {
			l.objects = append(l.objects, object)
		}
	}
	for _, test := range []func(context.Context) error{l.testVersions, l.testUser, l.testAPI} {
		if l.stopped != "" {
			break
		}
		if err := test(ctx); err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, transportError(ctx, ctx.Err())
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
	items       []sdk.ChecklistItem
	// stopped says why the tests not made yet make no sense.
	stopped string
}

func (l *checklist) add(key string, status sdk.Status, evidence, remediation string) {
	l.items = append(l.items, sdk.ChecklistItem{Key: key, Title: itemTitle(key), Status: status, Evidence: evidence, Remediation: remediation})
}

// stop fails an item, or leaves it unknown when the failure says nothing about
// it, and ends the tests.
func (l *checklist) stop(key string, status sdk.Status, err error) {
	remediation := ""
	if status == sdk.StatusFail {
		remediation = errorRemediation(sdk.CodeOf(err))
	}
	l.add(key, status, messageOf(err), remediation)
	l.stopped = "Not tested, because the test before it did not pass: " + itemTitle(key) + "."
}

// testVersions finds out whether the org answers at all, and offers the pinned
// API version.
func (l *checklist) testVersions(ctx context.Context) error {
	a, err := l.do(ctx, request{method: http.MethodGet, path: "/services/data", anonymous: true})
	if err != nil {
		l.stop(itemReachable, sdk.StatusFail, err)
		return nil
	}
	var versions []struct {
		Label   string `json:"label"`
		Version string `json:"version"`
	}
	if err := decode(a, &versions); err != nil {
		l.stop(itemReachable, sdk.StatusFail, err)
		return nil
	}
	l.add(itemReachable, sdk.StatusPass, l.base.Host+" answers.", "")
	for _, v := range versions {
		if v.Version == APIVersion {
			l.add(itemAPIVersion, sdk.StatusPass, fmt.Sprintf("The org offers version %s (%s).", APIVersion, excerpt(v.Label)), "")
			return nil
		}
	}
	l.stop(itemAPIVersion, sdk.StatusFail, sdk.UnsupportedAPIVersion(
		fmt.Sprintf("The org offers %d versions of the API, but not %s.", len(versions), APIVersion)))
	return nil
}

// testUser asks who the token belongs to.
func (l *checklist) testUser(ctx context.Context) error {
	user, err := l.userinfo(ctx)
	switch sdk.CodeOf(err) {
	case "":
	case sdk.CodeUnauthenticated:
		return err
	case sdk.CodeAppBlocked, sdk.CodeForbidden:
		l.stop(itemToken, sdk.StatusFail, err)
		return nil
	default: // an outage says nothing about the token
		l.stop(itemToken, sdk.StatusUnknown, err)
		return nil
	}
	name := excerpt(user.Username)
	l.add(itemToken, sdk.StatusPass, "The token belongs to "+name+".", "")
	switch {
	case user.Active == nil:
		l.add(itemUserActive, sdk.StatusUnknown, "Salesforce does not tell whether "+name+" is active.", "")
	case *user.Active:
		l.add(itemUserActive, sdk.StatusPass, name+" is an active user.", "")
	default:
		l.add(itemUserActive, sdk.StatusFail, name+" is not an active user.",
			"In Setup → Users → Users open the user, choose Edit, tick Active and save.")
	}
	switch {
	case user.IntegrationUser == nil:
		l.add(itemIntegrationUser, sdk.StatusUnknown, "Salesforce does not tell whether "+name+" is an integration user.", "")
	case *user.IntegrationUser:
		l.add(itemIntegrationUser, sdk.StatusPass, name+" is an integration user.", "")
	default:
		l.add(itemIntegrationUser, sdk.StatusWarn,
			name+" is not marked as an integration user. If it is a person's login, the integration ends when the person leaves or changes role.",
			"Create a user with the licence Salesforce Integration (Setup → Users → Users → New User), give it a permission set, and connect again with it.")
	}
	return nil
}

// testAPI makes the metered calls.
func (l *checklist) testAPI(ctx context.Context) error {
	var objects []string
	for _, object := range l.objects {
		if apiName.MatchString(object) {
			objects = append(objects, object)
		}
	}
	own := []string{organizationPath(), licencePath(), probePath()}
	first := objects[:min(len(objects), maxParts-len(own))]
	parts, err := l.composite(ctx, append(own, basicPaths(first)...))
	if err != nil {
		return l.failAPI(err)
	}
	l.add(itemAPIEnabled, sdk.StatusPass, "The REST API answers this user.", "")
	l.judgeOrganization(parts[0])
	l.judgeBudget()
	l.judgeApp(parts[1], parts[2])
	l.judgeObjects(first, parts[3:])
	for pack := range slices.Chunk(objects[len(first):], maxParts) {
		parts, err := l.composite(ctx, basicPaths(pack))
		if sdk.CodeOf(err) == sdk.CodeUnauthenticated {
			return err
		}
		for i, object := range pack {
			if err != nil {
				l.addObject(object, sdk.StatusUnknown, messageOf(err))
			} else {
				l.judgeObject(object, parts[i])
			}
		}
	}
	return nil
}

// failAPI says which item the failed first call is about.
func (l *checklist) failAPI(err error) error {
	switch sdk.CodeOf(err) {
	case sdk.CodeUnauthenticated:
		return err
	case sdk.CodeAppBlocked, sdk.CodeForbidden:
		l.stop(itemAPIEnabled, sdk.StatusFail, err)
	case sdk.CodeQuotaExhausted:
		l.add(itemAPIEnabled, sdk.StatusPass, "The REST API answers this user.", "")
		l.stop(itemBudget, sdk.StatusFail, err)
	default:
		l.stop(itemAPIEnabled, sdk.StatusUnknown, err)
	}
	return nil
}

func (l *checklist) judgeOrganization(part answer) {
	err := l.partError(part, "Organization")
	var org organization
	if err == nil {
		org, err = parseOrganization(part)
	}
	if err != nil {
		l.add(itemEnvironment, sdk.StatusUnknown, messageOf(err), "")
		l.add(itemEdition, sdk.StatusUnknown, messageOf(err), "")
		return
	}
	is := org.environment()
	if is == l.environment {
		l.add(itemEnvironment, sdk.StatusPass, fmt.Sprintf("%s is the %s that was chosen%s.", excerpt(org.Name), environmentName(is), org.trial(is)), "")
	} else {
		l.add(itemEnvironment, sdk.StatusFail,
			fmt.Sprintf("%s is a %s, but %s was chosen.", excerpt(org.Name), environmentName(is), environmentName(l.environment)),
			"Start again and choose the other environment, or sign in to the right org.")
	}
	l.add(itemEdition, sdk.StatusPass, "The org's edition is "+excerpt(org.Type)+", and its API answers.", "")
}

// trial adds that an org is a trial: of the production environment, and with an
// end. (Scratch orgs have an end, too; Salesforce counts them as sandboxes.)
func (o organization) trial(is sdk.Environment) string {
	ends, err := parseTime(o.TrialEnds)
	if is == sdk.Sandbox || err != nil {
		return ""
	}
	return ", a trial that ends on " + ends.Format(time.DateOnly)
}

// hasRows reports whether a query was answered, with whatever rows.
func (l *checklist) hasRows(part answer) bool {
	var reply struct {
		Records *[]json.RawMessage `json:"records"`
	}
	return l.partError(part, "") == nil && decode(part, &reply) == nil && reply.Records != nil
}

// judgeApp looks for the app among the managed packages, and for a field of it.
func (l *checklist) judgeApp(licence, probe answer) {
	var licences struct {
		Records *[]struct {
			Status string `json:"Status"`
		} `json:"records"`
	}
	err := l.partError(licence, "PackageLicense")
	if err == nil {
		err = decode(licence, &licences)
	}
	told := err == nil && licences.Records != nil
	const install = "Install the app from the AppExchange (Setup → Apps → Packaging → Installed Packages shows it), for all users or for the integration user."
	switch {
	case told && len(*licences.Records) > 0 && (*licences.Records)[0].Status == "Expired":
		l.add(itemApp, sdk.StatusWarn, "The app (namespace "+appNamespace+") is installed, but its licence has expired.", install)
	case told && len(*licences.Records) > 0:
		l.add(itemApp, sdk.StatusPass, "The app (namespace "+appNamespace+") is among the org's managed packages.", "")
	case l.hasRows(probe):
		l.add(itemApp, sdk.StatusPass, "The app is installed: its field "+appObject+"."+appProbe+" can be read.", "")
	case told:
		l.add(itemApp, sdk.StatusWarn, "No managed package of the namespace "+appNamespace+" is installed that the integration user can see.", install)
	case err != nil:
		l.add(itemApp, sdk.StatusUnknown, "Salesforce does not tell the integration user which packages are installed: "+messageOf(err), "")
	default:
		l.add(itemApp, sdk.StatusUnknown, "Salesforce answered the question for installed packages with something else.", "")
	}
}

func environmentName(e sdk.Environment) string {
	if e == sdk.Sandbox {
		return "sandbox"
	}
	return "production org"
}

// judgeBudget reads the figures that every metered answer carries.
func (l *checklist) judgeBudget() {
	used, limit := l.stats.QuotaUsed, l.stats.QuotaMax
	if limit == 0 {
		l.add(itemBudget, sdk.StatusUnknown, "Salesforce did not tell how many API calls are left.", "")
		return
	}
	evidence := fmt.Sprintf("%d of %d API calls of the last 24 hours are used.", used, limit)
	if float64(limit-used) < lowBudget*float64(limit) {
		l.add(itemBudget, sdk.StatusWarn, evidence,
			"Setup → Company Settings → Company Information shows the use (API Requests, Last 24 Hours); see which other integration uses so many, or buy more calls.")
		return
	}
	l.add(itemBudget, sdk.StatusPass, evidence, "")
}

func basicPaths(objects []string) []string {
	paths := make([]string, len(objects))
	for i, object := range objects {
		paths[i] = dataPath + "/sobjects/" + object
	}
	return paths
}

func (l *checklist) judgeObjects(objects []string, parts []answer) {
	for i, object := range objects {
		l.judgeObject(object, parts[i])
	}
}

func (l *checklist) judgeObject(object string, part answer) {
	err := l.partError(part, object)
	var basic struct {
		Describe sobject `json:"objectDescribe"`
	}
	if err == nil {
		err = decode(part, &basic)
	}
	switch {
	case sdk.CodeOf(err) == sdk.CodeObjectDenied:
		l.addObject(object, sdk.StatusFail, messageOf(err)+oneAnswerFor)
	case err != nil:
		l.addObject(object, sdk.StatusUnknown, messageOf(err))
	case basic.Describe.Queryable == nil:
		l.addObject(object, sdk.StatusUnknown, "Salesforce answered with something that is not the object's information.")
	case !*basic.Describe.Queryable:
		l.addObject(object, sdk.StatusFail, notQueryable)
	default:
		l.addObject(object, sdk.StatusPass, "The integration user may read "+object+".")
	}
}

func (l *checklist) addObject(object string, status sdk.Status, evidence string) {
	remediation := ""
	if status == sdk.StatusFail {
		remediation = "Setup → Users → Permission Sets → the integration user's set → Object Settings → " + object + " → Edit: tick Read and save."
	}
	l.items = append(l.items, sdk.ChecklistItem{Key: objectKey(object), Title: "Object " + excerpt(object) + " can be read", Status: status, Evidence: evidence, Remediation: remediation})
}

// result adds an UNKNOWN item for each test that was not made.
func (l *checklist) result() []sdk.ChecklistItem {
	has := func(key string) bool {
		return slices.ContainsFunc(l.items, func(i sdk.ChecklistItem) bool { return i.Key == key })
	}
	for _, key := range []string{itemReachable, itemAPIVersion, itemToken, itemUserActive, itemIntegrationUser, itemAPIEnabled, itemEnvironment, itemEdition, itemBudget, itemApp} {
		if !has(key) {
			l.add(key, sdk.StatusUnknown, l.stopped, "")
		}
	}
	for _, object := range l.objects {
		switch {
		case has(objectKey(object)):
		case !apiName.MatchString(object):
			l.addObject(object, sdk.StatusFail, "This is not a name that a Salesforce object can have.")
		default:
			l.addObject(object, sdk.StatusUnknown, l.stopped)
		}
	}
	return l.items
}
