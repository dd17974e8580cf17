-- +goose Up
ALTER TABLE `alerts` ADD COLUMN `opened_at` datetime NULL;
-- alerts of before this version were opened when they were made
UPDATE `alerts` SET `opened_at` = `created_at`;
ALTER TABLE `alerts` ADD COLUMN `since` datetime NULL;
ALTER TABLE `alerts` ADD COLUMN `folded` bool NOT NULL DEFAULT (false);
ALTER TABLE `alerts` ADD COLUMN `flaps` integer NOT NULL DEFAULT (0);
ALTER TABLE `alerts` ADD COLUMN `acknowledged_at` datetime NULL;
ALTER TABLE `alerts` ADD COLUMN `acknowledged_by` text NULL;
ALTER TABLE `alerts` ADD COLUMN `snoozed_until` datetime NULL;
ALTER TABLE `alerts` ADD COLUMN `snoozed_by` text NULL;
ALTER TABLE `alerts` ADD COLUMN `resolved_by` text NULL;
ALTER TABLE `alerts` ADD COLUMN `note` text NULL;
ALTER TABLE `crm_objects` ADD COLUMN `rights_since` datetime NULL;
ALTER TABLE `crm_objects` ADD COLUMN `published` bool NOT NULL DEFAULT (true);
ALTER TABLE `integrations` ADD COLUMN `package_version` integer NOT NULL DEFAULT (0);
ALTER TABLE `integrations` ADD COLUMN `watch_minutes` integer NOT NULL DEFAULT (0);
ALTER TABLE `integrations` ADD COLUMN `next_watch_at` datetime NULL;
ALTER TABLE `integrations` ADD COLUMN `watched_at` datetime NULL;
ALTER TABLE `workspaces` ADD COLUMN `digest_time` text NOT NULL DEFAULT ('07:00');
ALTER TABLE `workspaces` ADD COLUMN `digest_zone` text NULL;
ALTER TABLE `workspaces` ADD COLUMN `next_digest_at` datetime NULL;
ALTER TABLE `recipients` ADD COLUMN `kind` text NOT NULL DEFAULT ('PERSON');
ALTER TABLE `recipients` ADD COLUMN `min_severity` text NOT NULL DEFAULT ('INFO');
CREATE INDEX `integration_next_watch_at` ON `integrations` (`next_watch_at`);
ALTER TABLE `crm_fields` ADD COLUMN `rights_since` datetime NULL;
ALTER TABLE `oauth_states` ADD COLUMN `simulation_id` text NULL;
ALTER TABLE `members` ADD COLUMN `inbox_read_through` datetime NULL;
-- create "channels" table
CREATE TABLE `channels` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `kind` text NOT NULL, `name` text NOT NULL, `host` text NOT NULL, `header_names` json NULL, `sealed` blob NOT NULL, `min_severity` text NOT NULL DEFAULT ('INFO'), `enabled` bool NOT NULL DEFAULT (true), `disabled_reason` text NULL, `disabled_at` datetime NULL, `failures` integer NOT NULL DEFAULT (0), `retry_at` datetime NULL, `last_delivered_at` datetime NULL, `created_by` text NOT NULL, `updated_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "channel_workspace_id_name" to table: "channels"
CREATE UNIQUE INDEX `channel_workspace_id_name` ON `channels` (`workspace_id`, `name`);
-- create "deliveries" table
CREATE TABLE `deliveries` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `kind` text NOT NULL, `medium` text NOT NULL, `channel_id` text NULL, `address` text NULL, `integration_id` text NULL, `alert_id` text NULL, `digest_id` text NULL, `event` text NULL, `dedup_key` text NOT NULL, `payload` blob NOT NULL, `state` text NOT NULL DEFAULT ('PENDING'), `attempts` integer NOT NULL DEFAULT (0), `next_attempt_at` datetime NULL, `attempted_at` datetime NULL, `delivered_at` datetime NULL, `response_code` integer NULL, `failure` text NULL, `log` json NULL, PRIMARY KEY (`id`));
-- create index "delivery_workspace_id_dedup_key" to table: "deliveries"
CREATE UNIQUE INDEX `delivery_workspace_id_dedup_key` ON `deliveries` (`workspace_id`, `dedup_key`);
-- create index "delivery_workspace_id_created_at" to table: "deliveries"
CREATE INDEX `delivery_workspace_id_created_at` ON `deliveries` (`workspace_id`, `created_at`);
-- create index "delivery_workspace_id_channel_id_state" to table: "deliveries"
CREATE INDEX `delivery_workspace_id_channel_id_state` ON `deliveries` (`workspace_id`, `channel_id`, `state`);
-- create index "delivery_workspace_id_alert_id" to table: "deliveries"
CREATE INDEX `delivery_workspace_id_alert_id` ON `deliveries` (`workspace_id`, `alert_id`);
-- create index "delivery_next_attempt_at" to table: "deliveries"
CREATE INDEX `delivery_next_attempt_at` ON `deliveries` (`next_attempt_at`) WHERE next_attempt_at IS NOT NULL;
-- create index "delivery_workspace_id_address" to table: "deliveries"
CREATE INDEX `delivery_workspace_id_address` ON `deliveries` (`workspace_id`, `address`) WHERE next_attempt_at IS NOT NULL;
-- create "digests" table
CREATE TABLE `digests` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `local_date` text NOT NULL, `zone` text NOT NULL, `lost` integer NOT NULL DEFAULT (0), `resolved` integer NOT NULL DEFAULT (0), `recipients` integer NOT NULL DEFAULT (0), `content` blob NOT NULL, PRIMARY KEY (`id`));
-- create index "digest_workspace_id_local_date" to table: "digests"
CREATE UNIQUE INDEX `digest_workspace_id_local_date` ON `digests` (`workspace_id`, `local_date`);
-- create "identity_simulations" table
CREATE TABLE `identity_simulations` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `state` text NOT NULL DEFAULT ('WAITING'), `identity` text NULL, `report` blob NULL, `failure_code` text NULL, `failure` text NULL, `requested_by` text NOT NULL, `expires_at` datetime NOT NULL, `finished_at` datetime NULL, `integration_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `identity_simulations_integrations_identity_simulations` FOREIGN KEY (`integration_id`) REFERENCES `integrations` (`id`) ON DELETE NO ACTION);
-- create index "identitysimulation_workspace_id_integration_id_created_at" to table: "identity_simulations"
CREATE INDEX `identitysimulation_workspace_id_integration_id_created_at` ON `identity_simulations` (`workspace_id`, `integration_id`, `created_at`);
-- create "inbox_items" table
CREATE TABLE `inbox_items` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `integration_id` text NOT NULL, `alert_id` text NOT NULL, `event` text NOT NULL, `severity` text NOT NULL, PRIMARY KEY (`id`));
-- create index "inboxitem_workspace_id_created_at" to table: "inbox_items"
CREATE INDEX `inboxitem_workspace_id_created_at` ON `inbox_items` (`workspace_id`, `created_at`);
-- create "inbox_reads" table
CREATE TABLE `inbox_reads` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `member_id` text NOT NULL, `item_id` text NOT NULL, PRIMARY KEY (`id`));
-- create index "inboxread_workspace_id_member_id_item_id" to table: "inbox_reads"
CREATE UNIQUE INDEX `inboxread_workspace_id_member_id_item_id` ON `inbox_reads` (`workspace_id`, `member_id`, `item_id`);
-- create "mapping_changes" table
CREATE TABLE `mapping_changes` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `action` text NOT NULL, `object_name` text NULL, `standard_field` text NULL, `crm_field_before` text NULL, `crm_field_after` text NULL, `origin` text NULL, `reason` text NULL, `changed_by` text NOT NULL, `integration_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `mapping_changes_integrations_mapping_changes` FOREIGN KEY (`integration_id`) REFERENCES `integrations` (`id`) ON DELETE NO ACTION);
-- create index "mappingchange_workspace_id_integration_id_created_at" to table: "mapping_changes"
CREATE INDEX `mappingchange_workspace_id_integration_id_created_at` ON `mapping_changes` (`workspace_id`, `integration_id`, `created_at`);
-- create "mapping_defaults" table
CREATE TABLE `mapping_defaults` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `connector` text NOT NULL, `standard_field` text NOT NULL, `crm_field` text NOT NULL, `updated_by` text NOT NULL, `updated_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "mappingdefault_workspace_id_connector_standard_field" to table: "mapping_defaults"
CREATE UNIQUE INDEX `mappingdefault_workspace_id_connector_standard_field` ON `mapping_defaults` (`workspace_id`, `connector`, `standard_field`);
-- create "muted_rules" table
CREATE TABLE `muted_rules` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `rule` text NOT NULL, `reason` text NULL, `muted_by` text NOT NULL, PRIMARY KEY (`id`));
-- create index "mutedrule_workspace_id_rule" to table: "muted_rules"
CREATE UNIQUE INDEX `mutedrule_workspace_id_rule` ON `muted_rules` (`workspace_id`, `rule`);
-- create "permission_snapshots" table
CREATE TABLE `permission_snapshots` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `trigger` text NOT NULL, `last_seen_at` datetime NOT NULL, `checks` integer NOT NULL DEFAULT (1), `api_version` text NULL, `identity` text NULL, `content_hash` text NOT NULL, `objects` json NOT NULL, `integration_id` text NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `permission_snapshots_integrations_snapshots` FOREIGN KEY (`integration_id`) REFERENCES `integrations` (`id`) ON DELETE NO ACTION);
-- create index "permissionsnapshot_workspace_id_integration_id_created_at" to table: "permission_snapshots"
CREATE INDEX `permissionsnapshot_workspace_id_integration_id_created_at` ON `permission_snapshots` (`workspace_id`, `integration_id`, `created_at`);
-- create "snapshot_objects" table
CREATE TABLE `snapshot_objects` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `integration_id` text NOT NULL, `object_name` text NOT NULL, `content_hash` text NOT NULL, `body` blob NOT NULL, PRIMARY KEY (`id`));
-- create index "snapshotobject_content" to table: "snapshot_objects"
CREATE UNIQUE INDEX `snapshotobject_content` ON `snapshot_objects` (`workspace_id`, `integration_id`, `object_name`, `content_hash`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

-- +goose Down
-- reverse: create index "snapshotobject_content" to table: "snapshot_objects"
DROP INDEX `snapshotobject_content`;
-- reverse: create "snapshot_objects" table
DROP TABLE `snapshot_objects`;
-- reverse: create index "permissionsnapshot_workspace_id_integration_id_created_at" to table: "permission_snapshots"
DROP INDEX `permissionsnapshot_workspace_id_integration_id_created_at`;
-- reverse: create "permission_snapshots" table
DROP TABLE `permission_snapshots`;
-- reverse: create index "mutedrule_workspace_id_rule" to table: "muted_rules"
DROP INDEX `mutedrule_workspace_id_rule`;
-- reverse: create "muted_rules" table
DROP TABLE `muted_rules`;
-- reverse: create index "mappingdefault_workspace_id_connector_standard_field" to table: "mapping_defaults"
DROP INDEX `mappingdefault_workspace_id_connector_standard_field`;
-- reverse: create "mapping_defaults" table
DROP TABLE `mapping_defaults`;
-- reverse: create index "mappingchange_workspace_id_integration_id_created_at" to table: "mapping_changes"
DROP INDEX `mappingchange_workspace_id_integration_id_created_at`;
-- reverse: create "mapping_changes" table
DROP TABLE `mapping_changes`;
-- reverse: create index "inboxread_workspace_id_member_id_item_id" to table: "inbox_reads"
DROP INDEX `inboxread_workspace_id_member_id_item_id`;
-- reverse: create "inbox_reads" table
DROP TABLE `inbox_reads`;
-- reverse: create index "inboxitem_workspace_id_created_at" to table: "inbox_items"
DROP INDEX `inboxitem_workspace_id_created_at`;
-- reverse: create "inbox_items" table
DROP TABLE `inbox_items`;
-- reverse: create index "identitysimulation_workspace_id_integration_id_created_at" to table: "identity_simulations"
DROP INDEX `identitysimulation_workspace_id_integration_id_created_at`;
-- reverse: create "identity_simulations" table
DROP TABLE `identity_simulations`;
-- reverse: create index "digest_workspace_id_local_date" to table: "digests"
DROP INDEX `digest_workspace_id_local_date`;
-- reverse: create "digests" table
DROP TABLE `digests`;
-- reverse: create index "delivery_workspace_id_alert_id" to table: "deliveries"
DROP INDEX `delivery_workspace_id_alert_id`;
-- reverse: create index "delivery_workspace_id_channel_id_state" to table: "deliveries"
DROP INDEX `delivery_workspace_id_channel_id_state`;
-- reverse: create index "delivery_workspace_id_created_at" to table: "deliveries"
DROP INDEX `delivery_workspace_id_created_at`;
-- reverse: create index "delivery_workspace_id_dedup_key" to table: "deliveries"
DROP INDEX `delivery_workspace_id_dedup_key`;
-- reverse: create index "delivery_workspace_id_address" to table: "deliveries"
DROP INDEX `delivery_workspace_id_address`;
-- reverse: create index "delivery_next_attempt_at" to table: "deliveries"
DROP INDEX `delivery_next_attempt_at`;
-- reverse: create "deliveries" table
DROP TABLE `deliveries`;
-- reverse: create index "channel_workspace_id_name" to table: "channels"
DROP INDEX `channel_workspace_id_name`;
-- reverse: create "channels" table
DROP TABLE `channels`;
ALTER TABLE `members` DROP COLUMN `inbox_read_through`;
ALTER TABLE `oauth_states` DROP COLUMN `simulation_id`;
ALTER TABLE `crm_fields` DROP COLUMN `rights_since`;
DROP INDEX `integration_next_watch_at`;
ALTER TABLE `recipients` DROP COLUMN `min_severity`;
ALTER TABLE `recipients` DROP COLUMN `kind`;
ALTER TABLE `workspaces` DROP COLUMN `next_digest_at`;
ALTER TABLE `workspaces` DROP COLUMN `digest_zone`;
ALTER TABLE `workspaces` DROP COLUMN `digest_time`;
ALTER TABLE `integrations` DROP COLUMN `watched_at`;
ALTER TABLE `integrations` DROP COLUMN `next_watch_at`;
ALTER TABLE `integrations` DROP COLUMN `watch_minutes`;
ALTER TABLE `integrations` DROP COLUMN `package_version`;
ALTER TABLE `crm_objects` DROP COLUMN `published`;
ALTER TABLE `crm_objects` DROP COLUMN `rights_since`;
ALTER TABLE `alerts` DROP COLUMN `note`;
ALTER TABLE `alerts` DROP COLUMN `resolved_by`;
ALTER TABLE `alerts` DROP COLUMN `snoozed_by`;
ALTER TABLE `alerts` DROP COLUMN `snoozed_until`;
ALTER TABLE `alerts` DROP COLUMN `acknowledged_by`;
ALTER TABLE `alerts` DROP COLUMN `acknowledged_at`;
ALTER TABLE `alerts` DROP COLUMN `flaps`;
ALTER TABLE `alerts` DROP COLUMN `folded`;
ALTER TABLE `alerts` DROP COLUMN `since`;
ALTER TABLE `alerts` DROP COLUMN `opened_at`;
