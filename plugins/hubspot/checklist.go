package hubspot

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"regexp"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// Keys of the checklist's items; an object's item is objectKey.
const (
	itemReachable       = "reachable"
	itemToken           = "token-valid"
	itemEnvironment     = "right-environment"
	itemAPIVersion      = "api-version"
	itemScopes          = "scopes"
	itemIntegrationUser = "integration-user"
	itemBudget          = "api-budget"
)

// itemKeys are all of them, in the order in which they are shown.
func itemKeys() []string {
	return []string{itemReachable, itemToken, itemEnvironment, itemAPIVersion, itemScopes, itemIntegrationUser, itemBudget}
}

// objectKey is the item of one required object: "object-companies". Keys have at
// most 64 characters; a longer name is cut and made unique by a checksum.
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

// lowBudget is the share of the daily calls below which a warning is given.
const lowBudget = 0.20

// Checklist tests the connection: one call for the account, and one record of each
// object as proof that records can be read, which the check of permissions leaves
// out. The rest comes from the introspection.
//
// An expired token is returned as Unauthenticated instead of an item, because the
// host then refreshes it and asks again.
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
	l.judgeVersion()
	l.judgeScopes()
	l.judgeUser()
	if err := l.testAccount(ctx); err != nil {
		return nil, err
	}
	if err := l.testObjects(ctx); err != nil {
		return nil, err
	}
	l.judgeBudget()
	if ctx.Err() != nil {
		return nil, transportError(ctx, ctx.Err())
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

// testAccount finds out whether HubSpot answers, which portal the token belongs to
// and of which kind it is.
func (l *checklist) testAccount(ctx context.Context) error {
	a, err := l.account(ctx)
	switch sdk.CodeOf(err) {
	case "":
	case sdk.CodeUnauthenticated:
		return err
	case sdk.CodeForbidden, sdk.CodeInvalidRequest, sdk.CodeAPIVersion: // HubSpot itself said so
		l.add(itemReachable, sdk.StatusPass, l.base.Host+" answers.", "")
		l.add(itemToken, sdk.StatusUnknown, messageOf(err), "")
		l.add(itemEnvironment, sdk.StatusUnknown, messageOf(err), "")
		return nil
	case sdk.CodeRateLimited, sdk.CodeQuotaExhausted:
		l.add(itemReachable, sdk.StatusPass, l.base.Host+" answers.", "")
		l.stop(itemBudget, sdk.StatusFail, err)
		return nil
	default:
		l.stop(itemReachable, sdk.StatusFail, err)
		return nil
	}
	portal := string(a.Portal)
	l.add(itemReachable, sdk.StatusPass, l.base.Host+" answers.", "")
	evidence := fmt.Sprintf("The token belongs to %s (portal %s).", l.portalName(portal), portal)
	if l.grant.user != "" {
		evidence += " " + excerpt(l.grant.user) + " consented to the app."
	}
	l.add(itemToken, sdk.StatusPass, evidence, "")
	l.judgeEnvironment(a)
	return nil
}

// stop notes a failure and ends the tests.
func (l *checklist) stop(key string, status sdk.Status, err error) {
	l.add(key, status, messageOf(err), errorRemediation(sdk.CodeOf(err)))
	l.stopped = "Not tested, because the test before it did not pass: " + itemTitle(key) + "."
}

// judgeEnvironment compares the kind of portal with what was chosen. HubSpot has
// one host for all, so nothing prevents a sandbox from being connected as
// production before this.
func (l *checklist) judgeEnvironment(a account) {
	is := a.environment()
	name := fmt.Sprintf("%s (portal %s)", l.portalName(string(a.Portal)), a.Portal)
	switch {
	case is == l.environment:
		l.add(itemEnvironment, sdk.StatusPass, fmt.Sprintf("%s is %s, as chosen.", name, accountName(a.Type)), "")
	case a.Type == accountAppDeveloper:
		l.add(itemEnvironment, sdk.StatusFail, name+" is an app developer account. Such accounts hold apps and no customer data: it is neither production nor a sandbox.",
			"Connect again and choose a standard account, a sandbox, or a developer test account in HubSpot.")
	case is == "":
		l.add(itemEnvironment, sdk.StatusUnknown, fmt.Sprintf("HubSpot calls %s an account of the type %s, which this connector does not know.", name, excerpt(a.Type)), "")
	default:
		chosen := "production"
		if l.environment == sdk.Sandbox {
			chosen = "a sandbox"
		}
		l.add(itemEnvironment, sdk.StatusFail, fmt.Sprintf("%s is %s, but %s was chosen.", name, accountName(a.Type), chosen),
			"Start again and choose the other environment, or choose the right account when HubSpot asks which one to connect.")
	}
}

func (l *checklist) judgeVersion() {
	switch l.api() {
	case versionV3:
		l.add(itemAPIVersion, sdk.StatusWarn, "The integration uses v3 with v4 associations. HubSpot supports v4 until 2027-03-30 and v3 until September 2027.",
			"Set apiVersion in the integration's configuration to "+string(defaultVersion)+".")
	case version202603:
		l.add(itemAPIVersion, sdk.StatusPass, "The integration uses version 2026-03, which HubSpot supports. 2026-09 is newer.", "")
	default:
		l.add(itemAPIVersion, sdk.StatusPass, "The integration uses version "+string(l.api())+", which HubSpot supports.", "")
	}
}

// judgeScopes compares what was granted with what the manifest asks for.
func (l *checklist) judgeScopes() {
	if !l.grant.known() {
		l.add(itemScopes, sdk.StatusUnknown, "The token's scopes are not known: there is no introspection of it.", "")
		return
	}
	lacking := func(scopes []string) []string {
		return slices.DeleteFunc(scopes, l.grant.holds)
	}
	missing, left := lacking(requiredScopes()), lacking(optionalScopes())
	evidence := fmt.Sprintf("%d scopes are granted.", len(l.grant.scopes))
	if len(left) > 0 {
		evidence += " Not granted, and not required: " + strings.Join(left, ", ") + "."
	}
	if len(missing) > 0 {
		l.add(itemScopes, sdk.StatusFail, "Missing: "+strings.Join(missing, ", ")+". "+evidence,
			"Connect again as a super admin and consent to everything that the app asks for.")
		return
	}
	l.add(itemScopes, sdk.StatusPass, evidence, "")
}

// judgeUser: an app's token acts for the portal. Only a user-level token depends
// on a person.
func (l *checklist) judgeUser() {
	who := excerpt(l.grant.user)
	if who == "" {
		who = "A person"
	}
	switch {
	case l.grant.userLevel == nil:
		l.add(itemIntegrationUser, sdk.StatusUnknown, "HubSpot does not tell whether the token acts for the portal, as usual, or for the person who consented.", "")
	case *l.grant.userLevel:
		l.add(itemIntegrationUser, sdk.StatusWarn, who+" is whom the token acts for. "+userLevelNote+" It ends when the person leaves.",
			"Connect again with an app whose token acts for the whole account, or with a user of its own that no person signs in with.")
	default:
		l.add(itemIntegrationUser, sdk.StatusPass, "The token acts for the portal, not for the person who consented.", "")
	}
}

// judgeBudget reads the figures that HubSpot's headers gave. OAuth apps have no
// daily limit.
func (l *checklist) judgeBudget() {
	used, limit := l.limits.dailyUsed, l.limits.dailyMax
	switch {
	case l.stopped != "":
	case limit > 0 && float64(limit-used) < lowBudget*float64(limit):
		l.add(itemBudget, sdk.StatusWarn, fmt.Sprintf("%d of today's %d API calls are used.", used, limit),
			"Settings → Integrations → Private Apps (or Connected Apps) shows who calls how often; reduce other integrations' calls, or buy the API add-on.")
	case limit > 0:
		l.add(itemBudget, sdk.StatusPass, fmt.Sprintf("%d of today's %d API calls are used.", used, limit), "")
	case l.limits.max > 0:
		l.add(itemBudget, sdk.StatusPass, fmt.Sprintf("%d of %d calls per %s are left, and HubSpot tells of no daily limit.", l.limits.remaining, l.limits.max, l.limits.interval), "")
	default:
		l.add(itemBudget, sdk.StatusUnknown, "HubSpot did not tell how many API calls are left.", "")
	}
}

// testObjects reads one record of each object whose scopes are there.
func (l *checklist) testObjects(ctx context.Context) error {
	for _, name := range l.objects {
		if l.stopped != "" {
			return nil
		}
		if checkObjectName(name) != nil {
			l.addObject(objectOf(name), sdk.StatusFail, "This is not a name that a HubSpot object can have.")
			continue
		}
		o := objectOf(name)
		if missing, anyOf := o.lacks(l.grant); len(missing) > 0 {
			l.addObject(o, sdk.StatusFail, scopeEvidence(o, missing, anyOf))
			continue
		}
		err := l.prove(ctx, o)
		_, refused := denialOf(err)
		switch {
		case err == nil:
			l.addObject(o, sdk.StatusPass, "A record of "+o.name+" was asked for, and HubSpot answered.")
		case sdk.CodeOf(err) == sdk.CodeUnauthenticated || errors.Is(err, context.Canceled):
			return err
		case refused:
			l.addObject(o, sdk.StatusFail, judge(l.newCheck(o), err).Evidence)
		default:
			l.addObject(o, sdk.StatusUnknown, messageOf(err))
		}
	}
	return nil
}

func (l *checklist) addObject(o objectType, status sdk.Status, evidence string) {
	remediation := ""
	if status == sdk.StatusFail {
		remediation = "Settings → Integrations → Connected Apps → Fieldwarden: compare the permissions, then connect again as a super admin."
		if o.note != "" {
			remediation += " " + o.note
		}
	}
	l.items = append(l.items, sdk.ChecklistItem{
		Key: objectKey(o.name), Title: "Object " + excerpt(o.name) + " can be read", Status: status, Evidence: evidence, Remediation: remediation,
	})
}

// result brings the items into order and adds an UNKNOWN one for each test that was
// not made.
func (l *checklist) result() []sdk.ChecklistItem {
	var ordered []sdk.ChecklistItem
	find := func(key string) (sdk.ChecklistItem, bool) {
		i := slices.IndexFunc(l.items, func(i sdk.ChecklistItem) bool { return i.Key == key })
		if i < 0 {
			return sdk.ChecklistItem{}, false
		}
		return l.items[i], true
	}
	for _, key := range itemKeys() {
		item, ok := find(key)
		if !ok {
			item = sdk.ChecklistItem{Key: key, Title: itemTitle(key), Status: sdk.StatusUnknown, Evidence: l.stopped}
		}
		ordered = append(ordered, item)
	}
	for _, name := range l.objects {
		if _, ok := find(objectKey(name)); !ok {
			l.addObject(objectOf(name), sdk.StatusUnknown, l.stopped)
		}
		item, _ := find(objectKey(name))
		ordered = append(ordered, item)
	}
	return ordered
}
