-- +goose Up
-- create "alerts" table
CREATE TABLE `alerts` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `rule` text NOT NULL, `severity` text NOT NULL, `mandatory` bool NOT NULL DEFAULT (false), `state` text NOT NULL DEFAULT ('OPEN'), `object_name` text NULL, `field_name` text NULL, `standard_field` text NULL, `cause` text NULL, `evidence` text NULL, `title` text NOT NULL, `message` text NOT NULL, `fix` json NULL, `affected` json NULL, `open_key` text NULL, `occurrences` integer NOT NULL DEFAULT (1), `last_seen_at` datetime NOT NULL, `resolved_at` datetime NULL, `resolution` text NULL, `integration_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `alerts_integrations_alerts` FOREIGN KEY (`integration_id`) REFERENCES `integrations` (`id`) ON DELETE NO ACTION);
-- create index "alert_workspace_id_open_key" to table: "alerts"
CREATE UNIQUE INDEX `alert_workspace_id_open_key` ON `alerts` (`workspace_id`, `open_key`);
-- create index "alert_workspace_id_integration_id_created_at" to table: "alerts"
CREATE INDEX `alert_workspace_id_integration_id_created_at` ON `alerts` (`workspace_id`, `integration_id`, `created_at`);
-- create "api_tokens" table
CREATE TABLE `api_tokens` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `name` text NOT NULL, `role` text NOT NULL, `hash` blob NOT NULL, `expires_at` datetime NULL, `revoked_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "apitoken_workspace_id_name" to table: "api_tokens"
CREATE UNIQUE INDEX `apitoken_workspace_id_name` ON `api_tokens` (`workspace_id`, `name`);
-- create index "apitoken_hash" to table: "api_tokens"
CREATE UNIQUE INDEX `apitoken_hash` ON `api_tokens` (`hash`);
-- create "audit_entries" table
CREATE TABLE `audit_entries` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `actor` text NOT NULL, `actor_name` text NOT NULL, `action` text NOT NULL, `target` text NULL, `outcome` text NOT NULL, `before` json NULL, `after` json NULL, PRIMARY KEY (`id`));
-- create index "auditentry_workspace_id_created_at" to table: "audit_entries"
CREATE INDEX `auditentry_workspace_id_created_at` ON `audit_entries` (`workspace_id`, `created_at`);
-- create "credentials" table
CREATE TABLE `credentials` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `integration_id` text NOT NULL, `sealed` blob NOT NULL, `version` integer NOT NULL DEFAULT (1), `lease_owner` text NULL, `lease_until` datetime NULL, `revoked` bool NOT NULL DEFAULT (false), `refreshed_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "credential_workspace_id_integration_id" to table: "credentials"
CREATE UNIQUE INDEX `credential_workspace_id_integration_id` ON `credentials` (`workspace_id`, `integration_id`);
-- create "crm_fields" table
CREATE TABLE `crm_fields` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `integration_id` text NOT NULL, `name` text NOT NULL, `label` text NULL, `data_type` text NULL, `readable` bool NOT NULL DEFAULT (false), `creatable` bool NOT NULL DEFAULT (false), `updatable` bool NOT NULL DEFAULT (false), `standardized` bool NOT NULL DEFAULT (false), `hideable` bool NOT NULL DEFAULT (true), `custom` bool NOT NULL DEFAULT (false), `required_on_create` bool NOT NULL DEFAULT (false), `picklist` json NULL, `cause` text NULL, `evidence` text NULL, `since` datetime NULL, `suspected_at` datetime NULL, `object_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `crm_fields_crm_objects_fields` FOREIGN KEY (`object_id`) REFERENCES `crm_objects` (`id`) ON DELETE NO ACTION);
-- create index "crmfield_workspace_id_object_id_name" to table: "crm_fields"
CREATE UNIQUE INDEX `crmfield_workspace_id_object_id_name` ON `crm_fields` (`workspace_id`, `object_id`, `name`);
-- create index "crmfield_workspace_id_integration_id" to table: "crm_fields"
CREATE INDEX `crmfield_workspace_id_integration_id` ON `crm_fields` (`workspace_id`, `integration_id`);
-- create "crm_objects" table
CREATE TABLE `crm_objects` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `name` text NOT NULL, `label` text NULL, `requirement` text NOT NULL DEFAULT ('OPTIONAL'), `status` text NOT NULL DEFAULT ('NOT_CHECKED'), `rights` json NULL, `cause` text NULL, `evidence` text NULL, `since` datetime NULL, `suspected_at` datetime NULL, `checked_at` datetime NULL, `stale` bool NOT NULL DEFAULT (false), `stale_reason` text NULL, `content_hash` text NULL, `api_version` text NULL, `resume_token` blob NULL, `read_fields` json NULL, `position` integer NOT NULL DEFAULT (0), `integration_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `crm_objects_integrations_objects` FOREIGN KEY (`integration_id`) REFERENCES `integrations` (`id`) ON DELETE NO ACTION);
-- create index "crmobject_workspace_id_integration_id_name" to table: "crm_objects"
CREATE UNIQUE INDEX `crmobject_workspace_id_integration_id_name` ON `crm_objects` (`workspace_id`, `integration_id`, `name`);
-- create "feed_entries" table
CREATE TABLE `feed_entries` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `seq` integer NOT NULL, `kind` text NOT NULL, `integration_id` text NULL, `subject_id` text NULL, `payload` json NULL, PRIMARY KEY (`id`));
-- create index "feedentry_workspace_id_seq" to table: "feed_entries"
CREATE UNIQUE INDEX `feedentry_workspace_id_seq` ON `feed_entries` (`workspace_id`, `seq`);
-- create index "feedentry_created_at" to table: "feed_entries"
CREATE INDEX `feedentry_created_at` ON `feed_entries` (`created_at`);
-- create "idempotency_keys" table
CREATE TABLE `idempotency_keys` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `principal_id` text NOT NULL, `key` text NOT NULL, `operation` text NOT NULL, `request_hash` blob NOT NULL, `answer` json NULL, PRIMARY KEY (`id`));
-- create index "idempotencykey_workspace_id_principal_id_key" to table: "idempotency_keys"
CREATE UNIQUE INDEX `idempotencykey_workspace_id_principal_id_key` ON `idempotency_keys` (`workspace_id`, `principal_id`, `key`);
-- create index "idempotencykey_created_at" to table: "idempotency_keys"
CREATE INDEX `idempotencykey_created_at` ON `idempotency_keys` (`created_at`);
-- create "integrations" table
CREATE TABLE `integrations` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `connector` text NOT NULL, `environment` text NOT NULL, `state` text NOT NULL DEFAULT ('DRAFT'), `state_reason` text NULL, `grace_until` datetime NULL, `slot` text NULL, `instance_id` text NULL, `instance_name` text NULL, `instance_url` text NULL, `endpoint` text NULL, `instance_edition` text NULL, `api_version` text NULL, `integration_user` text NULL, `integration_user_dedicated` bool NOT NULL DEFAULT (false), `config` json NULL, `checklist` json NULL, `checklist_at` datetime NULL, `steps_done` json NULL, `settings_version` integer NOT NULL DEFAULT (1), `schedule_time` text NOT NULL DEFAULT ('02:00'), `schedule_zone` text NOT NULL DEFAULT ('UTC'), `next_run_at` datetime NULL, `last_synced_at` datetime NULL, `updated_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "integration_workspace_id_slot" to table: "integrations"
CREATE UNIQUE INDEX `integration_workspace_id_slot` ON `integrations` (`workspace_id`, `slot`);
-- create index "integration_next_run_at" to table: "integrations"
CREATE INDEX `integration_next_run_at` ON `integrations` (`next_run_at`);
-- create "mappings" table
CREATE TABLE `mappings` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `object_name` text NOT NULL, `standard_field` text NOT NULL, `crm_field` text NOT NULL, `origin` text NOT NULL, `created_by` text NOT NULL, `integration_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `mappings_integrations_mappings` FOREIGN KEY (`integration_id`) REFERENCES `integrations` (`id`) ON DELETE NO ACTION);
-- create index "mapping_workspace_id_integration_id_standard_field" to table: "mappings"
CREATE UNIQUE INDEX `mapping_workspace_id_integration_id_standard_field` ON `mappings` (`workspace_id`, `integration_id`, `standard_field`);
-- create index "mapping_workspace_id_integration_id_object_name_crm_field" to table: "mappings"
CREATE UNIQUE INDEX `mapping_workspace_id_integration_id_object_name_crm_field` ON `mappings` (`workspace_id`, `integration_id`, `object_name`, `crm_field`);
-- create "oauth_clients" table
CREATE TABLE `oauth_clients` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `connector` text NOT NULL, `environment` text NOT NULL, `client_id` text NOT NULL, `sealed_secret` blob NOT NULL, `updated_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "oauthclient_workspace_id_connector_environment" to table: "oauth_clients"
CREATE UNIQUE INDEX `oauthclient_workspace_id_connector_environment` ON `oauth_clients` (`workspace_id`, `connector`, `environment`);
-- create "oauth_states" table
CREATE TABLE `oauth_states` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `integration_id` text NOT NULL, `principal_id` text NOT NULL, `state_hash` blob NOT NULL, `ticket_hash` blob NOT NULL, `browser_hash` blob NULL, `sealed_verifier` blob NOT NULL, `redirect_uri` text NOT NULL, `expires_at` datetime NOT NULL, `used_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "oauthstate_workspace_id_integration_id" to table: "oauth_states"
CREATE INDEX `oauthstate_workspace_id_integration_id` ON `oauth_states` (`workspace_id`, `integration_id`);
-- create index "oauthstate_state_hash" to table: "oauth_states"
CREATE UNIQUE INDEX `oauthstate_state_hash` ON `oauth_states` (`state_hash`);
-- create index "oauthstate_ticket_hash" to table: "oauth_states"
CREATE UNIQUE INDEX `oauthstate_ticket_hash` ON `oauth_states` (`ticket_hash`);
-- create "permission_changes" table
CREATE TABLE `permission_changes` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `object_name` text NOT NULL, `field_name` text NULL, `change` text NOT NULL, `cause` text NULL, `evidence` text NULL, `standardized` bool NOT NULL DEFAULT (false), `integration_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `permission_changes_integrations_permission_changes` FOREIGN KEY (`integration_id`) REFERENCES `integrations` (`id`) ON DELETE NO ACTION);
-- create index "permissionchange_workspace_id_integration_id_created_at" to table: "permission_changes"
CREATE INDEX `permissionchange_workspace_id_integration_id_created_at` ON `permission_changes` (`workspace_id`, `integration_id`, `created_at`);
-- create "records" table
CREATE TABLE `records` (`id` text NOT NULL, `workspace_id` text NOT NULL, `integration_id` text NOT NULL, `object_name` text NOT NULL, `external_id` text NOT NULL, `modified_at` datetime NOT NULL, `deleted` bool NOT NULL DEFAULT (false), `content_hash` text NOT NULL, `data` text NOT NULL, `synced_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "record_workspace_id_integration_id_object_name_external_id" to table: "records"
CREATE UNIQUE INDEX `record_workspace_id_integration_id_object_name_external_id` ON `records` (`workspace_id`, `integration_id`, `object_name`, `external_id`);
-- create "run_objects" table
CREATE TABLE `run_objects` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `name` text NOT NULL, `position` integer NOT NULL, `status` text NOT NULL DEFAULT ('PENDING'), `reason` text NULL, `fault_code` text NULL, `counters` json NULL, `run_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `run_objects_sync_runs_objects` FOREIGN KEY (`run_id`) REFERENCES `sync_runs` (`id`) ON DELETE NO ACTION);
-- create index "runobject_workspace_id_run_id_name" to table: "run_objects"
CREATE UNIQUE INDEX `runobject_workspace_id_run_id_name` ON `run_objects` (`workspace_id`, `run_id`, `name`);
-- create "setting_values" table
CREATE TABLE `setting_values` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `integration_id` text NOT NULL, `key` text NOT NULL, `value` json NOT NULL, `updated_by` text NOT NULL, `updated_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "settingvalue_workspace_id_integration_id_key" to table: "setting_values"
CREATE UNIQUE INDEX `settingvalue_workspace_id_integration_id_key` ON `setting_values` (`workspace_id`, `integration_id`, `key`);
-- create "sync_runs" table
CREATE TABLE `sync_runs` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `kind` text NOT NULL, `local_date` text NOT NULL, `status` text NOT NULL DEFAULT ('QUEUED'), `reason` text NULL, `fault_code` text NULL, `phase` text NOT NULL DEFAULT ('CHECKLIST'), `requested_by` text NULL, `date_key` text NULL, `active_key` text NULL, `version` integer NOT NULL DEFAULT (1), `object_index` integer NOT NULL DEFAULT (0), `resume_token` blob NULL, `read_fields` json NULL, `counters` json NULL, `crm_calls` integer NOT NULL DEFAULT (0), `steps` integer NOT NULL DEFAULT (0), `started_at` datetime NULL, `finished_at` datetime NULL, `integration_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `sync_runs_integrations_runs` FOREIGN KEY (`integration_id`) REFERENCES `integrations` (`id`) ON DELETE NO ACTION);
-- create index "syncrun_workspace_id_date_key" to table: "sync_runs"
CREATE UNIQUE INDEX `syncrun_workspace_id_date_key` ON `sync_runs` (`workspace_id`, `date_key`);
-- create index "syncrun_workspace_id_active_key" to table: "sync_runs"
CREATE UNIQUE INDEX `syncrun_workspace_id_active_key` ON `sync_runs` (`workspace_id`, `active_key`);
-- create index "syncrun_workspace_id_integration_id_created_at" to table: "sync_runs"
CREATE INDEX `syncrun_workspace_id_integration_id_created_at` ON `sync_runs` (`workspace_id`, `integration_id`, `created_at`);
-- create "workspaces" table
CREATE TABLE `workspaces` (`id` text NOT NULL, `created_at` datetime NOT NULL, `name` text NOT NULL, `edition` text NOT NULL DEFAULT ('ADVANCED_PLUS'), `package_key` text NOT NULL, `time_zone` text NOT NULL DEFAULT ('UTC'), PRIMARY KEY (`id`));

-- +goose Down
-- reverse: create "workspaces" table
DROP TABLE `workspaces`;
-- reverse: create index "syncrun_workspace_id_integration_id_created_at" to table: "sync_runs"
DROP INDEX `syncrun_workspace_id_integration_id_created_at`;
-- reverse: create index "syncrun_workspace_id_active_key" to table: "sync_runs"
DROP INDEX `syncrun_workspace_id_active_key`;
-- reverse: create index "syncrun_workspace_id_date_key" to table: "sync_runs"
DROP INDEX `syncrun_workspace_id_date_key`;
-- reverse: create "sync_runs" table
DROP TABLE `sync_runs`;
-- reverse: create index "settingvalue_workspace_id_integration_id_key" to table: "setting_values"
DROP INDEX `settingvalue_workspace_id_integration_id_key`;
-- reverse: create "setting_values" table
DROP TABLE `setting_values`;
-- reverse: create index "runobject_workspace_id_run_id_name" to table: "run_objects"
DROP INDEX `runobject_workspace_id_run_id_name`;
-- reverse: create "run_objects" table
DROP TABLE `run_objects`;
-- reverse: create index "record_workspace_id_integration_id_object_name_external_id" to table: "records"
DROP INDEX `record_workspace_id_integration_id_object_name_external_id`;
-- reverse: create "records" table
DROP TABLE `records`;
-- reverse: create index "permissionchange_workspace_id_integration_id_created_at" to table: "permission_changes"
DROP INDEX `permissionchange_workspace_id_integration_id_created_at`;
-- reverse: create "permission_changes" table
DROP TABLE `permission_changes`;
-- reverse: create index "oauthstate_ticket_hash" to table: "oauth_states"
DROP INDEX `oauthstate_ticket_hash`;
-- reverse: create index "oauthstate_state_hash" to table: "oauth_states"
DROP INDEX `oauthstate_state_hash`;
-- reverse: create index "oauthstate_workspace_id_integration_id" to table: "oauth_states"
DROP INDEX `oauthstate_workspace_id_integration_id`;
-- reverse: create "oauth_states" table
DROP TABLE `oauth_states`;
-- reverse: create index "oauthclient_workspace_id_connector_environment" to table: "oauth_clients"
DROP INDEX `oauthclient_workspace_id_connector_environment`;
-- reverse: create "oauth_clients" table
DROP TABLE `oauth_clients`;
-- reverse: create index "mapping_workspace_id_integration_id_object_name_crm_field" to table: "mappings"
DROP INDEX `mapping_workspace_id_integration_id_object_name_crm_field`;
-- reverse: create index "mapping_workspace_id_integration_id_standard_field" to table: "mappings"
DROP INDEX `mapping_workspace_id_integration_id_standard_field`;
-- reverse: create "mappings" table
DROP TABLE `mappings`;
-- reverse: create index "integration_next_run_at" to table: "integrations"
DROP INDEX `integration_next_run_at`;
-- reverse: create index "integration_workspace_id_slot" to table: "integrations"
DROP INDEX `integration_workspace_id_slot`;
-- reverse: create "integrations" table
DROP TABLE `integrations`;
-- reverse: create index "idempotencykey_created_at" to table: "idempotency_keys"
DROP INDEX `idempotencykey_created_at`;
-- reverse: create index "idempotencykey_workspace_id_principal_id_key" to table: "idempotency_keys"
DROP INDEX `idempotencykey_workspace_id_principal_id_key`;
-- reverse: create "idempotency_keys" table
DROP TABLE `idempotency_keys`;
-- reverse: create index "feedentry_created_at" to table: "feed_entries"
DROP INDEX `feedentry_created_at`;
-- reverse: create index "feedentry_workspace_id_seq" to table: "feed_entries"
DROP INDEX `feedentry_workspace_id_seq`;
-- reverse: create "feed_entries" table
DROP TABLE `feed_entries`;
-- reverse: create index "crmobject_workspace_id_integration_id_name" to table: "crm_objects"
DROP INDEX `crmobject_workspace_id_integration_id_name`;
-- reverse: create "crm_objects" table
DROP TABLE `crm_objects`;
-- reverse: create index "crmfield_workspace_id_integration_id" to table: "crm_fields"
DROP INDEX `crmfield_workspace_id_integration_id`;
-- reverse: create index "crmfield_workspace_id_object_id_name" to table: "crm_fields"
DROP INDEX `crmfield_workspace_id_object_id_name`;
-- reverse: create "crm_fields" table
DROP TABLE `crm_fields`;
-- reverse: create index "credential_workspace_id_integration_id" to table: "credentials"
DROP INDEX `credential_workspace_id_integration_id`;
-- reverse: create "credentials" table
DROP TABLE `credentials`;
-- reverse: create index "auditentry_workspace_id_created_at" to table: "audit_entries"
DROP INDEX `auditentry_workspace_id_created_at`;
-- reverse: create "audit_entries" table
DROP TABLE `audit_entries`;
-- reverse: create index "apitoken_hash" to table: "api_tokens"
DROP INDEX `apitoken_hash`;
-- reverse: create index "apitoken_workspace_id_name" to table: "api_tokens"
DROP INDEX `apitoken_workspace_id_name`;
-- reverse: create "api_tokens" table
DROP TABLE `api_tokens`;
-- reverse: create index "alert_workspace_id_integration_id_created_at" to table: "alerts"
DROP INDEX `alert_workspace_id_integration_id_created_at`;
-- reverse: create index "alert_workspace_id_open_key" to table: "alerts"
DROP INDEX `alert_workspace_id_open_key`;
-- reverse: create "alerts" table
DROP TABLE `alerts`;
