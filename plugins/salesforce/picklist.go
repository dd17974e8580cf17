package salesforce

import (
	"context"
	"encoding/json"
	"math"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// stagesQuery lists the stages of all sales processes in their order. Every user may read them.
const stagesQuery = "SELECT MasterLabel,ApiName,IsActive,IsClosed,IsWon,DefaultProbability FROM OpportunityStage ORDER BY SortOrder"

// ListPicklist returns the choices of a source in Salesforce's order, in one call.
// Stages come with what they mean, from OpportunityStage; the others are the values
// of a field: LeadSource, which leads, contacts and opportunities share, and
// OpportunityContactRole.Role.
func (c *Connector) ListPicklist(ctx context.Context, target sdk.Target, source sdk.PicklistSource) ([]sdk.Choice, error) {
	s, err := c.session(target)
	if err != nil {
		return nil, err
	}
	switch source {
	case sdk.OpportunityStages:
		return s.stages(ctx)
	case sdk.LeadSources:
		return s.choices(ctx, "LeadSource", "Lead", "Contact", "Opportunity")
	case sdk.OpportunityRoles:
		return s.choices(ctx, "Role", "OpportunityContactRole")
	default:
		return nil, sdk.Unsupported("Salesforce has no list of that kind")
	}
}

func (s *session) stages(ctx context.Context) ([]sdk.Choice, error) {
	var reply struct {
		Records []struct {
			Label       string   `json:"MasterLabel"`
			Name        string   `json:"ApiName"`
			Active      bool     `json:"IsActive"`
			Closed      bool     `json:"IsClosed"`
			Won         bool     `json:"IsWon"`
			Probability *float64 `json:"DefaultProbability"`
		} `json:"records"`
	}
	if err := s.get(ctx, queryPath(stagesQuery), "OpportunityStage", &reply); err != nil {
		return nil, err
	}
	if len(reply.Records) == 0 {
		return nil, sdk.BadResponse("Salesforce answered the list of stages with none")
	}
	choices := make([]sdk.Choice, 0, len(reply.Records))
	for _, stage := range reply.Records {
		choice := sdk.Choice{Value: stage.Name, Label: oneLine(stage.Label), Active: stage.Active, Closed: stage.Closed, Won: stage.Won}
		if p := stage.Probability; p != nil && *p >= 0 && *p <= 100 {
			percent := int(math.Round(*p))
			choice.Probability = &percent
		}
		choices = append(choices, choice)
	}
	return choices, nil
}

// choices are the values of a picklist, from the first of some objects on which the
// user can read it.
func (s *session) choices(ctx context.Context, field string, objects ...string) ([]sdk.Choice, error) {
	paths := make([]string, len(objects))
	for i, object := range objects {
		paths[i] = describePath(object)
	}
	parts, err := s.composite(ctx, paths)
	if err != nil {
		return nil, err
	}
	var failure error
	for i, object := range objects {
		err := s.partError(parts[i], object)
		var describe objectDescribe
		if err == nil && json.Unmarshal(parts[i].body, &describe) != nil {
			err = sdk.BadResponse("Salesforce answered the describe of " + object + " with " + string(bodyKind(parts[i])))
		}
		if err == nil {
			for _, f := range describe.Fields {
				if strings.EqualFold(f.Name, field) {
					return f.choices(), nil
				}
			}
			err = sdk.FieldDenied(object, field, "The integration user cannot read "+object+"."+field+", whose values are the list.")
		}
		if failure == nil {
			failure = err
		}
	}
	return nil, failure
}

func (f fieldDescribe) choices() []sdk.Choice {
	choices := make([]sdk.Choice, 0, len(f.PicklistValues))
	for _, value := range f.PicklistValues {
		choices = append(choices, sdk.Choice{Value: value.Value, Label: oneLine(value.Label), Active: value.Active})
	}
	return choices
}
