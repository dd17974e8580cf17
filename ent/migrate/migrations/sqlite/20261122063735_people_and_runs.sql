-- +goose Up
-- Columns of existing tables are added by hand: the generated migration rebuilds the
-- tables for the sake of parentheses around a default.
-- add column "scopes" to table: "api_tokens"
ALTER TABLE `api_tokens` ADD COLUMN `scopes` json NULL;
-- add column "created_by" to table: "api_tokens"
ALTER TABLE `api_tokens` ADD COLUMN `created_by` text NULL;
-- add column "last_used_at" to table: "api_tokens"
ALTER TABLE `api_tokens` ADD COLUMN `last_used_at` datetime NULL;
-- add column "via" to table: "audit_entries"
ALTER TABLE `audit_entries` ADD COLUMN `via` text NULL;
-- add column "interface" to table: "audit_entries"
ALTER TABLE `audit_entries` ADD COLUMN `interface` text NULL;
-- add column "address" to table: "audit_entries"
ALTER TABLE `audit_entries` ADD COLUMN `address` text NULL;
-- add column "user_agent" to table: "audit_entries"
ALTER TABLE `audit_entries` ADD COLUMN `user_agent` text NULL;
-- add column "request_id" to table: "audit_entries"
ALTER TABLE `audit_entries` ADD COLUMN `request_id` text NULL;
-- add column "fault_code" to table: "audit_entries"
ALTER TABLE `audit_entries` ADD COLUMN `fault_code` text NULL;
-- create index "auditentry_workspace_id_target" to table: "audit_entries"
CREATE INDEX `auditentry_workspace_id_target` ON `audit_entries` (`workspace_id`, `target`);
-- add columns to table: "crm_objects"
ALTER TABLE `crm_objects` ADD COLUMN `sync_phase` text NOT NULL DEFAULT 'ONBOARDING';
ALTER TABLE `crm_objects` ADD COLUMN `last_read_at` datetime NULL;
ALTER TABLE `crm_objects` ADD COLUMN `partial_token` blob NULL;
ALTER TABLE `crm_objects` ADD COLUMN `partial_fields` json NULL;
ALTER TABLE `crm_objects` ADD COLUMN `partial_generation` integer NOT NULL DEFAULT 0;
ALTER TABLE `crm_objects` ADD COLUMN `partial` bool NOT NULL DEFAULT false;
-- add columns to table: "integrations"
ALTER TABLE `integrations` ADD COLUMN `last_succeeded_at` datetime NULL;
ALTER TABLE `integrations` ADD COLUMN `consecutive_failures` integer NOT NULL DEFAULT 0;
ALTER TABLE `integrations` ADD COLUMN `failing_since` datetime NULL;
ALTER TABLE `integrations` ADD COLUMN `failure_warned_at` datetime NULL;
ALTER TABLE `integrations` ADD COLUMN `grace_warned_at` datetime NULL;
ALTER TABLE `integrations` ADD COLUMN `purge_requested_at` datetime NULL;
ALTER TABLE `integrations` ADD COLUMN `quota_percent` integer NOT NULL DEFAULT 80;
ALTER TABLE `integrations` ADD COLUMN `quota_used` integer NOT NULL DEFAULT 0;
ALTER TABLE `integrations` ADD COLUMN `quota_max` integer NOT NULL DEFAULT 0;
ALTER TABLE `integrations` ADD COLUMN `quota_at` datetime NULL;
-- add columns to table: "run_objects"
ALTER TABLE `run_objects` ADD COLUMN `phase` text NOT NULL DEFAULT 'ONBOARDING';
ALTER TABLE `run_objects` ADD COLUMN `crm_calls` integer NOT NULL DEFAULT 0;
ALTER TABLE `run_objects` ADD COLUMN `started_at` datetime NULL;
ALTER TABLE `run_objects` ADD COLUMN `finished_at` datetime NULL;
-- add columns to table: "sync_runs"
ALTER TABLE `sync_runs` ADD COLUMN `resume_at` datetime NULL;
ALTER TABLE `sync_runs` ADD COLUMN `objects_wanted` json NULL;
ALTER TABLE `sync_runs` ADD COLUMN `records_wanted` json NULL;
ALTER TABLE `sync_runs` ADD COLUMN `log_seq` integer NOT NULL DEFAULT 0;
-- create "api_budgets" table
CREATE TABLE `api_budgets` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `integration_id` text NOT NULL, `api_type` text NOT NULL, `daily_limit` integer NOT NULL, `updated_by` text NOT NULL, `updated_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "apibudget_workspace_id_integration_id_api_type" to table: "api_budgets"
CREATE UNIQUE INDEX `apibudget_workspace_id_integration_id_api_type` ON `api_budgets` (`workspace_id`, `integration_id`, `api_type`);
-- create "api_usages" table
CREATE TABLE `api_usages` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `integration_id` text NOT NULL, `api_type` text NOT NULL, `local_date` text NOT NULL, `calls` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`));
-- create index "apiusage_workspace_id_integration_id_local_date_api_type" to table: "api_usages"
CREATE UNIQUE INDEX `apiusage_workspace_id_integration_id_local_date_api_type` ON `api_usages` (`workspace_id`, `integration_id`, `local_date`, `api_type`);
-- create "failed_records" table
CREATE TABLE `failed_records` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `integration_id` text NOT NULL, `object_name` text NOT NULL, `record_id` text NOT NULL, `run_id` text NOT NULL, `fault_code` text NOT NULL, `message` text NOT NULL, `attempts` integer NOT NULL DEFAULT (1), `last_seen_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "failedrecord_workspace_id_integration_id_object_name_record_id" to table: "failed_records"
CREATE UNIQUE INDEX `failedrecord_workspace_id_integration_id_object_name_record_id` ON `failed_records` (`workspace_id`, `integration_id`, `object_name`, `record_id`);
-- create "invitations" table
CREATE TABLE `invitations` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `email` text NOT NULL, `role` text NOT NULL, `ticket_hash` blob NOT NULL, `invited_by` text NOT NULL, `expires_at` datetime NOT NULL, `accepted_at` datetime NULL, `revoked_at` datetime NULL, `open_key` text NULL, PRIMARY KEY (`id`));
-- create index "invitation_workspace_id_open_key" to table: "invitations"
CREATE UNIQUE INDEX `invitation_workspace_id_open_key` ON `invitations` (`workspace_id`, `open_key`);
-- create index "invitation_ticket_hash" to table: "invitations"
CREATE UNIQUE INDEX `invitation_ticket_hash` ON `invitations` (`ticket_hash`);
-- create "members" table
CREATE TABLE `members` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `email` text NOT NULL, `name` text NULL, `role` text NOT NULL, `issuer` text NULL, `subject` text NULL, `invited_by` text NULL, `last_seen_at` datetime NULL, `removed_at` datetime NULL, `email_key` text NULL, PRIMARY KEY (`id`));
-- create index "member_workspace_id_email_key" to table: "members"
CREATE UNIQUE INDEX `member_workspace_id_email_key` ON `members` (`workspace_id`, `email_key`);
-- create index "member_email" to table: "members"
CREATE INDEX `member_email` ON `members` (`email`);
-- create index "member_issuer_subject" to table: "members"
CREATE INDEX `member_issuer_subject` ON `members` (`issuer`, `subject`);
-- create "recipients" table
CREATE TABLE `recipients` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `address` text NOT NULL, `class` text NOT NULL, `added_by` text NOT NULL, PRIMARY KEY (`id`));
-- create index "recipient_workspace_id_address" to table: "recipients"
CREATE UNIQUE INDEX `recipient_workspace_id_address` ON `recipients` (`workspace_id`, `address`);
-- create "run_errors" table
CREATE TABLE `run_errors` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `run_id` text NOT NULL, `integration_id` text NOT NULL, `fault_code` text NOT NULL, `object_name` text NOT NULL DEFAULT (''), `field_name` text NOT NULL DEFAULT (''), `message` text NOT NULL, `count` integer NOT NULL DEFAULT (1), `record_ids` json NULL, `last_seen_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "runerror_workspace_id_run_id_fault_code_object_name_field_name" to table: "run_errors"
CREATE UNIQUE INDEX `runerror_workspace_id_run_id_fault_code_object_name_field_name` ON `run_errors` (`workspace_id`, `run_id`, `fault_code`, `object_name`, `field_name`);
-- create "run_log_entries" table
CREATE TABLE `run_log_entries` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `run_id` text NOT NULL, `integration_id` text NOT NULL, `seq` integer NOT NULL, `level` text NOT NULL, `message` text NOT NULL, `object_name` text NULL, `fault_code` text NULL, `attributes` json NULL, PRIMARY KEY (`id`));
-- create index "runlogentry_workspace_id_run_id_seq" to table: "run_log_entries"
CREATE UNIQUE INDEX `runlogentry_workspace_id_run_id_seq` ON `run_log_entries` (`workspace_id`, `run_id`, `seq`);
-- create index "runlogentry_created_at" to table: "run_log_entries"
CREATE INDEX `runlogentry_created_at` ON `run_log_entries` (`created_at`);
-- create "sessions" table
CREATE TABLE `sessions` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `hash` blob NOT NULL, `member_id` text NULL, `csm` bool NOT NULL DEFAULT (false), `issuer` text NULL, `subject` text NULL, `email` text NULL, `name` text NULL, `address` text NULL, `user_agent` text NULL, `expires_at` datetime NOT NULL, `seen_at` datetime NOT NULL, `ended_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "session_hash" to table: "sessions"
CREATE UNIQUE INDEX `session_hash` ON `sessions` (`hash`);
-- create index "session_workspace_id_member_id" to table: "sessions"
CREATE INDEX `session_workspace_id_member_id` ON `sessions` (`workspace_id`, `member_id`);
-- create index "session_expires_at" to table: "sessions"
CREATE INDEX `session_expires_at` ON `sessions` (`expires_at`);
-- create "sign_in_links" table
CREATE TABLE `sign_in_links` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `member_id` text NULL, `ticket_hash` blob NOT NULL, `expires_at` datetime NOT NULL, `used_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "signinlink_ticket_hash" to table: "sign_in_links"
CREATE UNIQUE INDEX `signinlink_ticket_hash` ON `sign_in_links` (`ticket_hash`);
-- create index "signinlink_workspace_id_created_at" to table: "sign_in_links"
CREATE INDEX `signinlink_workspace_id_created_at` ON `sign_in_links` (`workspace_id`, `created_at`);
-- the audit log is append-only (requirement O2)
-- +goose StatementBegin
CREATE TRIGGER `audit_entries_no_update` BEFORE UPDATE ON `audit_entries` BEGIN SELECT RAISE(ABORT, 'audit entries are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `audit_entries_no_delete` BEFORE DELETE ON `audit_entries` BEGIN SELECT RAISE(ABORT, 'audit entries are never deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER `audit_entries_no_delete`;
DROP TRIGGER `audit_entries_no_update`;
DROP TABLE `sign_in_links`;
DROP TABLE `sessions`;
DROP TABLE `run_log_entries`;
DROP TABLE `run_errors`;
DROP TABLE `recipients`;
DROP TABLE `members`;
DROP TABLE `invitations`;
DROP TABLE `failed_records`;
DROP TABLE `api_usages`;
DROP TABLE `api_budgets`;
ALTER TABLE `sync_runs` DROP COLUMN `log_seq`;
ALTER TABLE `sync_runs` DROP COLUMN `records_wanted`;
ALTER TABLE `sync_runs` DROP COLUMN `objects_wanted`;
ALTER TABLE `sync_runs` DROP COLUMN `resume_at`;
ALTER TABLE `run_objects` DROP COLUMN `finished_at`;
ALTER TABLE `run_objects` DROP COLUMN `started_at`;
ALTER TABLE `run_objects` DROP COLUMN `crm_calls`;
ALTER TABLE `run_objects` DROP COLUMN `phase`;
ALTER TABLE `integrations` DROP COLUMN `quota_at`;
ALTER TABLE `integrations` DROP COLUMN `quota_max`;
ALTER TABLE `integrations` DROP COLUMN `quota_used`;
ALTER TABLE `integrations` DROP COLUMN `quota_percent`;
ALTER TABLE `integrations` DROP COLUMN `purge_requested_at`;
ALTER TABLE `integrations` DROP COLUMN `grace_warned_at`;
ALTER TABLE `integrations` DROP COLUMN `failure_warned_at`;
ALTER TABLE `integrations` DROP COLUMN `failing_since`;
ALTER TABLE `integrations` DROP COLUMN `consecutive_failures`;
ALTER TABLE `integrations` DROP COLUMN `last_succeeded_at`;
ALTER TABLE `crm_objects` DROP COLUMN `partial`;
ALTER TABLE `crm_objects` DROP COLUMN `partial_generation`;
ALTER TABLE `crm_objects` DROP COLUMN `partial_fields`;
ALTER TABLE `crm_objects` DROP COLUMN `partial_token`;
ALTER TABLE `crm_objects` DROP COLUMN `last_read_at`;
ALTER TABLE `crm_objects` DROP COLUMN `sync_phase`;
DROP INDEX `auditentry_workspace_id_target`;
ALTER TABLE `audit_entries` DROP COLUMN `fault_code`;
ALTER TABLE `audit_entries` DROP COLUMN `request_id`;
ALTER TABLE `audit_entries` DROP COLUMN `user_agent`;
ALTER TABLE `audit_entries` DROP COLUMN `address`;
ALTER TABLE `audit_entries` DROP COLUMN `interface`;
ALTER TABLE `audit_entries` DROP COLUMN `via`;
ALTER TABLE `api_tokens` DROP COLUMN `last_used_at`;
ALTER TABLE `api_tokens` DROP COLUMN `created_by`;
ALTER TABLE `api_tokens` DROP COLUMN `scopes`;
