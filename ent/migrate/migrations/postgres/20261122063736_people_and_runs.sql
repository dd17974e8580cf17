-- +goose Up
-- modify "api_tokens" table
ALTER TABLE "api_tokens" ADD COLUMN "scopes" jsonb NULL, ADD COLUMN "created_by" character varying NULL, ADD COLUMN "last_used_at" timestamptz NULL;
-- modify "audit_entries" table
ALTER TABLE "audit_entries" ADD COLUMN "via" character varying NULL, ADD COLUMN "interface" character varying NULL, ADD COLUMN "address" character varying NULL, ADD COLUMN "user_agent" character varying NULL, ADD COLUMN "request_id" character varying NULL, ADD COLUMN "fault_code" character varying NULL;
-- create index "auditentry_workspace_id_target" to table: "audit_entries"
CREATE INDEX "auditentry_workspace_id_target" ON "audit_entries" ("workspace_id", "target");
-- modify "crm_objects" table
ALTER TABLE "crm_objects" ADD COLUMN "sync_phase" character varying NOT NULL DEFAULT 'ONBOARDING', ADD COLUMN "last_read_at" timestamptz NULL, ADD COLUMN "partial_token" bytea NULL, ADD COLUMN "partial_fields" jsonb NULL, ADD COLUMN "partial_generation" bigint NOT NULL DEFAULT 0, ADD COLUMN "partial" boolean NOT NULL DEFAULT false;
-- modify "integrations" table
ALTER TABLE "integrations" ADD COLUMN "last_succeeded_at" timestamptz NULL, ADD COLUMN "consecutive_failures" bigint NOT NULL DEFAULT 0, ADD COLUMN "failing_since" timestamptz NULL, ADD COLUMN "failure_warned_at" timestamptz NULL, ADD COLUMN "grace_warned_at" timestamptz NULL, ADD COLUMN "purge_requested_at" timestamptz NULL, ADD COLUMN "quota_percent" bigint NOT NULL DEFAULT 80, ADD COLUMN "quota_used" bigint NOT NULL DEFAULT 0, ADD COLUMN "quota_max" bigint NOT NULL DEFAULT 0, ADD COLUMN "quota_at" timestamptz NULL;
-- modify "run_objects" table
ALTER TABLE "run_objects" ADD COLUMN "phase" character varying NOT NULL DEFAULT 'ONBOARDING', ADD COLUMN "crm_calls" bigint NOT NULL DEFAULT 0, ADD COLUMN "started_at" timestamptz NULL, ADD COLUMN "finished_at" timestamptz NULL;
-- modify "sync_runs" table
ALTER TABLE "sync_runs" ADD COLUMN "resume_at" timestamptz NULL, ADD COLUMN "objects_wanted" jsonb NULL, ADD COLUMN "records_wanted" jsonb NULL, ADD COLUMN "log_seq" bigint NOT NULL DEFAULT 0;
-- create "api_budgets" table
CREATE TABLE "api_budgets" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "integration_id" character varying NOT NULL, "api_type" character varying NOT NULL, "daily_limit" bigint NOT NULL, "updated_by" character varying NOT NULL, "updated_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "apibudget_workspace_id_integration_id_api_type" to table: "api_budgets"
CREATE UNIQUE INDEX "apibudget_workspace_id_integration_id_api_type" ON "api_budgets" ("workspace_id", "integration_id", "api_type");
-- create "api_usages" table
CREATE TABLE "api_usages" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "integration_id" character varying NOT NULL, "api_type" character varying NOT NULL, "local_date" character varying NOT NULL, "calls" bigint NOT NULL DEFAULT 0, PRIMARY KEY ("id"));
-- create index "apiusage_workspace_id_integration_id_local_date_api_type" to table: "api_usages"
CREATE UNIQUE INDEX "apiusage_workspace_id_integration_id_local_date_api_type" ON "api_usages" ("workspace_id", "integration_id", "local_date", "api_type");
-- create "failed_records" table
CREATE TABLE "failed_records" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "integration_id" character varying NOT NULL, "object_name" character varying NOT NULL, "record_id" character varying NOT NULL, "run_id" character varying NOT NULL, "fault_code" character varying NOT NULL, "message" character varying NOT NULL, "attempts" bigint NOT NULL DEFAULT 1, "last_seen_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "failedrecord_workspace_id_integration_id_object_name_record_id" to table: "failed_records"
CREATE UNIQUE INDEX "failedrecord_workspace_id_integration_id_object_name_record_id" ON "failed_records" ("workspace_id", "integration_id", "object_name", "record_id");
-- create "invitations" table
CREATE TABLE "invitations" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "email" character varying NOT NULL, "role" character varying NOT NULL, "ticket_hash" bytea NOT NULL, "invited_by" character varying NOT NULL, "expires_at" timestamptz NOT NULL, "accepted_at" timestamptz NULL, "revoked_at" timestamptz NULL, "open_key" character varying NULL, PRIMARY KEY ("id"));
-- create index "invitation_ticket_hash" to table: "invitations"
CREATE UNIQUE INDEX "invitation_ticket_hash" ON "invitations" ("ticket_hash");
-- create index "invitation_workspace_id_open_key" to table: "invitations"
CREATE UNIQUE INDEX "invitation_workspace_id_open_key" ON "invitations" ("workspace_id", "open_key");
-- create "members" table
CREATE TABLE "members" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "email" character varying NOT NULL, "name" character varying NULL, "role" character varying NOT NULL, "issuer" character varying NULL, "subject" character varying NULL, "invited_by" character varying NULL, "last_seen_at" timestamptz NULL, "removed_at" timestamptz NULL, "email_key" character varying NULL, PRIMARY KEY ("id"));
-- create index "member_email" to table: "members"
CREATE INDEX "member_email" ON "members" ("email");
-- create index "member_issuer_subject" to table: "members"
CREATE INDEX "member_issuer_subject" ON "members" ("issuer", "subject");
-- create index "member_workspace_id_email_key" to table: "members"
CREATE UNIQUE INDEX "member_workspace_id_email_key" ON "members" ("workspace_id", "email_key");
-- create "recipients" table
CREATE TABLE "recipients" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "address" character varying NOT NULL, "class" character varying NOT NULL, "added_by" character varying NOT NULL, PRIMARY KEY ("id"));
-- create index "recipient_workspace_id_address" to table: "recipients"
CREATE UNIQUE INDEX "recipient_workspace_id_address" ON "recipients" ("workspace_id", "address");
-- create "run_errors" table
CREATE TABLE "run_errors" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "run_id" character varying NOT NULL, "integration_id" character varying NOT NULL, "fault_code" character varying NOT NULL, "object_name" character varying NOT NULL DEFAULT '', "field_name" character varying NOT NULL DEFAULT '', "message" character varying NOT NULL, "count" bigint NOT NULL DEFAULT 1, "record_ids" jsonb NULL, "last_seen_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "runerror_workspace_id_run_id_fault_code_object_name_field_name" to table: "run_errors"
CREATE UNIQUE INDEX "runerror_workspace_id_run_id_fault_code_object_name_field_name" ON "run_errors" ("workspace_id", "run_id", "fault_code", "object_name", "field_name");
-- create "run_log_entries" table
CREATE TABLE "run_log_entries" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "run_id" character varying NOT NULL, "integration_id" character varying NOT NULL, "seq" bigint NOT NULL, "level" character varying NOT NULL, "message" character varying NOT NULL, "object_name" character varying NULL, "fault_code" character varying NULL, "attributes" jsonb NULL, PRIMARY KEY ("id"));
-- create index "runlogentry_created_at" to table: "run_log_entries"
CREATE INDEX "runlogentry_created_at" ON "run_log_entries" ("created_at");
-- create index "runlogentry_workspace_id_run_id_seq" to table: "run_log_entries"
CREATE UNIQUE INDEX "runlogentry_workspace_id_run_id_seq" ON "run_log_entries" ("workspace_id", "run_id", "seq");
-- create "sessions" table
CREATE TABLE "sessions" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "hash" bytea NOT NULL, "member_id" character varying NULL, "csm" boolean NOT NULL DEFAULT false, "issuer" character varying NULL, "subject" character varying NULL, "email" character varying NULL, "name" character varying NULL, "address" character varying NULL, "user_agent" character varying NULL, "expires_at" timestamptz NOT NULL, "seen_at" timestamptz NOT NULL, "ended_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "session_expires_at" to table: "sessions"
CREATE INDEX "session_expires_at" ON "sessions" ("expires_at");
-- create index "session_hash" to table: "sessions"
CREATE UNIQUE INDEX "session_hash" ON "sessions" ("hash");
-- create index "session_workspace_id_member_id" to table: "sessions"
CREATE INDEX "session_workspace_id_member_id" ON "sessions" ("workspace_id", "member_id");
-- create "sign_in_links" table
CREATE TABLE "sign_in_links" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "member_id" character varying NULL, "ticket_hash" bytea NOT NULL, "expires_at" timestamptz NOT NULL, "used_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "signinlink_ticket_hash" to table: "sign_in_links"
CREATE UNIQUE INDEX "signinlink_ticket_hash" ON "sign_in_links" ("ticket_hash");
-- create index "signinlink_workspace_id_created_at" to table: "sign_in_links"
CREATE INDEX "signinlink_workspace_id_created_at" ON "sign_in_links" ("workspace_id", "created_at");
-- the audit log is append-only (requirement O2)
-- +goose StatementBegin
CREATE FUNCTION "refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit entries are never changed'; END $$;
-- +goose StatementEnd
CREATE TRIGGER "audit_entries_append_only" BEFORE UPDATE OR DELETE ON "audit_entries" FOR EACH ROW EXECUTE FUNCTION "refuse_audit_change"();
-- rows have no say in a TRUNCATE
CREATE TRIGGER "audit_entries_no_truncate" BEFORE TRUNCATE ON "audit_entries" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();

-- +goose Down
DROP TRIGGER "audit_entries_no_truncate" ON "audit_entries";
DROP TRIGGER "audit_entries_append_only" ON "audit_entries";
DROP FUNCTION "refuse_audit_change"();
-- reverse: create index "signinlink_workspace_id_created_at" to table: "sign_in_links"
DROP INDEX "signinlink_workspace_id_created_at";
-- reverse: create index "signinlink_ticket_hash" to table: "sign_in_links"
DROP INDEX "signinlink_ticket_hash";
-- reverse: create "sign_in_links" table
DROP TABLE "sign_in_links";
-- reverse: create index "session_workspace_id_member_id" to table: "sessions"
DROP INDEX "session_workspace_id_member_id";
-- reverse: create index "session_hash" to table: "sessions"
DROP INDEX "session_hash";
-- reverse: create index "session_expires_at" to table: "sessions"
DROP INDEX "session_expires_at";
-- reverse: create "sessions" table
DROP TABLE "sessions";
-- reverse: create index "runlogentry_workspace_id_run_id_seq" to table: "run_log_entries"
DROP INDEX "runlogentry_workspace_id_run_id_seq";
-- reverse: create index "runlogentry_created_at" to table: "run_log_entries"
DROP INDEX "runlogentry_created_at";
-- reverse: create "run_log_entries" table
DROP TABLE "run_log_entries";
-- reverse: create index "runerror_workspace_id_run_id_fault_code_object_name_field_name" to table: "run_errors"
DROP INDEX "runerror_workspace_id_run_id_fault_code_object_name_field_name";
-- reverse: create "run_errors" table
DROP TABLE "run_errors";
-- reverse: create index "recipient_workspace_id_address" to table: "recipients"
DROP INDEX "recipient_workspace_id_address";
-- reverse: create "recipients" table
DROP TABLE "recipients";
-- reverse: create index "member_workspace_id_email_key" to table: "members"
DROP INDEX "member_workspace_id_email_key";
-- reverse: create index "member_issuer_subject" to table: "members"
DROP INDEX "member_issuer_subject";
-- reverse: create index "member_email" to table: "members"
DROP INDEX "member_email";
-- reverse: create "members" table
DROP TABLE "members";
-- reverse: create index "invitation_workspace_id_open_key" to table: "invitations"
DROP INDEX "invitation_workspace_id_open_key";
-- reverse: create index "invitation_ticket_hash" to table: "invitations"
DROP INDEX "invitation_ticket_hash";
-- reverse: create "invitations" table
DROP TABLE "invitations";
-- reverse: create index "failedrecord_workspace_id_integration_id_object_name_record_id" to table: "failed_records"
DROP INDEX "failedrecord_workspace_id_integration_id_object_name_record_id";
-- reverse: create "failed_records" table
DROP TABLE "failed_records";
-- reverse: create index "apiusage_workspace_id_integration_id_local_date_api_type" to table: "api_usages"
DROP INDEX "apiusage_workspace_id_integration_id_local_date_api_type";
-- reverse: create "api_usages" table
DROP TABLE "api_usages";
-- reverse: create index "apibudget_workspace_id_integration_id_api_type" to table: "api_budgets"
DROP INDEX "apibudget_workspace_id_integration_id_api_type";
-- reverse: create "api_budgets" table
DROP TABLE "api_budgets";
-- reverse: modify "sync_runs" table
ALTER TABLE "sync_runs" DROP COLUMN "log_seq", DROP COLUMN "records_wanted", DROP COLUMN "objects_wanted", DROP COLUMN "resume_at";
-- reverse: modify "run_objects" table
ALTER TABLE "run_objects" DROP COLUMN "finished_at", DROP COLUMN "started_at", DROP COLUMN "crm_calls", DROP COLUMN "phase";
-- reverse: modify "integrations" table
ALTER TABLE "integrations" DROP COLUMN "quota_at", DROP COLUMN "quota_max", DROP COLUMN "quota_used", DROP COLUMN "quota_percent", DROP COLUMN "purge_requested_at", DROP COLUMN "grace_warned_at", DROP COLUMN "failure_warned_at", DROP COLUMN "failing_since", DROP COLUMN "consecutive_failures", DROP COLUMN "last_succeeded_at";
-- reverse: modify "crm_objects" table
ALTER TABLE "crm_objects" DROP COLUMN "partial", DROP COLUMN "partial_generation", DROP COLUMN "partial_fields", DROP COLUMN "partial_token", DROP COLUMN "last_read_at", DROP COLUMN "sync_phase";
-- reverse: create index "auditentry_workspace_id_target" to table: "audit_entries"
DROP INDEX "auditentry_workspace_id_target";
-- reverse: modify "audit_entries" table
ALTER TABLE "audit_entries" DROP COLUMN "fault_code", DROP COLUMN "request_id", DROP COLUMN "user_agent", DROP COLUMN "address", DROP COLUMN "interface", DROP COLUMN "via";
-- reverse: modify "api_tokens" table
ALTER TABLE "api_tokens" DROP COLUMN "last_used_at", DROP COLUMN "created_by", DROP COLUMN "scopes";
