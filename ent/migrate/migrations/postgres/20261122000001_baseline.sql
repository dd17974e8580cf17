-- +goose Up
-- create "feed_entries" table
CREATE TABLE "feed_entries" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "seq" bigint NOT NULL, "kind" character varying NOT NULL, "integration_id" character varying NULL, "subject_id" character varying NULL, "payload" jsonb NULL, PRIMARY KEY ("id"));
-- create index "feedentry_created_at" to table: "feed_entries"
CREATE INDEX "feedentry_created_at" ON "feed_entries" ("created_at");
-- create index "feedentry_workspace_id_seq" to table: "feed_entries"
CREATE UNIQUE INDEX "feedentry_workspace_id_seq" ON "feed_entries" ("workspace_id", "seq");
-- create "api_tokens" table
CREATE TABLE "api_tokens" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "name" character varying NOT NULL, "role" character varying NOT NULL, "hash" bytea NOT NULL, "expires_at" timestamptz NULL, "revoked_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "apitoken_hash" to table: "api_tokens"
CREATE UNIQUE INDEX "apitoken_hash" ON "api_tokens" ("hash");
-- create index "apitoken_workspace_id_name" to table: "api_tokens"
CREATE UNIQUE INDEX "apitoken_workspace_id_name" ON "api_tokens" ("workspace_id", "name");
-- create "audit_entries" table
CREATE TABLE "audit_entries" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "actor" character varying NOT NULL, "actor_name" character varying NOT NULL, "action" character varying NOT NULL, "target" character varying NULL, "outcome" character varying NOT NULL, "before" jsonb NULL, "after" jsonb NULL, PRIMARY KEY ("id"));
-- create index "auditentry_workspace_id_created_at" to table: "audit_entries"
CREATE INDEX "auditentry_workspace_id_created_at" ON "audit_entries" ("workspace_id", "created_at");
-- create "credentials" table
CREATE TABLE "credentials" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "integration_id" character varying NOT NULL, "sealed" bytea NOT NULL, "version" bigint NOT NULL DEFAULT 1, "lease_owner" character varying NULL, "lease_until" timestamptz NULL, "revoked" boolean NOT NULL DEFAULT false, "refreshed_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "credential_workspace_id_integration_id" to table: "credentials"
CREATE UNIQUE INDEX "credential_workspace_id_integration_id" ON "credentials" ("workspace_id", "integration_id");
-- create "records" table
CREATE TABLE "records" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "integration_id" character varying NOT NULL, "object_name" character varying NOT NULL, "external_id" character varying NOT NULL, "modified_at" timestamptz NOT NULL, "deleted" boolean NOT NULL DEFAULT false, "content_hash" character varying NOT NULL, "data" text NOT NULL, "synced_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "record_workspace_id_integration_id_object_name_external_id" to table: "records"
CREATE UNIQUE INDEX "record_workspace_id_integration_id_object_name_external_id" ON "records" ("workspace_id", "integration_id", "object_name", "external_id");
-- create "idempotency_keys" table
CREATE TABLE "idempotency_keys" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "principal_id" character varying NOT NULL, "key" character varying NOT NULL, "operation" character varying NOT NULL, "request_hash" bytea NOT NULL, "answer" jsonb NULL, PRIMARY KEY ("id"));
-- create index "idempotencykey_created_at" to table: "idempotency_keys"
CREATE INDEX "idempotencykey_created_at" ON "idempotency_keys" ("created_at");
-- create index "idempotencykey_workspace_id_principal_id_key" to table: "idempotency_keys"
CREATE UNIQUE INDEX "idempotencykey_workspace_id_principal_id_key" ON "idempotency_keys" ("workspace_id", "principal_id", "key");
-- create "integrations" table
CREATE TABLE "integrations" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "connector" character varying NOT NULL, "environment" character varying NOT NULL, "state" character varying NOT NULL DEFAULT 'DRAFT', "state_reason" character varying NULL, "grace_until" timestamptz NULL, "slot" character varying NULL, "instance_id" character varying NULL, "instance_name" character varying NULL, "instance_url" character varying NULL, "endpoint" character varying NULL, "instance_edition" character varying NULL, "api_version" character varying NULL, "integration_user" character varying NULL, "integration_user_dedicated" boolean NOT NULL DEFAULT false, "config" jsonb NULL, "checklist" jsonb NULL, "checklist_at" timestamptz NULL, "steps_done" jsonb NULL, "settings_version" bigint NOT NULL DEFAULT 1, "schedule_time" character varying NOT NULL DEFAULT '02:00', "schedule_zone" character varying NOT NULL DEFAULT 'UTC', "next_run_at" timestamptz NULL, "last_synced_at" timestamptz NULL, "updated_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "integration_next_run_at" to table: "integrations"
CREATE INDEX "integration_next_run_at" ON "integrations" ("next_run_at");
-- create index "integration_workspace_id_slot" to table: "integrations"
CREATE UNIQUE INDEX "integration_workspace_id_slot" ON "integrations" ("workspace_id", "slot");
-- create "workspaces" table
CREATE TABLE "workspaces" ("id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "name" character varying NOT NULL, "edition" character varying NOT NULL DEFAULT 'ADVANCED_PLUS', "package_key" character varying NOT NULL, "time_zone" character varying NOT NULL DEFAULT 'UTC', PRIMARY KEY ("id"));
-- create "oauth_clients" table
CREATE TABLE "oauth_clients" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "connector" character varying NOT NULL, "environment" character varying NOT NULL, "client_id" character varying NOT NULL, "sealed_secret" bytea NOT NULL, "updated_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "oauthclient_workspace_id_connector_environment" to table: "oauth_clients"
CREATE UNIQUE INDEX "oauthclient_workspace_id_connector_environment" ON "oauth_clients" ("workspace_id", "connector", "environment");
-- create "oauth_states" table
CREATE TABLE "oauth_states" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "integration_id" character varying NOT NULL, "principal_id" character varying NOT NULL, "state_hash" bytea NOT NULL, "ticket_hash" bytea NOT NULL, "browser_hash" bytea NULL, "sealed_verifier" bytea NOT NULL, "redirect_uri" character varying NOT NULL, "expires_at" timestamptz NOT NULL, "used_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "oauthstate_state_hash" to table: "oauth_states"
CREATE UNIQUE INDEX "oauthstate_state_hash" ON "oauth_states" ("state_hash");
-- create index "oauthstate_ticket_hash" to table: "oauth_states"
CREATE UNIQUE INDEX "oauthstate_ticket_hash" ON "oauth_states" ("ticket_hash");
-- create index "oauthstate_workspace_id_integration_id" to table: "oauth_states"
CREATE INDEX "oauthstate_workspace_id_integration_id" ON "oauth_states" ("workspace_id", "integration_id");
-- create "setting_values" table
CREATE TABLE "setting_values" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "integration_id" character varying NOT NULL, "key" character varying NOT NULL, "value" jsonb NOT NULL, "updated_by" character varying NOT NULL, "updated_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "settingvalue_workspace_id_integration_id_key" to table: "setting_values"
CREATE UNIQUE INDEX "settingvalue_workspace_id_integration_id_key" ON "setting_values" ("workspace_id", "integration_id", "key");
-- create "alerts" table
CREATE TABLE "alerts" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "rule" character varying NOT NULL, "severity" character varying NOT NULL, "mandatory" boolean NOT NULL DEFAULT false, "state" character varying NOT NULL DEFAULT 'OPEN', "object_name" character varying NULL, "field_name" character varying NULL, "standard_field" character varying NULL, "cause" character varying NULL, "evidence" character varying NULL, "title" character varying NOT NULL, "message" character varying NOT NULL, "fix" jsonb NULL, "affected" jsonb NULL, "open_key" character varying NULL, "occurrences" bigint NOT NULL DEFAULT 1, "last_seen_at" timestamptz NOT NULL, "resolved_at" timestamptz NULL, "resolution" character varying NULL, "integration_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "alerts_integrations_alerts" FOREIGN KEY ("integration_id") REFERENCES "integrations" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "alert_workspace_id_integration_id_created_at" to table: "alerts"
CREATE INDEX "alert_workspace_id_integration_id_created_at" ON "alerts" ("workspace_id", "integration_id", "created_at");
-- create index "alert_workspace_id_open_key" to table: "alerts"
CREATE UNIQUE INDEX "alert_workspace_id_open_key" ON "alerts" ("workspace_id", "open_key");
-- create "crm_objects" table
CREATE TABLE "crm_objects" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "name" character varying NOT NULL, "label" character varying NULL, "requirement" character varying NOT NULL DEFAULT 'OPTIONAL', "status" character varying NOT NULL DEFAULT 'NOT_CHECKED', "rights" jsonb NULL, "cause" character varying NULL, "evidence" character varying NULL, "since" timestamptz NULL, "suspected_at" timestamptz NULL, "checked_at" timestamptz NULL, "stale" boolean NOT NULL DEFAULT false, "stale_reason" character varying NULL, "content_hash" character varying NULL, "api_version" character varying NULL, "resume_token" bytea NULL, "read_fields" jsonb NULL, "position" bigint NOT NULL DEFAULT 0, "integration_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "crm_objects_integrations_objects" FOREIGN KEY ("integration_id") REFERENCES "integrations" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "crmobject_workspace_id_integration_id_name" to table: "crm_objects"
CREATE UNIQUE INDEX "crmobject_workspace_id_integration_id_name" ON "crm_objects" ("workspace_id", "integration_id", "name");
-- create "crm_fields" table
CREATE TABLE "crm_fields" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "integration_id" character varying NOT NULL, "name" character varying NOT NULL, "label" character varying NULL, "data_type" character varying NULL, "readable" boolean NOT NULL DEFAULT false, "creatable" boolean NOT NULL DEFAULT false, "updatable" boolean NOT NULL DEFAULT false, "standardized" boolean NOT NULL DEFAULT false, "hideable" boolean NOT NULL DEFAULT true, "custom" boolean NOT NULL DEFAULT false, "required_on_create" boolean NOT NULL DEFAULT false, "picklist" jsonb NULL, "cause" character varying NULL, "evidence" character varying NULL, "since" timestamptz NULL, "suspected_at" timestamptz NULL, "object_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "crm_fields_crm_objects_fields" FOREIGN KEY ("object_id") REFERENCES "crm_objects" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "crmfield_workspace_id_integration_id" to table: "crm_fields"
CREATE INDEX "crmfield_workspace_id_integration_id" ON "crm_fields" ("workspace_id", "integration_id");
-- create index "crmfield_workspace_id_object_id_name" to table: "crm_fields"
CREATE UNIQUE INDEX "crmfield_workspace_id_object_id_name" ON "crm_fields" ("workspace_id", "object_id", "name");
-- create "mappings" table
CREATE TABLE "mappings" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "object_name" character varying NOT NULL, "standard_field" character varying NOT NULL, "crm_field" character varying NOT NULL, "origin" character varying NOT NULL, "created_by" character varying NOT NULL, "integration_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "mappings_integrations_mappings" FOREIGN KEY ("integration_id") REFERENCES "integrations" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "mapping_workspace_id_integration_id_object_name_crm_field" to table: "mappings"
CREATE UNIQUE INDEX "mapping_workspace_id_integration_id_object_name_crm_field" ON "mappings" ("workspace_id", "integration_id", "object_name", "crm_field");
-- create index "mapping_workspace_id_integration_id_standard_field" to table: "mappings"
CREATE UNIQUE INDEX "mapping_workspace_id_integration_id_standard_field" ON "mappings" ("workspace_id", "integration_id", "standard_field");
-- create "permission_changes" table
CREATE TABLE "permission_changes" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "object_name" character varying NOT NULL, "field_name" character varying NULL, "change" character varying NOT NULL, "cause" character varying NULL, "evidence" character varying NULL, "standardized" boolean NOT NULL DEFAULT false, "integration_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "permission_changes_integrations_permission_changes" FOREIGN KEY ("integration_id") REFERENCES "integrations" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "permissionchange_workspace_id_integration_id_created_at" to table: "permission_changes"
CREATE INDEX "permissionchange_workspace_id_integration_id_created_at" ON "permission_changes" ("workspace_id", "integration_id", "created_at");
-- create "sync_runs" table
CREATE TABLE "sync_runs" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "kind" character varying NOT NULL, "local_date" character varying NOT NULL, "status" character varying NOT NULL DEFAULT 'QUEUED', "reason" character varying NULL, "fault_code" character varying NULL, "phase" character varying NOT NULL DEFAULT 'CHECKLIST', "requested_by" character varying NULL, "date_key" character varying NULL, "active_key" character varying NULL, "version" bigint NOT NULL DEFAULT 1, "object_index" bigint NOT NULL DEFAULT 0, "resume_token" bytea NULL, "read_fields" jsonb NULL, "counters" jsonb NULL, "crm_calls" bigint NOT NULL DEFAULT 0, "steps" bigint NOT NULL DEFAULT 0, "started_at" timestamptz NULL, "finished_at" timestamptz NULL, "integration_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "sync_runs_integrations_runs" FOREIGN KEY ("integration_id") REFERENCES "integrations" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "syncrun_workspace_id_active_key" to table: "sync_runs"
CREATE UNIQUE INDEX "syncrun_workspace_id_active_key" ON "sync_runs" ("workspace_id", "active_key");
-- create index "syncrun_workspace_id_date_key" to table: "sync_runs"
CREATE UNIQUE INDEX "syncrun_workspace_id_date_key" ON "sync_runs" ("workspace_id", "date_key");
-- create index "syncrun_workspace_id_integration_id_created_at" to table: "sync_runs"
CREATE INDEX "syncrun_workspace_id_integration_id_created_at" ON "sync_runs" ("workspace_id", "integration_id", "created_at");
-- create "run_objects" table
CREATE TABLE "run_objects" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "name" character varying NOT NULL, "position" bigint NOT NULL, "status" character varying NOT NULL DEFAULT 'PENDING', "reason" character varying NULL, "fault_code" character varying NULL, "counters" jsonb NULL, "run_id" character varying NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "run_objects_sync_runs_objects" FOREIGN KEY ("run_id") REFERENCES "sync_runs" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "runobject_workspace_id_run_id_name" to table: "run_objects"
CREATE UNIQUE INDEX "runobject_workspace_id_run_id_name" ON "run_objects" ("workspace_id", "run_id", "name");

-- +goose Down
-- reverse: create index "runobject_workspace_id_run_id_name" to table: "run_objects"
DROP INDEX "runobject_workspace_id_run_id_name";
-- reverse: create "run_objects" table
DROP TABLE "run_objects";
-- reverse: create index "syncrun_workspace_id_integration_id_created_at" to table: "sync_runs"
DROP INDEX "syncrun_workspace_id_integration_id_created_at";
-- reverse: create index "syncrun_workspace_id_date_key" to table: "sync_runs"
DROP INDEX "syncrun_workspace_id_date_key";
-- reverse: create index "syncrun_workspace_id_active_key" to table: "sync_runs"
DROP INDEX "syncrun_workspace_id_active_key";
-- reverse: create "sync_runs" table
DROP TABLE "sync_runs";
-- reverse: create index "permissionchange_workspace_id_integration_id_created_at" to table: "permission_changes"
DROP INDEX "permissionchange_workspace_id_integration_id_created_at";
-- reverse: create "permission_changes" table
DROP TABLE "permission_changes";
-- reverse: create index "mapping_workspace_id_integration_id_standard_field" to table: "mappings"
DROP INDEX "mapping_workspace_id_integration_id_standard_field";
-- reverse: create index "mapping_workspace_id_integration_id_object_name_crm_field" to table: "mappings"
DROP INDEX "mapping_workspace_id_integration_id_object_name_crm_field";
-- reverse: create "mappings" table
DROP TABLE "mappings";
-- reverse: create index "crmfield_workspace_id_object_id_name" to table: "crm_fields"
DROP INDEX "crmfield_workspace_id_object_id_name";
-- reverse: create index "crmfield_workspace_id_integration_id" to table: "crm_fields"
DROP INDEX "crmfield_workspace_id_integration_id";
-- reverse: create "crm_fields" table
DROP TABLE "crm_fields";
-- reverse: create index "crmobject_workspace_id_integration_id_name" to table: "crm_objects"
DROP INDEX "crmobject_workspace_id_integration_id_name";
-- reverse: create "crm_objects" table
DROP TABLE "crm_objects";
-- reverse: create index "alert_workspace_id_open_key" to table: "alerts"
DROP INDEX "alert_workspace_id_open_key";
-- reverse: create index "alert_workspace_id_integration_id_created_at" to table: "alerts"
DROP INDEX "alert_workspace_id_integration_id_created_at";
-- reverse: create "alerts" table
DROP TABLE "alerts";
-- reverse: create index "settingvalue_workspace_id_integration_id_key" to table: "setting_values"
DROP INDEX "settingvalue_workspace_id_integration_id_key";
-- reverse: create "setting_values" table
DROP TABLE "setting_values";
-- reverse: create index "oauthstate_workspace_id_integration_id" to table: "oauth_states"
DROP INDEX "oauthstate_workspace_id_integration_id";
-- reverse: create index "oauthstate_ticket_hash" to table: "oauth_states"
DROP INDEX "oauthstate_ticket_hash";
-- reverse: create index "oauthstate_state_hash" to table: "oauth_states"
DROP INDEX "oauthstate_state_hash";
-- reverse: create "oauth_states" table
DROP TABLE "oauth_states";
-- reverse: create index "oauthclient_workspace_id_connector_environment" to table: "oauth_clients"
DROP INDEX "oauthclient_workspace_id_connector_environment";
-- reverse: create "oauth_clients" table
DROP TABLE "oauth_clients";
-- reverse: create "workspaces" table
DROP TABLE "workspaces";
-- reverse: create index "integration_workspace_id_slot" to table: "integrations"
DROP INDEX "integration_workspace_id_slot";
-- reverse: create index "integration_next_run_at" to table: "integrations"
DROP INDEX "integration_next_run_at";
-- reverse: create "integrations" table
DROP TABLE "integrations";
-- reverse: create index "idempotencykey_workspace_id_principal_id_key" to table: "idempotency_keys"
DROP INDEX "idempotencykey_workspace_id_principal_id_key";
-- reverse: create index "idempotencykey_created_at" to table: "idempotency_keys"
DROP INDEX "idempotencykey_created_at";
-- reverse: create "idempotency_keys" table
DROP TABLE "idempotency_keys";
-- reverse: create index "record_workspace_id_integration_id_object_name_external_id" to table: "records"
DROP INDEX "record_workspace_id_integration_id_object_name_external_id";
-- reverse: create "records" table
DROP TABLE "records";
-- reverse: create index "credential_workspace_id_integration_id" to table: "credentials"
DROP INDEX "credential_workspace_id_integration_id";
-- reverse: create "credentials" table
DROP TABLE "credentials";
-- reverse: create index "auditentry_workspace_id_created_at" to table: "audit_entries"
DROP INDEX "auditentry_workspace_id_created_at";
-- reverse: create "audit_entries" table
DROP TABLE "audit_entries";
-- reverse: create index "apitoken_workspace_id_name" to table: "api_tokens"
DROP INDEX "apitoken_workspace_id_name";
-- reverse: create index "apitoken_hash" to table: "api_tokens"
DROP INDEX "apitoken_hash";
-- reverse: create "api_tokens" table
DROP TABLE "api_tokens";
-- reverse: create index "feedentry_workspace_id_seq" to table: "feed_entries"
DROP INDEX "feedentry_workspace_id_seq";
-- reverse: create index "feedentry_created_at" to table: "feed_entries"
DROP INDEX "feedentry_created_at";
-- reverse: create "feed_entries" table
DROP TABLE "feed_entries";
