-- +goose Up
-- The store's own tables, which no entity describes. Written by hand.

-- The feed's counter: seq is the last sequence given, floor the last one pruned.
CREATE TABLE feed_head (
  workspace_id varchar(40) NOT NULL PRIMARY KEY,
  seq bigint NOT NULL,
  floor bigint NOT NULL
);

-- One row per process that works jobs, so that the jobs of a dead one are seen.
CREATE TABLE worker (
  id varchar(120) NOT NULL PRIMARY KEY,
  seen_at timestamptz NOT NULL
);

-- A known text sealed with the encryption key, so that a wrong key is seen at start.
CREATE TABLE key_check (
  id integer NOT NULL PRIMARY KEY CHECK (id = 1),
  sealed bytea NOT NULL
);

-- +goose Down
DROP TABLE key_check;
DROP TABLE worker;
DROP TABLE feed_head;
