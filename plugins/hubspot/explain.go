package hubspot

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// scopeEvidence says which scopes an object misses.
func scopeEvidence(o objectType, missing []string, anyOf bool) string {
	need := "the scope " + missing[0]
	switch {
	case len(missing) > 1 && anyOf:
		need = "any one of the scopes " + strings.Join(missing, ", ")
	case len(missing) > 1:
		need = "the scopes " + strings.Join(missing, ", ")
	}
	evidence := fmt.Sprintf("HubSpot's introspection of the token does not list %s, without which %s cannot be read.", need, o.name)
	if o.note != "" {
		evidence += " " + o.note
	}
	return evidence
}

// explain tells of each requested field that is not on the list why it cannot be
// read. It looks through HubSpot's other lists of definitions, one call each, until
// every name is found. Sensitive properties whose values turn out to be readable
// are added to the list.
//
// A list that cannot be had fails the whole check of the object, since a name
// might be on it.
func (s *session) explain(ctx context.Context, list *fieldList, plain []property, asked []string) ([]sdk.DeniedField, error) {
	e := &explanation{session: s, list: list}
	for _, name := range asked {
		switch {
		case list.names[name] || slices.Contains(e.missing, name) || e.has(name):
		case strings.HasPrefix(name, associationPrefix):
			e.deny(name, "", e.association(strings.TrimPrefix(name, associationPrefix)))
		default:
			e.missing = append(e.missing, name)
		}
	}
	if err := e.searchArchived(ctx); err != nil {
		return nil, err
	}
	for _, class := range []sensitivity{sensitive, highlySensitive} {
		if err := e.searchSensitive(ctx, class); err != nil {
			return nil, err
		}
	}
	for _, name := range e.missing {
		e.deny(name, "", e.absent(name, plain))
	}
	return e.denied, nil
}

// explanation is the work on one object.
type explanation struct {
	*session

	list    *fieldList
	missing []string // names that no list has had yet
	denied  []sdk.DeniedField
}

// reason is why a field cannot be read.
type reason struct {
	cause    sdk.Cause
	evidence string
}

func (e *explanation) has(name string) bool {
	return slices.ContainsFunc(e.denied, func(f sdk.DeniedField) bool { return f.Name == name })
}

func (e *explanation) deny(name, label string, why reason) {
	e.denied = append(e.denied, sdk.DeniedField{Name: name, Label: excerpt(label), Cause: why.cause, Evidence: why.evidence})
}

// take removes the properties that are missing from those still to be found, and
// returns them.
func (e *explanation) take(properties []property) []property {
	var found []property
	for _, p := range properties {
		if i := slices.Index(e.missing, p.Name); i >= 0 {
			e.missing = slices.Delete(e.missing, i, i+1)
			found = append(found, p)
		}
	}
	return found
}

// view fetches a list, unless nothing is missing. A refusal to show it is no
// outage: then it simply does not help.
func (e *explanation) view(ctx context.Context, v view) ([]property, error) {
	if len(e.missing) == 0 {
		return nil, nil
	}
	properties, err := e.definitions(ctx, e.list.object, v)
	if _, refused := denialOf(err); refused {
		return nil, nil
	}
	return properties, err
}

func (e *explanation) searchArchived(ctx context.Context) error {
	properties, err := e.view(ctx, view{archived: true})
	for _, p := range e.take(properties) {
		evidence := fmt.Sprintf("HubSpot lists %s among the archived properties of %s", p.Name, e.list.object.name)
		if p.ArchivedAt != "" {
			evidence += ", archived on " + excerpt(p.ArchivedAt)
		}
		e.deny(p.Name, p.Label, reason{sdk.CauseArchived, evidence + ". It can be restored for 90 days after that."})
	}
	return err
}

// searchSensitive looks among the properties of a class whose scope the token does
// not have, or of which nobody knows. In the latter case one read of the values
// tells.
func (e *explanation) searchSensitive(ctx context.Context, class sensitivity) error {
	o := e.list.object
	scope := o.sensitiveScope(class)
	if scope != "" && e.grant.holds(scope) {
		return nil // readableFields looked there
	}
	properties, err := e.view(ctx, view{class: class})
	if err != nil {
		return err
	}
	found := e.take(properties)
	if len(found) == 0 {
		return nil
	}
	if !e.grant.known() {
		names := make([]string, len(found))
		for i, p := range found {
			names[i] = p.Name
		}
		err := e.prove(ctx, o, names...)
		if _, refused := denialOf(err); err == nil || !refused {
			e.list.addProperties(found)
			return err
		}
	}
	need := ""
	if scope != "" {
		need = ", whose values need the scope " + scope + ", which the token does not have"
	}
	for _, p := range found {
		e.deny(p.Name, p.Label, reason{sdk.CauseSensitive, fmt.Sprintf("HubSpot lists %s among the %s properties of %s%s.",
			p.Name, strings.ReplaceAll(string(class), "_", " "), o.name, need)})
	}
	return nil
}

// association explains a pseudo-field that is not on the list.
func (e *explanation) association(to string) reason {
	if !slices.Contains(e.list.object.associations(), to) {
		return reason{sdk.CauseUnknown, fmt.Sprintf("This connector offers no associations of %s with %s.", e.list.object.name, excerpt(to))}
	}
	missing, anyOf := objectOf(to).lacks(e.grant)
	return reason{sdk.CauseScopeMissing, scopeEvidence(objectOf(to), missing, anyOf)}
}

// stageProperty are properties that HubSpot makes for each stage of a pipeline and
// takes away with it.
var stageProperty = regexp.MustCompile(`^hs_(v2_)?(date_entered|date_exited|time_in|cumulative_time_in|latest_time_in)_`)

// absent explains a name that is on none of HubSpot's lists.
func (e *explanation) absent(name string, plain []property) reason {
	object := e.list.object.name
	evidence := fmt.Sprintf("HubSpot lists no property %s of %s, neither active nor archived nor sensitive", excerpt(name), object)
	if i := slices.IndexFunc(plain, func(p property) bool { return p.Name != name && letters(p.Name) == letters(name) }); i >= 0 {
		return reason{sdk.CauseRenamedCandidate, fmt.Sprintf("%s, but there is %s (%s), whose name differs in signs only.", evidence, plain[i].Name, excerpt(plain[i].Label))}
	}
	switch {
	case e.grant.actsForUser():
		return reason{sdk.CauseUnknown, evidence + ". " + userLevelNote}
	case stageProperty.MatchString(name):
		return reason{sdk.CauseDeleted, evidence + ". HubSpot removes such a property together with the pipeline stage that it is about."}
	default:
		return reason{sdk.CauseDeleted, evidence + ": it does not exist, or was deleted for good."}
	}
}

// letters is a name without what tells spellings apart.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
}
