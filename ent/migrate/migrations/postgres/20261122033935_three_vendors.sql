-- +goose Up
-- modify "crm_fields" table
ALTER TABLE "crm_fields" ADD COLUMN "folded" boolean NOT NULL DEFAULT false, ADD COLUMN "candidate" character varying NULL;
-- so far nothing else gave fields this cause
UPDATE "crm_fields" SET "folded" = true WHERE "cause" = 'OBJECT_DENIED';
-- modify "crm_objects" table
ALTER TABLE "crm_objects" ADD COLUMN "record_access" character varying NOT NULL DEFAULT 'UNKNOWN', ADD COLUMN "record_access_note" character varying NULL, ADD COLUMN "generation" bigint NOT NULL DEFAULT 0;
-- modify "records" table
ALTER TABLE "records" ADD COLUMN "generation" bigint NOT NULL DEFAULT 0;
-- modify "sync_runs" table
ALTER TABLE "sync_runs" ADD COLUMN "generation" bigint NOT NULL DEFAULT 0, ADD COLUMN "sweeping" boolean NOT NULL DEFAULT false;
-- create "connector_memos" table
CREATE TABLE "connector_memos" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "integration_id" character varying NOT NULL, "content" bytea NOT NULL, "updated_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "connectormemo_workspace_id_integration_id" to table: "connector_memos"
CREATE UNIQUE INDEX "connectormemo_workspace_id_integration_id" ON "connector_memos" ("workspace_id", "integration_id");
-- create "picklists" table
CREATE TABLE "picklists" ("id" character varying NOT NULL, "workspace_id" character varying NOT NULL, "created_at" timestamptz NOT NULL, "integration_id" character varying NOT NULL, "source" character varying NOT NULL, "choices" jsonb NOT NULL, "fetched_at" timestamptz NOT NULL, "stale" boolean NOT NULL DEFAULT false, "stale_reason" character varying NULL, PRIMARY KEY ("id"));
-- create index "picklist_workspace_id_integration_id_source" to table: "picklists"
CREATE UNIQUE INDEX "picklist_workspace_id_integration_id_source" ON "picklists" ("workspace_id", "integration_id", "source");

-- +goose Down
-- reverse: create index "picklist_workspace_id_integration_id_source" to table: "picklists"
DROP INDEX "picklist_workspace_id_integration_id_source";
-- reverse: create "picklists" table
DROP TABLE "picklists";
-- reverse: create index "connectormemo_workspace_id_integration_id" to table: "connector_memos"
DROP INDEX "connectormemo_workspace_id_integration_id";
-- reverse: create "connector_memos" table
DROP TABLE "connector_memos";
-- reverse: modify "sync_runs" table
ALTER TABLE "sync_runs" DROP COLUMN "sweeping", DROP COLUMN "generation";
-- reverse: modify "records" table
ALTER TABLE "records" DROP COLUMN "generation";
-- reverse: modify "crm_objects" table
ALTER TABLE "crm_objects" DROP COLUMN "generation", DROP COLUMN "record_access_note", DROP COLUMN "record_access";
-- reverse: modify "crm_fields" table
ALTER TABLE "crm_fields" DROP COLUMN "candidate", DROP COLUMN "folded";
