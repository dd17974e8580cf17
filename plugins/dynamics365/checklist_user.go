package dynamics365

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// testUser asks for the user's row, roles and privileges.
func (l *checklist) testUser(ctx context.Context) error {
	var row, roles answer
	held := privilegeFinding{held: heldPrivileges{}, failed: map[string]error{}}
	questions := []question{
		{systemUserPart(l.user), func(a answer) { row = a }},
		{rolesPart(l.user), func(a answer) { roles = a }},
	}
	for some := range slices.Chunk(l.readPrivileges(), maxNames) {
		questions = append(questions, question{privilegesPart(l.user, some), func(a answer) {
			err := l.partError(a, "")
			if err == nil {
				err = held.held.read(a)
			}
			for _, name := range some {
				held.failed[name] = err
			}
		}})
	}
	if err := l.ask(ctx, questions); err != nil {
		if sdk.CodeOf(err) == sdk.CodeUnauthenticated || errors.Is(err, context.Canceled) {
			return err
		}
		l.stop(itemUserActive, sdk.StatusUnknown, err)
		return nil
	}
	l.judgeUser(row)
	l.judgeRoles(roles)
	for _, object := range l.objects {
		l.judgeObject(object, held)
	}
	return nil
}

// readPrivileges are the names of the read privileges of the required tables.
func (l *checklist) readPrivileges() []string {
	var names []string
	for _, object := range l.objects {
		if found := l.tables[object]; found != nil && found.err == nil && !found.missing {
			if p, ok := found.definition.privilege("Read"); ok {
				names = append(names, p.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (l *checklist) judgeUser(a answer) {
	var user systemUser
	if err := l.read(a, "systemuser", &user); err != nil {
		// WhoAmI was answered, and a disabled user gets no answers.
		l.add(itemUserActive, sdk.StatusPass, "Dataverse answers the user.", "")
		l.add(itemIntegrationUser, sdk.StatusUnknown, messageOf(err), "")
		return
	}
	name := excerpt(user.login())
	switch {
	case user.Disabled != nil && *user.Disabled:
		l.add(itemUserActive, sdk.StatusFail, name+" is disabled.",
			"Power Platform admin center → the environment → Settings → Users + permissions → Application users (or Users): activate the user.")
	default:
		l.add(itemUserActive, sdk.StatusPass, name+" is an enabled user of the environment.", "")
	}
	if user.ApplicationID != "" {
		l.add(itemIntegrationUser, sdk.StatusPass, name+" is an application user.", "")
		return
	}
	l.add(itemIntegrationUser, sdk.StatusWarn, name+" is a person's login. The integration ends when the person leaves, changes the password or must sign in anew.",
		"Create an application user: Power Platform admin center → the environment → Settings → Users + permissions → Application users → New app user; give it a security role and connect again with it.")
}

// rolesPart asks for the roles that the user has itself; those of its teams come
// on top.
func rolesPart(user string) part {
	return part{path: "systemusers(" + user + ")/systemuserroles_association?$select=name", object: "role"}
}

func (l *checklist) judgeRoles(a answer) {
	var reply struct {
		Roles []struct {
			Name string `json:"name"`
		} `json:"value"`
	}
	if err := l.read(a, "role", &reply); err != nil {
		l.add(itemRoles, sdk.StatusUnknown, messageOf(err), "")
		return
	}
	var names []string
	for _, role := range reply.Roles {
		names = append(names, role.Name)
	}
	if len(names) == 0 {
		l.add(itemRoles, sdk.StatusWarn, "The user has no security role of its own; only roles of its teams count.",
			"Power Platform admin center → the environment → Settings → Users + permissions → Application users (or Users) → the user → Edit security roles.")
		return
	}
	l.add(itemRoles, sdk.StatusPass, "Security roles: "+excerpt(strings.Join(names, ", "))+".", "")
}

// judgeObject says whether a required table can be read, and how much of it.
func (l *checklist) judgeObject(object string, held privilegeFinding) {
	found := l.tables[object]
	if found == nil {
		return // not a name of the platform's; see result
	}
	p, guarded := found.definition.privilege("Read")
	switch {
	case found.missing:
		l.addObject(object, sdk.StatusFail, missingTable(object), "Install the app or solution that brings "+object+", or switch it off in Fieldwarden.")
		return
	case found.err != nil:
		l.addObject(object, sdk.StatusUnknown, messageOf(found.err), "")
		return
	case !guarded:
		l.addObject(object, sdk.StatusPass, object+" takes no privilege of its own.", "")
		return
	case held.failed[p.Name] != nil:
		l.addObject(object, sdk.StatusUnknown, messageOf(held.failed[p.Name]), "")
		return
	}
	remedy := fmt.Sprintf("Power Platform admin center → the environment → Settings → Users + permissions → Security roles → a role of the user → Tables → %s → Read: Organization.", found.definition.DisplayName.or(object))
	switch reach := held.held.depth(p); reach {
	case depthNone:
		l.addObject(object, sdk.StatusFail, "The user does not hold "+p.Name+".", remedy)
	case depthGlobal:
		l.addObject(object, sdk.StatusPass, "The user holds "+p.Name+" for the whole organization.", "")
	default:
		l.addObject(object, sdk.StatusWarn, "The user holds "+p.Name+" at "+reach.limit()+". Deletions are not noticed.", remedy)
	}
}

func (l *checklist) addObject(object string, status sdk.Status, evidence, remediation string) {
	l.items = append(l.items, sdk.ChecklistItem{Key: objectKey(object), Title: "Object " + excerpt(object) + " can be read", Status: status, Evidence: evidence, Remediation: remediation})
}

// result adds an UNKNOWN item for each test that was not made.
func (l *checklist) result() []sdk.ChecklistItem {
	has := func(key string) bool {
		return slices.ContainsFunc(l.items, func(i sdk.ChecklistItem) bool { return i.Key == key })
	}
	for _, key := range []string{itemReachable, itemToken, itemUserActive, itemIntegrationUser, itemRoles, itemEnvironment, itemSales, itemApp, itemTracking} {
		if !has(key) {
			l.add(key, sdk.StatusUnknown, l.stopped, "")
		}
	}
	for _, object := range l.objects {
		switch {
		case has(objectKey(object)):
		case !logicalName.MatchString(object):
			l.addObject(object, sdk.StatusFail, "This is not a name that a Dataverse table can have.", "")
		default:
			l.addObject(object, sdk.StatusUnknown, l.stopped, "")
		}
	}
	return l.items
}
