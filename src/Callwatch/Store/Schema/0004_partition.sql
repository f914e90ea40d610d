-- What users thought of answers, and business records as a whole.

-- 1 positive, -1 negative; of the call that gave the answer.
ALTER TABLE calls ADD COLUMN feedback INTEGER;
ALTER TABLE rollups ADD COLUMN positive INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollups ADD COLUMN negative INTEGER NOT NULL DEFAULT 0;

-- Messages, and runs of workflows that are no part of another record: the span's own facts, and what the calls beneath it come to.
CREATE TABLE records (
  id          INTEGER PRIMARY KEY,       -- of its span
  tenant      INTEGER NOT NULL,
  app         INTEGER NOT NULL,
  "end"       INTEGER NOT NULL,
  kind        INTEGER NOT NULL,
  outcome     INTEGER NOT NULL,
  duration    INTEGER,
  environment INTEGER,                   -- words, and so on
  user        INTEGER,
  session     INTEGER,
  figures     BLOB    NOT NULL           -- see RecordFigures
);
CREATE INDEX records_end ON records ("end");

-- The greatest values that calls of an hour have, of those that hardly any call exceeds: filters pass over hours in which none does.
-- Of hours that stand in derived; NULL where no call knows the value.
CREATE TABLE peaks (
  bucket      INTEGER NOT NULL,
  tenant      INTEGER NOT NULL,
  app         INTEGER NOT NULL,
  model       INTEGER NOT NULL,          -- words; 0: none
  outcome     INTEGER NOT NULL,
  duration INTEGER, ttft INTEGER, input_tokens INTEGER, output_tokens INTEGER, total_tokens INTEGER, cache_read INTEGER, cache_write INTEGER, reasoning INTEGER,
  audio_input INTEGER, audio_output INTEGER, cost INTEGER, cost_input INTEGER, cost_cache_read INTEGER, cost_cache_write INTEGER, cost_output INTEGER,
  cost_reasoning INTEGER, cost_other INTEGER,
  PRIMARY KEY (bucket, tenant, app, model, outcome)
) WITHOUT ROWID;
