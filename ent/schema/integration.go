package schema

import (
	"encoding/json"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fieldwarden/fieldwarden/ent/mixin"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// Integration is a workspace's link to one CRM and environment (requirement C1).
type Integration struct{ ent.Schema }

// Mixin of the Integration.
func (Integration) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Integration}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the Integration.
func (Integration) Fields() []ent.Field {
	return []ent.Field{
		field.String("connector").MaxLen(64).NotEmpty().Immutable().Annotations(entgql.OrderField("CONNECTOR")),
		field.Enum("environment").GoType(crm.Environment("")).Immutable(),
		field.Enum("state").GoType(crm.IntegrationState("")).Default(string(crm.IntegrationDraft)),
		field.String("state_reason").MaxLen(500).Optional(),
		field.Time("grace_until").Optional().Nillable().Comment("when GRACE ends in DISCONNECTED (requirement C6)"),
		field.String("slot").MaxLen(120).Optional().Nillable().Comment("connector:environment while the integration holds its slot; unique, so one instance each (requirement C2)"),
		field.String("instance_id").MaxLen(200).Optional().Comment("the CRM's own id of the org"),
		field.String("instance_name").MaxLen(300).Optional(),
		field.String("instance_url").MaxLen(500).Optional(),
		field.String("endpoint").MaxLen(500).Optional().Comment("base URL for data calls"),
		field.String("instance_edition").MaxLen(100).Optional(),
		field.String("api_version").MaxLen(40).Optional(),
		field.String("integration_user").MaxLen(300).Optional(),
		field.Bool("integration_user_dedicated").Default(false),
		field.JSON("config", json.RawMessage{}).Optional(),
		field.JSON("checklist", []crm.ChecklistItem{}).Optional(),
		field.Time("checklist_at").Optional().Nillable(),
		field.JSON("steps_done", []crm.OnboardingStep{}).Optional(),
		field.Int("settings_version").Default(1).Comment("optimistic concurrency of settings (requirement API6)"),
		field.String("schedule_time").MaxLen(5).Default("02:00").Comment("local time of the daily run, HH:MM (D16)"),
		field.String("schedule_zone").MaxLen(64).Default("UTC").Comment("IANA name"),
		field.Time("next_run_at").Optional().Nillable(),
		field.Time("last_synced_at").Optional().Nillable(),
		field.Time("last_succeeded_at").Optional().Nillable().Comment("of the last run that read everything"),
		field.Int("consecutive_failures").Default(0).Comment("daily runs that failed since the last one that read something (requirement G10)"),
		field.Time("failing_since").Optional().Nillable().Comment("when the first of them ended"),
		field.Time("failure_warned_at").Optional().Nillable().Comment("when the warning before the automatic pause was given"),
		field.Time("grace_warned_at").Optional().Nillable().Comment("when the warning before the end of GRACE was given (requirement C6)"),
		field.Time("purge_requested_at").Optional().Nillable().Comment("since when its imported records are being deleted; until that is done nobody signs in again (requirement C8)"),
		field.Int("quota_percent").Default(80).Comment("share of the CRM's own quota, used by anybody, at which runs stop (requirement G5)"),
		field.Int("quota_used").Default(0).Comment("the CRM's own figure when it was last told"),
		field.Int("quota_max").Default(0).Comment("0: the CRM has not told"),
		field.Time("quota_at").Optional().Nillable(),
		field.Int("package_version").Default(0).Comment("of the workspace's package; 0 is the newest"),
		field.Int("watch_minutes").Default(0).Comment("between two probes of watch mode; 0 is off"),
		field.Time("next_watch_at").Optional().Nillable(),
		field.Time("watched_at").Optional().Nillable().Comment("of the last probe that answered"),
		field.Time("updated_at"),
	}
}

// Edges of the Integration.
func (Integration) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("objects", CrmObject.Type).Annotations(entgql.RelayConnection()),
		edge.To("runs", SyncRun.Type).Annotations(entgql.RelayConnection()),
		edge.To("alerts", Alert.Type).Annotations(entgql.RelayConnection()),
		edge.To("mappings", Mapping.Type),
		edge.To("permission_changes", PermissionChange.Type).Annotations(entgql.RelayConnection()),
		edge.To("snapshots", PermissionSnapshot.Type).Annotations(entgql.RelayConnection()),
		edge.To("mapping_changes", MappingChange.Type).Annotations(entgql.RelayConnection()),
		edge.To("identity_simulations", IdentitySimulation.Type).Annotations(entgql.RelayConnection()),
	}
}

// Indexes of the Integration.
func (Integration) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "slot").Unique(),
		index.Fields("next_run_at"),
		index.Fields("next_watch_at"),
	}
}

// Annotations of the Integration.
func (Integration) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}
