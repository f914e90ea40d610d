-- One partition: self-contained rows, contributions and rollups of a range of span end time (architecture, section 6).
-- Times are nanoseconds since 1970 UTC unless a name says otherwise; money is in 10^-12 US dollars; null is unknown.

-- Keys: applied (journal number of the last batch that touched this file; in the same transaction as its rows), closed (1 once filter indexes stand).
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- Dictionary of names, models, users, sessions, ...: each distinct text once per partition.
CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);

CREATE TABLE spans (
  id          INTEGER PRIMARY KEY,
  tenant      INTEGER NOT NULL,
  app         INTEGER NOT NULL,
  trace       BLOB    NOT NULL,          -- 16 bytes
  span        INTEGER NOT NULL,          -- the 8 bytes as a signed integer
  parent      INTEGER NOT NULL,          -- 0: root
  kind        INTEGER NOT NULL,          -- SpanKind
  outcome     INTEGER NOT NULL,          -- Outcome
  name        INTEGER NOT NULL,          -- words
  display     INTEGER NOT NULL,          -- words
  start       INTEGER NOT NULL,
  "end"       INTEGER NOT NULL,
  duration    INTEGER,
  environment INTEGER,                   -- words
  release     INTEGER,                   -- words
  user        INTEGER,                   -- words; as judged: with what was inherited
  session     INTEGER,                   -- words; as judged
  http_status INTEGER,
  error_type  INTEGER,                   -- words
  error_group INTEGER,                   -- words
  merged_into INTEGER,                   -- span id of the call this one was merged into
  content     INTEGER NOT NULL,          -- ContentState at the time of storing
  received    INTEGER NOT NULL,
  number      INTEGER NOT NULL,          -- journal record; with offset the version: the greater one replaces the lesser
  "offset"    INTEGER NOT NULL,          -- of the Span message in the record's payload
  length      INTEGER NOT NULL,
  thin        TEXT,                      -- what lists show and no column has: JSON, see ThinFacts; null: nothing
  own         TEXT                       -- what the span said of itself where judging its trace changed that: JSON, see OwnFacts; null: nothing changed
);
CREATE INDEX spans_trace ON spans (trace, span);

-- The calls: LLM spans and agents counted as a summary; a merged span has no row here.
CREATE TABLE calls (
  id            INTEGER PRIMARY KEY,     -- of its span
  tenant        INTEGER NOT NULL,
  app           INTEGER NOT NULL,
  "end"         INTEGER NOT NULL,
  number        INTEGER NOT NULL,        -- journal record of its span, for paging as of a position
  duration      INTEGER,
  ttft          INTEGER,
  kind          INTEGER NOT NULL,
  outcome       INTEGER NOT NULL,
  source        INTEGER NOT NULL,        -- CallSource
  streaming     INTEGER,
  environment   INTEGER,                 -- words, and so on
  operation     INTEGER,
  provider      INTEGER,
  model         INTEGER,                 -- response model, else request model
  request_model INTEGER,
  user          INTEGER,
  session       INTEGER,
  release       INTEGER,
  prompt        INTEGER,
  prompt_version INTEGER,
  error_type    INTEGER,
  error_group   INTEGER,
  fingerprint   INTEGER,                 -- error group of the Errors page
  http_status   INTEGER,
  finish        INTEGER,                 -- first folded finish reason
  response_id   TEXT,
  input_tokens  INTEGER,
  output_tokens INTEGER,
  total_tokens  INTEGER,
  cache_read    INTEGER,
  cache_write   INTEGER,
  reasoning     INTEGER,
  audio_input   INTEGER,
  audio_output  INTEGER,
  generation    INTEGER,                 -- ns the output took, where output speed is defined
  cost          INTEGER,                 -- total
  cost_input    INTEGER,
  cost_cache_read INTEGER,
  cost_cache_write INTEGER,
  cost_output   INTEGER,
  cost_reasoning INTEGER,
  cost_other    INTEGER,
  cost_source   INTEGER,                 -- 1 given, 2 computed
  unpriced      INTEGER NOT NULL,        -- 1: its cost is missing from the sums
  -- What a row has added to rollups follows from its own columns, so that a revision takes exactly that away. Only where it
  -- was counted under "other" (a bounded table was full) has to be remembered: a bit per facet field.
  overflow      INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX calls_end ON calls ("end");
CREATE INDEX calls_fingerprint ON calls (fingerprint, "end") WHERE fingerprint IS NOT NULL;

-- Where log records lie that belong to a span of this trace (GenAI events, exceptions), whichever came first.
CREATE TABLE joined_logs (
  trace   BLOB    NOT NULL,
  span    INTEGER NOT NULL,
  tenant  INTEGER NOT NULL,
  time    INTEGER NOT NULL,
  number  INTEGER NOT NULL,
  "offset" INTEGER NOT NULL,
  PRIMARY KEY (trace, tenant, span, number, "offset")
) WITHOUT ROWID;

-- One row per trace, in the partition that holds the trace's latest end.
CREATE TABLE traces (
  id         INTEGER PRIMARY KEY,
  trace      BLOB    NOT NULL,
  tenant     INTEGER NOT NULL,
  app        INTEGER NOT NULL,           -- of the local root
  start      INTEGER NOT NULL,
  "end"      INTEGER NOT NULL,
  duration   INTEGER,
  outcome    INTEGER NOT NULL,
  kind       INTEGER NOT NULL,
  name       INTEGER NOT NULL,
  user       INTEGER,
  session    INTEGER,
  environment INTEGER,
  span_count INTEGER NOT NULL,
  call_count INTEGER NOT NULL,
  error_count INTEGER NOT NULL,
  total_tokens INTEGER,
  cost       INTEGER,
  received   INTEGER NOT NULL,           -- of the latest record
  number     INTEGER NOT NULL,           -- the greatest of its spans' records, for paging as of a position
  whole      INTEGER NOT NULL,           -- 1: a root without a parent, and every other span hangs beneath it
  thin       TEXT    NOT NULL            -- apps, models, tags, usage, error: JSON, see TraceThin
);
-- Rows lie in order of arrival and only this index is hit at random: a table ordered by trace id would rewrite a page per trace.
CREATE UNIQUE INDEX traces_trace ON traces (trace, tenant);
CREATE INDEX traces_end ON traces ("end");

-- level 0 minute, 1 quarter hour, 2 UTC day; bucket in seconds since 1970.
CREATE TABLE rollups (
  level       INTEGER NOT NULL,
  bucket      INTEGER NOT NULL,
  tenant      INTEGER NOT NULL,
  app         INTEGER NOT NULL,
  environment INTEGER NOT NULL,          -- words; 0: none, and so on
  kind        INTEGER NOT NULL,
  operation   INTEGER NOT NULL,
  provider    INTEGER NOT NULL,
  model       INTEGER NOT NULL,
  outcome     INTEGER NOT NULL,
  asked       INTEGER NOT NULL,          -- words; the model asked for, else the one that answered: failures know no other
  calls         INTEGER NOT NULL,
  latency_count INTEGER NOT NULL,        -- of calls with a known duration
  latency_sum   INTEGER NOT NULL,        -- microseconds
  latency_max   INTEGER NOT NULL,        -- nanoseconds
  ttft_count    INTEGER NOT NULL,
  ttft_sum      INTEGER NOT NULL,
  ttft_max      INTEGER NOT NULL,
  speed_tokens  INTEGER NOT NULL,        -- output tokens of the calls whose speed is defined
  speed_time    INTEGER NOT NULL,        -- microseconds
  input_tokens  INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  total_tokens  INTEGER NOT NULL,
  cache_read    INTEGER NOT NULL,
  cache_write   INTEGER NOT NULL,
  reasoning     INTEGER NOT NULL,
  cost          INTEGER NOT NULL,
  cost_input    INTEGER NOT NULL,
  cost_cache_read INTEGER NOT NULL,
  cost_cache_write INTEGER NOT NULL,
  cost_output   INTEGER NOT NULL,
  cost_reasoning INTEGER NOT NULL,
  cost_other    INTEGER NOT NULL,
  unpriced      INTEGER NOT NULL,
  latency_histogram BLOB NOT NULL,       -- see Histogram
  ttft_histogram    BLOB NOT NULL,
  PRIMARY KEY (level, bucket, tenant, app, environment, kind, operation, provider, model, outcome, asked)
) WITHOUT ROWID;

-- Known values of each facet field in this partition, with how many calls have them. Value 0 is "other": at most 1,000 values a field are kept apart.
CREATE TABLE facets (
  tenant INTEGER NOT NULL,
  app    INTEGER NOT NULL,
  field  TEXT    NOT NULL,
  value  INTEGER NOT NULL,               -- words
  calls  INTEGER NOT NULL,
  PRIMARY KEY (tenant, app, field, value)
) WITHOUT ROWID;

-- Error groups of the calls of this partition.
CREATE TABLE error_groups (
  tenant      INTEGER NOT NULL,
  app         INTEGER NOT NULL,
  fingerprint INTEGER NOT NULL,
  type        TEXT NOT NULL,
  message     TEXT NOT NULL,             -- normalised: numbers, ids and quoted text replaced
  provider    INTEGER NOT NULL,
  model       INTEGER NOT NULL,
  calls       INTEGER NOT NULL,
  first_seen  INTEGER NOT NULL,
  last_seen   INTEGER NOT NULL,
  sample_trace BLOB NOT NULL,            -- of the latest
  PRIMARY KEY (tenant, app, fingerprint, provider, model)
) WITHOUT ROWID;
