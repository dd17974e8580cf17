-- +goose Up
-- create "channels" table
CREATE TABLE "channels" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "kind" character varying NOT NULL, "name" character varying NOT NULL, "host" character varying NOT NULL, "header_names" jsonb NULL, "sealed" bytea NOT NULL, "min_severity" character varying NOT NULL DEFAULT 'INFO', "enabled" boolean NOT NULL DEFAULT true, "disabled_reason" character varying NULL, "disabled_at" timestamptz NULL, "failures" bigint NOT NULL DEFAULT 0, "retry_at" timestamptz NULL, "last_delivered_at" timestamptz NULL, "created_by" character varying NOT NULL, "updated_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "channel_workspace_id_name" to table: "channels"
CREATE UNIQUE INDEX "channel_workspace_id_name" ON "channels" ("workspace_id", "name");
-- create "digests" table
CREATE TABLE "digests" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "local_date" character varying NOT NULL, "zone" character varying NOT NULL, "lost" bigint NOT NULL DEFAULT 0, "resolved" bigint NOT NULL DEFAULT 0, "recipients" bigint NOT NULL DEFAULT 0, "content" bytea NOT NULL, PRIMARY KEY ("id"));
-- create index "digest_workspace_id_local_date" to table: "digests"
CREATE UNIQUE INDEX "digest_workspace_id_local_date" ON "digests" ("workspace_id", "local_date");
-- modify "crm_objects" table
ALTER TABLE "crm_objects" ADD COLUMN "rights_since" timestamptz NULL, ADD COLUMN "published" boolean NOT NULL DEFAULT true;
-- create "deliveries" table
CREATE TABLE "deliveries" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "kind" character varying NOT NULL, "medium" character varying NOT NULL, "channel_id" character varying NULL, "address" character varying NULL, "integration_id" character varying NULL, "alert_id" character varying NULL, "digest_id" character varying NULL, "event" character varying NULL, "dedup_key" character varying NOT NULL, "payload" bytea NOT NULL, "state" character varying NOT NULL DEFAULT 'PENDING', "attempts" bigint NOT NULL DEFAULT 0, "next_attempt_at" timestamptz NULL, "attempted_at" timestamptz NULL, "delivered_at" timestamptz NULL, "response_code" bigint NULL, "failure" character varying NULL, "log" jsonb NULL, PRIMARY KEY ("id"));
-- create index "delivery_workspace_id_alert_id" to table: "deliveries"
CREATE INDEX "delivery_workspace_id_alert_id" ON "deliveries" ("workspace_id", "alert_id");
-- create index "delivery_next_attempt_at" to table: "deliveries"
CREATE INDEX "delivery_next_attempt_at" ON "deliveries" ("next_attempt_at") WHERE (next_attempt_at IS NOT NULL);
-- create index "delivery_workspace_id_address" to table: "deliveries"
CREATE INDEX "delivery_workspace_id_address" ON "deliveries" ("workspace_id", "address") WHERE (next_attempt_at IS NOT NULL);
-- create index "delivery_workspace_id_channel_id_state" to table: "deliveries"
CREATE INDEX "delivery_workspace_id_channel_id_state" ON "deliveries" ("workspace_id", "channel_id", "state");
-- create index "delivery_workspace_id_created_at" to table: "deliveries"
CREATE INDEX "delivery_workspace_id_created_at" ON "deliveries" ("workspace_id", "created_at");
-- create index "delivery_workspace_id_dedup_key" to table: "deliveries"
CREATE UNIQUE INDEX "delivery_workspace_id_dedup_key" ON "deliveries" ("workspace_id", "dedup_key");
-- modify "members" table
ALTER TABLE "members" ADD COLUMN "inbox_read_through" timestamptz NULL;
-- modify "oauth_states" table
ALTER TABLE "oauth_states" ADD COLUMN "simulation_id" character varying NULL;
-- modify "recipients" table
ALTER TABLE "recipients" ADD COLUMN "kind" character varying NOT NULL DEFAULT 'PERSON', ADD COLUMN "min_severity" character varying NOT NULL DEFAULT 'INFO';
-- modify "workspaces" table
ALTER TABLE "workspaces" ADD COLUMN "digest_time" character varying NOT NULL DEFAULT '07:00', ADD COLUMN "digest_zone" character varying NULL, ADD COLUMN "next_digest_at" timestamptz NULL;
-- modify "crm_fields" table
ALTER TABLE "crm_fields" ADD COLUMN "rights_since" timestamptz NULL;
-- modify "alerts" table
ALTER TABLE "alerts" ADD COLUMN "opened_at" timestamptz NULL, ADD COLUMN "since" timestamptz NULL, ADD COLUMN "folded" boolean NOT NULL DEFAULT false, ADD COLUMN "flaps" bigint NOT NULL DEFAULT 0, ADD COLUMN "acknowledged_at" timestamptz NULL, ADD COLUMN "acknowledged_by" character varying NULL, ADD COLUMN "snoozed_until" timestamptz NULL, ADD COLUMN "snoozed_by" character varying NULL, ADD COLUMN "resolved_by" character varying NULL, ADD COLUMN "note" character varying NULL;
-- alerts of before this version were opened when they were made
UPDATE "alerts" SET "opened_at" = "created_at";
-- modify "integrations" table
ALTER TABLE "integrations" ADD COLUMN "package_version" bigint NOT NULL DEFAULT 0, ADD COLUMN "watch_minutes" bigint NOT NULL DEFAULT 0, ADD COLUMN "next_watch_at" timestamptz NULL, ADD COLUMN "watched_at" timestamptz NULL;
-- create index "integration_next_watch_at" to table: "integrations"
CREATE INDEX "integration_next_watch_at" ON "integrations" ("next_watch_at");
-- create "snapshot_objects" table
CREATE TABLE "snapshot_objects" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "integration_id" character varying NOT NULL, "object_name" character varying NOT NULL, "content_hash" character varying NOT NULL, "body" bytea NOT NULL, PRIMARY KEY ("id"));
-- create index "snapshotobject_content" to table: "snapshot_objects"
CREATE UNIQUE INDEX "snapshotobject_content" ON "snapshot_objects" ("workspace_id", "integration_id", "object_name", "content_hash");
-- create "inbox_items" table
CREATE TABLE "inbox_items" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "integration_id" character varying NOT NULL, "alert_id" character varying NOT NULL, "event" character varying NOT NULL, "severity" character varying NOT NULL, PRIMARY KEY ("id"));
-- create index "inboxitem_workspace_id_created_at" to table: "inbox_items"
CREATE INDEX "inboxitem_workspace_id_created_at" ON "inbox_items" ("workspace_id", "created_at");
-- create "inbox_reads" table
CREATE TABLE "inbox_reads" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "member_id" character varying NOT NULL, "item_id" character varying NOT NULL, PRIMARY KEY ("id"));
-- create index "inboxread_workspace_id_member_id_item_id" to table: "inbox_reads"
CREATE UNIQUE INDEX "inboxread_workspace_id_member_id_item_id" ON "inbox_reads" ("workspace_id", "member_id", "item_id");
-- create "muted_rules" table
CREATE TABLE "muted_rules" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "rule" character varying NOT NULL, "reason" character varying NULL, "muted_by" character varying NOT NULL, PRIMARY KEY ("id"));
-- create index "mutedrule_workspace_id_rule" to table: "muted_rules"
CREATE UNIQUE INDEX "mutedrule_workspace_id_rule" ON "muted_rules" ("workspace_id", "rule");
-- create "mapping_defaults" table
CREATE TABLE "mapping_defaults" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "connector" character varying NOT NULL, "standard_field" character varying NOT NULL, "crm_field" character varying NOT NULL, "updated_by" character varying NOT NULL, "updated_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "mappingdefault_workspace_id_connector_standard_field" to table: "mapping_defaults"
CREATE UNIQUE INDEX "mappingdefault_workspace_id_connector_standard_field" ON "mapping_defaults" ("workspace_id", "connector", "standard_field");
-- create "identity_simulations" table
CREATE TABLE "identity_simulations" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "state" character varying NOT NULL DEFAULT 'WAITING', "identity" character varying NULL, "report" bytea NULL, "failure_code" character varying NULL, "failure" character varying NULL, "requested_by" character varying NOT NULL, "expires_at" timestamptz NOT NULL, "finished_at" timestamptz NULL, "integration_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "identity_simulations_integrations_identity_simulations" FOREIGN KEY ("integration_id") REFERENCES "integrations" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "identitysimulation_workspace_id_integration_id_created_at" to table: "identity_simulations"
CREATE INDEX "identitysimulation_workspace_id_integration_id_created_at" ON "identity_simulations" ("workspace_id", "integration_id", "created_at");
-- create "mapping_changes" table
CREATE TABLE "mapping_changes" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "action" character varying NOT NULL, "object_name" character varying NULL, "standard_field" character varying NULL, "crm_field_before" character varying NULL, "crm_field_after" character varying NULL, "origin" character varying NULL, "reason" character varying NULL, "changed_by" character varying NOT NULL, "integration_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "mapping_changes_integrations_mapping_changes" FOREIGN KEY ("integration_id") REFERENCES "integrations" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "mappingchange_workspace_id_integration_id_created_at" to table: "mapping_changes"
CREATE INDEX "mappingchange_workspace_id_integration_id_created_at" ON "mapping_changes" ("workspace_id", "integration_id", "created_at");
-- create "permission_snapshots" table
CREATE TABLE "permission_snapshots" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "trigger" character varying NOT NULL, "last_seen_at" timestamptz NOT NULL, "checks" bigint NOT NULL DEFAULT 1, "api_version" character varying NULL, "identity" character varying NULL, "content_hash" character varying NOT NULL, "objects" jsonb NOT NULL, "integration_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "permission_snapshots_integrations_snapshots" FOREIGN KEY ("integration_id") REFERENCES "integrations" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "permissionsnapshot_workspace_id_integration_id_created_at" to table: "permission_snapshots"
CREATE INDEX "permissionsnapshot_workspace_id_integration_id_created_at" ON "permission_snapshots" ("workspace_id", "integration_id", "created_at");

-- +goose Down
-- reverse: create index "permissionsnapshot_workspace_id_integration_id_created_at" to table: "permission_snapshots"
DROP INDEX "permissionsnapshot_workspace_id_integration_id_created_at";
-- reverse: create "permission_snapshots" table
DROP TABLE "permission_snapshots";
-- reverse: create index "mappingchange_workspace_id_integration_id_created_at" to table: "mapping_changes"
DROP INDEX "mappingchange_workspace_id_integration_id_created_at";
-- reverse: create "mapping_changes" table
DROP TABLE "mapping_changes";
-- reverse: create index "identitysimulation_workspace_id_integration_id_created_at" to table: "identity_simulations"
DROP INDEX "identitysimulation_workspace_id_integration_id_created_at";
-- reverse: create "identity_simulations" table
DROP TABLE "identity_simulations";
-- reverse: create index "mappingdefault_workspace_id_connector_standard_field" to table: "mapping_defaults"
DROP INDEX "mappingdefault_workspace_id_connector_standard_field";
-- reverse: create "mapping_defaults" table
DROP TABLE "mapping_defaults";
-- reverse: create index "mutedrule_workspace_id_rule" to table: "muted_rules"
DROP INDEX "mutedrule_workspace_id_rule";
-- reverse: create "muted_rules" table
DROP TABLE "muted_rules";
-- reverse: create index "inboxread_workspace_id_member_id_item_id" to table: "inbox_reads"
DROP INDEX "inboxread_workspace_id_member_id_item_id";
-- reverse: create "inbox_reads" table
DROP TABLE "inbox_reads";
-- reverse: create index "inboxitem_workspace_id_created_at" to table: "inbox_items"
DROP INDEX "inboxitem_workspace_id_created_at";
-- reverse: create "inbox_items" table
DROP TABLE "inbox_items";
-- reverse: create index "snapshotobject_content" to table: "snapshot_objects"
DROP INDEX "snapshotobject_content";
-- reverse: create "snapshot_objects" table
DROP TABLE "snapshot_objects";
-- reverse: create index "integration_next_watch_at" to table: "integrations"
DROP INDEX "integration_next_watch_at";
-- reverse: modify "integrations" table
ALTER TABLE "integrations" DROP COLUMN "watched_at", DROP COLUMN "next_watch_at", DROP COLUMN "watch_minutes", DROP COLUMN "package_version";
-- reverse: modify "alerts" table
ALTER TABLE "alerts" DROP COLUMN "note", DROP COLUMN "resolved_by", DROP COLUMN "snoozed_by", DROP COLUMN "snoozed_until", DROP COLUMN "acknowledged_by", DROP COLUMN "acknowledged_at", DROP COLUMN "flaps", DROP COLUMN "folded", DROP COLUMN "since", DROP COLUMN "opened_at";
-- reverse: modify "crm_fields" table
ALTER TABLE "crm_fields" DROP COLUMN "rights_since";
-- reverse: modify "workspaces" table
ALTER TABLE "workspaces" DROP COLUMN "next_digest_at", DROP COLUMN "digest_zone", DROP COLUMN "digest_time";
-- reverse: modify "recipients" table
ALTER TABLE "recipients" DROP COLUMN "min_severity", DROP COLUMN "kind";
-- reverse: modify "oauth_states" table
ALTER TABLE "oauth_states" DROP COLUMN "simulation_id";
-- reverse: modify "members" table
ALTER TABLE "members" DROP COLUMN "inbox_read_through";
-- reverse: create index "delivery_workspace_id_dedup_key" to table: "deliveries"
DROP INDEX "delivery_workspace_id_dedup_key";
-- reverse: create index "delivery_workspace_id_created_at" to table: "deliveries"
DROP INDEX "delivery_workspace_id_created_at";
-- reverse: create index "delivery_workspace_id_channel_id_state" to table: "deliveries"
DROP INDEX "delivery_workspace_id_channel_id_state";
-- reverse: create index "delivery_workspace_id_alert_id" to table: "deliveries"
DROP INDEX "delivery_workspace_id_alert_id";
-- reverse: create index "delivery_workspace_id_address" to table: "deliveries"
DROP INDEX "delivery_workspace_id_address";
-- reverse: create index "delivery_next_attempt_at" to table: "deliveries"
DROP INDEX "delivery_next_attempt_at";
-- reverse: create "deliveries" table
DROP TABLE "deliveries";
-- reverse: modify "crm_objects" table
ALTER TABLE "crm_objects" DROP COLUMN "published", DROP COLUMN "rights_since";
-- reverse: create index "digest_workspace_id_local_date" to table: "digests"
DROP INDEX "digest_workspace_id_local_date";
-- reverse: create "digests" table
DROP TABLE "digests";
-- reverse: create index "channel_workspace_id_name" to table: "channels"
DROP INDEX "channel_workspace_id_name";
-- reverse: create "channels" table
DROP TABLE "channels";
