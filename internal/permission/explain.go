package permission

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/workspace"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
)

// Explanation is what explains the verdicts on one integration's objects and fields:
// who needs which right, what is read and watched, and how access is got back
// (requirements I8, B5). It looks at rows and asks nobody.
type Explanation struct {
	integration  *ent.Integration
	pkg          crm.Package
	needs        crm.Needs
	remediations []crm.RemediationTemplate
	standardized bool
}

// Explain loads what explains the verdicts of integrations, in a fixed number of
// statements, by integration. What one's connector or package does not say is left
// out of its explanation: the verdicts stand without it.
func (s *Service) Explain(ctx context.Context, integrationIDs []string) (map[string]*Explanation, error) {
	client := s.store.Read()
	rows, err := client.Integration.Query().Where(integration.IDIn(integrationIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("permission: integrations: %w", err)
	}
	var owners []string
	for _, row := range rows {
		owners = append(owners, row.WorkspaceID)
	}
	slices.Sort(owners)
	found, err := client.Workspace.Query().Where(workspace.IDIn(slices.Compact(owners)...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("permission: workspaces: %w", err)
	}
	tenants := make(map[string]*ent.Workspace, len(found))
	for _, tenant := range found {
		tenants[tenant.ID] = tenant
	}
	decided, err := snapshot.Settings(ctx, client, integrationIDs...)
	if err != nil {
		return nil, err
	}
	mapped, err := snapshot.Mappings(ctx, client, integrationIDs...)
	if err != nil {
		return nil, err
	}
	explained := make(map[string]*Explanation, len(rows))
	for _, row := range rows {
		inputs := crm.SettingInputs{Stored: decided[row.ID], Mappings: mapped[row.ID]}
		explained[row.ID] = s.explain(ctx, row, tenants[row.WorkspaceID], inputs)
	}
	return explained, nil
}

// explain fills in what the connector and the package say.
func (s *Service) explain(ctx context.Context, row *ent.Integration, tenant *ent.Workspace, inputs crm.SettingInputs) *Explanation {
	e := &Explanation{integration: row, standardized: slices.Contains(row.StepsDone, crm.StepStandardization)}
	var err error
	if inputs.Manifest, err = s.meter.Describe(row.Connector); err != nil {
		s.log.WarnContext(ctx, "no remediation templates: the connector does not describe itself",
			slog.String("connector", row.Connector), slog.String("error", err.Error()))
	}
	e.remediations = inputs.Manifest.Remediations
	if tenant == nil {
		return e
	}
	if inputs.Package, err = s.packages(tenant.PackageKey, row.Connector, row.PackageVersion); err != nil {
		s.log.WarnContext(ctx, "the package of an integration is missing",
			slog.String("integration", row.ID), slog.String("error", err.Error()))
		return e
	}
	inputs.Edition = tenant.Edition
	e.pkg, e.needs = inputs.Package, crm.CollectNeeds(inputs)
	return e
}

// ObjectAccessed reports whether the daily run reads the object's records.
func (e *Explanation) ObjectAccessed(object *ent.CrmObject) bool {
	return e.ObjectMonitored(object) && object.Status == crm.ObjectOK && object.SuspectedAt == nil
}

// ObjectMonitored reports whether the object's loss is alerted.
func (e *Explanation) ObjectMonitored(object *ent.CrmObject) bool {
	_, needed := e.pkg.Object(object.Name)
	return needed && object.Published
}

// FieldAccessed reports whether the daily run reads the field.
func (e *Explanation) FieldAccessed(object *ent.CrmObject, field *ent.CrmField) bool {
	return e.ObjectAccessed(object) && field.Standardized && field.Readable && field.SuspectedAt == nil
}

// FieldMonitored reports whether the field's loss is alerted: it is mapped, and
// standardization is over (requirement H1).
func (e *Explanation) FieldMonitored(object *ent.CrmObject, field *ent.CrmField) bool {
	return e.standardized && e.ObjectMonitored(object) && field.Standardized
}

// ObjectNeeds lists who needs which right on the object.
func (e *Explanation) ObjectNeeds(object *ent.CrmObject) []crm.Need {
	return e.needs.OfObject(object.Name)
}

// FieldNeeds lists who needs which right on the field.
func (e *Explanation) FieldNeeds(object *ent.CrmObject, field *ent.CrmField) []crm.Need {
	return e.needs.OfField(object.Name, field.Name)
}

// ObjectFix tells how to get the object back; nil when nothing is known to be missing.
func (e *Explanation) ObjectFix(object *ent.CrmObject) *crm.Fix {
	if object.Status == crm.ObjectOK || object.Status == crm.ObjectNotChecked {
		return nil
	}
	return e.fix(causeOf(object.Cause), e.subject(object))
}

// FieldFix tells how to get the field back; nil when it can be read.
func (e *Explanation) FieldFix(object *ent.CrmObject, field *ent.CrmField) *crm.Fix {
	if field.Readable {
		return nil
	}
	subject := e.subject(object)
	subject.Field, subject.FieldLabel, subject.Candidate = field.Name, field.Label, field.Candidate
	return e.fix(causeOf(field.Cause), subject)
}

// RightFix tells how to get a right that is missing on an object, or on its field of
// that name, of which row is what is known; nil when nothing is.
func (e *Explanation) RightFix(object *ent.CrmObject, name string, row *ent.CrmField, right crm.Right) *crm.Fix {
	subject, cause, readable := e.subject(object), causeOf(object.Cause), object.Status == crm.ObjectOK
	if name != "" && readable {
		subject.Field, cause, readable = name, crm.CauseUnknown, false
		if row != nil {
			subject.FieldLabel, subject.Candidate = row.Label, row.Candidate
			cause, readable = causeOf(row.Cause), row.Readable
		}
	}
	fix := crm.RightFix(e.remediations, cause, subject, right, readable)
	return &fix
}

func (e *Explanation) subject(object *ent.CrmObject) crm.Subject {
	label := object.Label
	if needed, ok := e.pkg.Object(object.Name); ok {
		label = needed.Label
	}
	return crm.Subject{
		Object: object.Name, ObjectLabel: label,
		InstanceURL: e.integration.InstanceURL, User: e.integration.IntegrationUser,
	}
}

func (e *Explanation) fix(cause crm.Cause, subject crm.Subject) *crm.Fix {
	fix := crm.RenderRemediation(e.remediations, cause, subject)
	return &fix
}

// causeOf is the cause that people are shown: never none.
func causeOf(cause *crm.Cause) crm.Cause {
	if cause == nil {
		return crm.CauseUnknown
	}
	return *cause
}
