package hubspot

import (
	"context"
	"math"
	"slices"
	"strconv"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// ListObjects lists the standard objects and the portal's custom ones. Rights come
// from the token's introspection; without it, one record of each standard object is
// asked for, and rights to write are not claimed.
func (c *Connector) ListObjects(ctx context.Context, target sdk.Target) ([]sdk.Object, error) {
	s, err := c.session(target)
	if err != nil {
		return nil, err
	}
	var objects []sdk.Object
	for _, o := range objectTypes() {
		missing, _ := o.lacks(s.grant)
		readable := len(missing) == 0
		if !s.grant.known() {
			err := s.prove(ctx, o)
			_, refused := denialOf(err)
			if err != nil && !refused {
				return nil, err
			}
			readable = err == nil
		}
		objects = append(objects, s.object(o, o.label, readable))
	}
	custom, err := s.customObjects(ctx)
	return append(objects, custom...), err
}

func (s *session) object(o objectType, label string, readable bool) sdk.Object {
	writes := readable && s.grant.known() && o.mayWrite(s.grant)
	return sdk.Object{Name: o.name, Label: label, Custom: o.custom, Rights: sdk.Rights{Read: readable, Create: writes, Update: writes}}
}

// customObjects lists the portal's own objects; none when the token may not see
// their schemas.
func (s *session) customObjects(ctx context.Context) ([]sdk.Object, error) {
	var reply struct {
		Results []struct {
			TypeID   string `json:"objectTypeId"`
			FullName string `json:"fullyQualifiedName"`
			Archived bool   `json:"archived"`
			Labels   struct {
				Plural string `json:"plural"`
			} `json:"labels"`
		} `json:"results"`
	}
	schemas := objectType{name: "custom objects", typeID: "schemas"} // for the error's class only
	if _, err := s.call(ctx, request{path: s.api().schemas(), about: schemas}, &reply); err != nil {
		if _, refused := denialOf(err); refused {
			return nil, nil
		}
		return nil, err
	}
	if reply.Results == nil {
		return nil, sdk.BadResponse("HubSpot answered the schemas with something else")
	}
	var objects []sdk.Object
	for _, schema := range reply.Results {
		name := schema.FullName
		if !customName.MatchString(name) {
			name = schema.TypeID
		}
		o := objectOf(name)
		if schema.Archived || !o.custom {
			continue
		}
		missing, _ := o.lacks(s.grant)
		objects = append(objects, s.object(o, excerpt(schema.Labels.Plural), len(missing) == 0))
	}
	return objects, nil
}

// ListFields lists the readable fields of one object. It judges by the same rule
// as CheckPermissions; so without an introspection one record is read as proof, and
// sensitive properties are left out.
func (c *Connector) ListFields(ctx context.Context, target sdk.Target, object string) ([]sdk.Field, error) {
	s, err := c.session(target)
	if err != nil {
		return nil, err
	}
	check, err := s.checkObject(ctx, sdk.CheckObject{Name: object})
	switch {
	case err != nil:
		return nil, err
	case check.Verdict == sdk.VerdictDenied:
		return nil, sdk.ObjectDenied(object, check.Evidence)
	default:
		return check.Fields, nil
	}
}

// leadSource is the property of contacts that tells where a person came from. It is
// HubSpot's own, in every portal, and what the packages take for the lead source.
const leadSource = "hs_analytics_source"

// ListPicklist lists the stages of all deal pipelines, the choices of a contact's
// original source, or the labels that tell a contact's role in a deal.
func (c *Connector) ListPicklist(ctx context.Context, target sdk.Target, source sdk.PicklistSource) ([]sdk.Choice, error) {
	s, err := c.session(target)
	if err != nil {
		return nil, err
	}
	switch source {
	case sdk.OpportunityStages:
		return s.stages(ctx)
	case sdk.LeadSources:
		return s.sources(ctx)
	case sdk.OpportunityRoles:
		return s.roles(ctx)
	default:
		return nil, sdk.Unsupported("HubSpot has no list for " + string(source))
	}
}

type pipeline struct {
	ID       string  `json:"id"`
	Label    string  `json:"label"`
	Order    int     `json:"displayOrder"`
	Archived bool    `json:"archived"`
	Stages   []stage `json:"stages"`
}

type stage struct {
	ID       string `json:"id"`
	Label    string `json:"label"`
	Order    int    `json:"displayOrder"`
	Archived bool   `json:"archived"`
	// Metadata has texts, the numbers and truths too.
	Metadata struct {
		IsClosed    string `json:"isClosed"`
		Probability string `json:"probability"`
	} `json:"metadata"`
}

// stages lists the stages of the deal pipelines, the group of each being its
// pipeline's id. A stage is won when it is closed with certainty.
func (s *session) stages(ctx context.Context) ([]sdk.Choice, error) {
	var reply struct {
		Results []pipeline `json:"results"`
	}
	if _, err := s.call(ctx, request{path: s.api().pipelines("deals"), about: objectOf("deals")}, &reply); err != nil {
		return nil, err
	}
	if len(reply.Results) == 0 {
		return nil, sdk.BadResponse("HubSpot answered the deal pipelines with none")
	}
	slices.SortStableFunc(reply.Results, func(a, b pipeline) int { return a.Order - b.Order })
	var choices []sdk.Choice
	for _, p := range reply.Results {
		group, label := p.ID, excerpt(p.Label)
		if len(reply.Results) == 1 {
			group, label = "", ""
		}
		slices.SortStableFunc(p.Stages, func(a, b stage) int { return a.Order - b.Order })
		for _, stage := range p.Stages {
			choice := sdk.Choice{
				Value: stage.ID, Label: excerpt(stage.Label), Group: group, GroupLabel: label,
				Active: !p.Archived && !stage.Archived, Closed: stage.Metadata.IsClosed == "true",
			}
			if p, err := strconv.ParseFloat(stage.Metadata.Probability, 64); err == nil && p >= 0 && p <= 1 {
				percent := int(math.Round(p * 100))
				choice.Probability, choice.Won = &percent, choice.Closed && percent == 100
			}
			choices = append(choices, choice)
		}
	}
	return choices, nil
}

func (s *session) sources(ctx context.Context) ([]sdk.Choice, error) {
	var p property
	r := request{path: s.api().properties("contacts") + "/" + leadSource, about: objectOf("contacts")}
	if _, err := s.call(ctx, r, &p); err != nil {
		return nil, err
	}
	if p.Name != leadSource {
		return nil, sdk.BadResponse("HubSpot answered the property " + leadSource + " with something else")
	}
	var choices []sdk.Choice
	for _, value := range p.field(objectOf("contacts"), false).Picklist {
		choices = append(choices, sdk.Choice{Value: value.Value, Label: value.Label, Active: value.Active})
	}
	return choices, nil
}

// roles lists the labels of the association from deals to contacts, as
// associations.contacts of a deal has them. A label's ids are unique only within
// their category, so a choice's value is "category:typeId".
func (s *session) roles(ctx context.Context) ([]sdk.Choice, error) {
	var reply struct {
		Results []associationType `json:"results"`
	}
	if _, err := s.call(ctx, request{path: s.api().associationLabels("deals", "contacts"), about: objectOf("deals")}, &reply); err != nil {
		return nil, err
	}
	if reply.Results == nil {
		return nil, sdk.BadResponse("HubSpot answered the association labels with something else")
	}
	choices := []sdk.Choice{}
	for _, t := range reply.Results {
		if t.Label != nil && *t.Label != "" { // an association without a label has no role
			choices = append(choices, sdk.Choice{Value: t.Category + ":" + strconv.Itoa(t.TypeID), Label: excerpt(*t.Label), Active: true})
		}
	}
	return choices, nil
}
