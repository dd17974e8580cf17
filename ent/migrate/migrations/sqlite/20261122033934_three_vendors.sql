-- +goose Up
-- Written by hand: the generated one rebuilds whole tables, records too, for the sake
-- of parentheses around a default.
-- add columns to table: "crm_fields"
ALTER TABLE `crm_fields` ADD COLUMN `folded` bool NOT NULL DEFAULT false;
ALTER TABLE `crm_fields` ADD COLUMN `candidate` text NULL;
-- so far nothing else gave fields this cause
UPDATE `crm_fields` SET `folded` = true WHERE `cause` = 'OBJECT_DENIED';
-- add columns to table: "crm_objects"
ALTER TABLE `crm_objects` ADD COLUMN `record_access` text NOT NULL DEFAULT 'UNKNOWN';
ALTER TABLE `crm_objects` ADD COLUMN `record_access_note` text NULL;
ALTER TABLE `crm_objects` ADD COLUMN `generation` integer NOT NULL DEFAULT 0;
-- add column "generation" to table: "records"
ALTER TABLE `records` ADD COLUMN `generation` integer NOT NULL DEFAULT 0;
-- add columns to table: "sync_runs"
ALTER TABLE `sync_runs` ADD COLUMN `generation` integer NOT NULL DEFAULT 0;
ALTER TABLE `sync_runs` ADD COLUMN `sweeping` bool NOT NULL DEFAULT false;
-- create "connector_memos" table
CREATE TABLE `connector_memos` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `integration_id` text NOT NULL, `content` blob NOT NULL, `updated_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "connectormemo_workspace_id_integration_id" to table: "connector_memos"
CREATE UNIQUE INDEX `connectormemo_workspace_id_integration_id` ON `connector_memos` (`workspace_id`, `integration_id`);
-- create "picklists" table
CREATE TABLE `picklists` (`id` text NOT NULL, `workspace_id` text NOT NULL, `created_at` datetime NOT NULL, `integration_id` text NOT NULL, `source` text NOT NULL, `choices` json NOT NULL, `fetched_at` datetime NOT NULL, `stale` bool NOT NULL DEFAULT (false), `stale_reason` text NULL, PRIMARY KEY (`id`));
-- create index "picklist_workspace_id_integration_id_source" to table: "picklists"
CREATE UNIQUE INDEX `picklist_workspace_id_integration_id_source` ON `picklists` (`workspace_id`, `integration_id`, `source`);

-- +goose Down
DROP TABLE `picklists`;
DROP TABLE `connector_memos`;
ALTER TABLE `sync_runs` DROP COLUMN `sweeping`;
ALTER TABLE `sync_runs` DROP COLUMN `generation`;
ALTER TABLE `records` DROP COLUMN `generation`;
ALTER TABLE `crm_objects` DROP COLUMN `generation`;
ALTER TABLE `crm_objects` DROP COLUMN `record_access_note`;
ALTER TABLE `crm_objects` DROP COLUMN `record_access`;
ALTER TABLE `crm_fields` DROP COLUMN `candidate`;
ALTER TABLE `crm_fields` DROP COLUMN `folded`;
