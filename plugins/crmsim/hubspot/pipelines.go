package hubspot

import (
	"net/http"
	"slices"
)

// pipelineStage is a step of a pipeline.
type pipelineStage struct {
	id, label, probability string
	closed                 bool
}

// dealStages are the stages of the pipeline that every portal starts with, in order.
func dealStages() []pipelineStage {
	return []pipelineStage{
		{"appointmentscheduled", "Appointment Scheduled", "0.2", false},
		{"qualifiedtobuy", "Qualified To Buy", "0.4", false},
		{"presentationscheduled", "Presentation Scheduled", "0.6", false},
		{"decisionmakerboughtin", "Decision Maker Bought-In", "0.8", false},
		{"contractsent", "Contract Sent", "0.9", false},
		{"closedwon", "Closed Won", "1.0", true},
		{"closedlost", "Closed Lost", "0.0", true},
	}
}

// renewalStages are those of the second deal pipeline. Pipelines that a customer makes have numbers for ids, and so
// have their stages.
func renewalStages() []pipelineStage {
	return []pipelineStage{
		{"98765431", "Renewal Due", "0.5", false},
		{"98765432", "Terms Sent", "0.8", false},
		{"98765433", "Renewed", "1.0", true},
		{"98765434", "Churned", "0.0", true},
	}
}

// leadStages are those of the lead pipeline.
func leadStages() []pipelineStage {
	return []pipelineStage{
		{"new-stage-id", "New", "", false},
		{"attempting-stage-id", "Attempting", "", false},
		{"connected-stage-id", "Connected", "", false},
		{"qualified-stage-id", "Qualified", "", true},
		{"unqualified-stage-id", "Disqualified", "", true},
	}
}

const (
	defaultPipeline = "default"
	renewalPipeline = "98765430"
	leadPipeline    = "lead-pipeline-id"
	neverChanged    = "1970-01-01T00:00:00Z"
)

// pipeline is a named sequence of stages.
type pipeline struct {
	id, label string
	stages    []pipelineStage
}

// pipelinesOf lists an object's pipelines; none for objects without.
func pipelinesOf(object string) []pipeline {
	switch object {
	case "deals":
		return []pipeline{
			{defaultPipeline, "Sales Pipeline", dealStages()},
			{renewalPipeline, "Renewals", renewalStages()},
		}
	case "leads":
		return []pipeline{{leadPipeline, "Lead pipeline", leadStages()}}
	default:
		return nil
	}
}

type pipelineAnswer struct {
	Label        string        `json:"label"`
	DisplayOrder int           `json:"displayOrder"`
	ID           string        `json:"id"`
	Stages       []stageAnswer `json:"stages"`
	CreatedAt    string        `json:"createdAt"`
	UpdatedAt    string        `json:"updatedAt"`
	Archived     bool          `json:"archived"`
}

type stageAnswer struct {
	Label            string            `json:"label"`
	DisplayOrder     int               `json:"displayOrder"`
	Metadata         map[string]string `json:"metadata"` // values are strings, "false" and "0.2" too
	ID               string            `json:"id"`
	CreatedAt        string            `json:"createdAt"`
	UpdatedAt        string            `json:"updatedAt"`
	WritePermissions string            `json:"writePermissions"`
	Archived         bool              `json:"archived"`
}

func (p pipeline) answer(order int) pipelineAnswer {
	answer := pipelineAnswer{
		Label: p.label, DisplayOrder: order, ID: p.id, CreatedAt: neverChanged, UpdatedAt: neverChanged, Stages: []stageAnswer{},
	}
	for i, at := range p.stages {
		metadata := map[string]string{"isClosed": formatBool(at.closed)}
		if at.probability != "" {
			metadata["probability"] = at.probability
		}
		answer.Stages = append(answer.Stages, stageAnswer{
			Label: at.label, DisplayOrder: i, Metadata: metadata, ID: at.id, CreatedAt: neverChanged, UpdatedAt: neverChanged,
			WritePermissions: "CRM_PERMISSIONS_ENFORCEMENT",
		})
	}
	return answer
}

// pipelines serves the pipelines of an object, one of them, its stages or one stage. Only reading is simulated.
func (s *Simulator) pipelines(c *call) reply {
	rest := c.location.rest
	o, refused := s.typeAt(c, 0)
	switch {
	case refused != nil:
		return *refused
	case c.method != http.MethodGet:
		return notSimulated("changing pipelines")
	case !c.may(o.definitions):
		return missingScopes(o.definitions...)
	}
	found := pipelinesOf(o.name)
	if len(rest) == 1 {
		answers := make([]pipelineAnswer, len(found))
		for i := range found {
			answers[i] = found[i].answer(i)
		}
		return results(answers)
	}
	at := slices.IndexFunc(found, func(p pipeline) bool { return p.id == rest[1] })
	if at < 0 {
		return resourceMissing()
	}
	answer := found[at].answer(at)
	switch {
	case len(rest) == 2:
		return jsonReply(http.StatusOK, answer)
	case len(rest) == 3 && rest[2] == "stages":
		return results(answer.Stages)
	case len(rest) == 4 && rest[2] == "stages":
		if i := slices.IndexFunc(answer.Stages, func(a stageAnswer) bool { return a.ID == rest[3] }); i >= 0 {
			return jsonReply(http.StatusOK, answer.Stages[i])
		}
	}
	return resourceMissing()
}
