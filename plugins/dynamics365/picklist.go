package dynamics365

import (
	"context"
	"strconv"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

func (o option) value() string { return strconv.Itoa(o.Value) }

// ListPicklist lists choices, in the environment's order.
//
// The pipeline stage has competing columns in Dynamics 365. The choices are those
// of opportunity.salesstage; where that column is gone or empty, they are the
// stages of the business process flows on opportunities, one group each. Roles
// are the connection roles of the category Stakeholder.
func (c *Connector) ListPicklist(ctx context.Context, target sdk.Target, source sdk.PicklistSource) ([]sdk.Choice, error) {
	s, err := c.session(target)
	if err != nil {
		return nil, err
	}
	switch source {
	case sdk.OpportunityStages:
		return s.stages(ctx)
	case sdk.LeadSources:
		return s.leadSources(ctx)
	case sdk.OpportunityRoles:
		return s.stakeholderRoles(ctx)
	default:
		return nil, sdk.Unsupported("Dynamics 365 has no choices for " + string(source))
	}
}

// choicesPart asks for the choices of one column.
func choicesPart(table, column string) part {
	return part{path: castPath(table, "Picklist") + "&$filter=" + escape("LogicalName eq "+quoted(column)), object: table}
}

// choices reads the answer to choicesPart; none when the column is gone.
func (s *session) choices(a answer, table string) ([]sdk.Choice, error) {
	var reply struct {
		Columns []details `json:"value"`
	}
	if err := s.read(a, table, &reply); err != nil {
		return nil, err
	}
	var choices []sdk.Choice
	for _, column := range reply.Columns {
		for _, o := range column.options() {
			choices = append(choices, sdk.Choice{Value: o.value(), Label: o.Label.or(o.value()), Active: !o.Hidden})
		}
	}
	return choices, nil
}

// stages asks for both kinds of stage at once.
func (s *session) stages(ctx context.Context) ([]sdk.Choice, error) {
	processes := part{
		path: "processstages?$select=processstageid,stagename,stagecategory,_processid_value&$filter=" +
			escape("primaryentitytypecode eq 'opportunity'"),
		object: "processstage", prefer: formatted,
	}
	answers, err := s.batch(ctx, []part{choicesPart("opportunity", "salesstage"), processes})
	if err != nil {
		return nil, err
	}
	if isMissing(answers[0]) {
		return nil, sdk.Unsupported("The environment has no opportunities: Dynamics 365 Sales is not installed")
	}
	choices, err := s.choices(answers[0], "opportunity")
	if err != nil || len(choices) > 0 {
		return choices, err
	}
	return s.processStages(answers[1])
}

func (s *session) processStages(a answer) ([]sdk.Choice, error) {
	var reply struct {
		Stages []struct {
			ID      string `json:"processstageid"`
			Name    string `json:"stagename"`
			Process string `json:"_processid_value"`
			Title   string `json:"_processid_value@OData.Community.Display.V1.FormattedValue"`
		} `json:"value"`
	}
	if err := s.read(a, "processstage", &reply); err != nil {
		return nil, err
	}
	choices := make([]sdk.Choice, len(reply.Stages))
	for i, stage := range reply.Stages {
		choices[i] = sdk.Choice{
			Value: stage.ID, Label: excerpt(stage.Name), Active: true, Group: stage.Process, GroupLabel: excerpt(stage.Title),
		}
	}
	return choices, nil
}

// leadSources are those of leads; an environment without leads has them on
// contacts.
func (s *session) leadSources(ctx context.Context) ([]sdk.Choice, error) {
	answers, err := s.batch(ctx, []part{choicesPart("lead", "leadsourcecode"), choicesPart("contact", "leadsourcecode")})
	if err != nil {
		return nil, err
	}
	if isMissing(answers[0]) {
		return s.choices(answers[1], "contact")
	}
	return s.choices(answers[0], "lead")
}

// stakeholder is the category of connection roles between opportunities and
// contacts.
const stakeholder = "1000"

func (s *session) stakeholderRoles(ctx context.Context) ([]sdk.Choice, error) {
	var reply struct {
		Roles []struct {
			ID    string `json:"connectionroleid"`
			Name  string `json:"name"`
			State int    `json:"statecode"`
		} `json:"value"`
	}
	err := s.fetch(ctx, part{
		path:   "connectionroles?$select=connectionroleid,name,statecode&$filter=" + escape("category eq "+stakeholder) + "&$orderby=name",
		object: "connectionrole",
	}, &reply)
	if err != nil {
		return nil, err
	}
	choices := make([]sdk.Choice, len(reply.Roles))
	for i, role := range reply.Roles {
		choices[i] = sdk.Choice{Value: role.ID, Label: excerpt(role.Name), Active: role.State == 0}
	}
	return choices, nil
}
