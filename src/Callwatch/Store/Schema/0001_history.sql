-- Figures whose rows are gone (architecture, section 6): by quarter hours and days, and by hours and days where few dimensions do. Here alone: no
-- journal could say them again, so each change is synced. Where figures by the quarter hour have been given up, levels 1 and 3 hold
-- the figures of the day at its beginning, so that a sum over any level is the same.
CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);

-- What has been moved here, and is not to be read where it came from: the partition file, and the app, or 0 and 0 for all of it.
CREATE TABLE moved (file TEXT NOT NULL, tenant INTEGER NOT NULL, app INTEGER NOT NULL, emptied INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (file, tenant, app)) WITHOUT ROWID;

-- Days of an app before this one have no figures by the quarter hour any more.
CREATE TABLE aged (tenant INTEGER NOT NULL, app INTEGER NOT NULL, day INTEGER NOT NULL, PRIMARY KEY (tenant, app)) WITHOUT ROWID;

CREATE TABLE rollups (
  level INTEGER NOT NULL, bucket INTEGER NOT NULL, tenant INTEGER NOT NULL, app INTEGER NOT NULL, environment INTEGER NOT NULL, kind INTEGER NOT NULL,
  operation INTEGER NOT NULL, provider INTEGER NOT NULL, model INTEGER NOT NULL, outcome INTEGER NOT NULL, asked INTEGER NOT NULL,
  calls INTEGER NOT NULL, latency_count INTEGER NOT NULL, latency_sum INTEGER NOT NULL, latency_max INTEGER NOT NULL,
  ttft_count INTEGER NOT NULL, ttft_sum INTEGER NOT NULL, ttft_max INTEGER NOT NULL, speed_tokens INTEGER NOT NULL, speed_time INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, total_tokens INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
  reasoning INTEGER NOT NULL, cost INTEGER NOT NULL, cost_input INTEGER NOT NULL, cost_cache_read INTEGER NOT NULL, cost_cache_write INTEGER NOT NULL,
  cost_output INTEGER NOT NULL, cost_reasoning INTEGER NOT NULL, cost_other INTEGER NOT NULL, unpriced INTEGER NOT NULL,
  latency_histogram BLOB NOT NULL, ttft_histogram BLOB NOT NULL,
  PRIMARY KEY (level, bucket, tenant, app, environment, kind, operation, provider, model, outcome, asked)
) WITHOUT ROWID;

CREATE TABLE cuts (
  cut INTEGER NOT NULL, level INTEGER NOT NULL, bucket INTEGER NOT NULL, tenant INTEGER NOT NULL, app INTEGER NOT NULL, outcome INTEGER NOT NULL,
  a INTEGER NOT NULL, b INTEGER NOT NULL, c INTEGER NOT NULL, figures BLOB NOT NULL,
  PRIMARY KEY (cut, level, bucket, tenant, app, outcome, a, b, c)
) WITHOUT ROWID;

-- people: exact only while one partition of the day has been moved here; else negative, and the sketch tells.
CREATE TABLE people (
  level INTEGER NOT NULL, bucket INTEGER NOT NULL, tenant INTEGER NOT NULL, app INTEGER NOT NULL, field INTEGER NOT NULL,
  people INTEGER NOT NULL, calls INTEGER NOT NULL, sketch BLOB NOT NULL,
  PRIMARY KEY (level, bucket, tenant, app, field)
) WITHOUT ROWID;

CREATE TABLE error_groups (
  tenant INTEGER NOT NULL, app INTEGER NOT NULL, fingerprint INTEGER NOT NULL, type TEXT NOT NULL, message TEXT NOT NULL, provider INTEGER NOT NULL,
  model INTEGER NOT NULL, calls INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, sample_trace BLOB NOT NULL,
  PRIMARY KEY (tenant, app, fingerprint, provider, model)
) WITHOUT ROWID;
