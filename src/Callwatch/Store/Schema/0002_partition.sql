-- What follows from rows and rollups and makes reading quick: made hour by hour, once an hour is over, and made anew when a late span changes it.

-- Figures by few dimensions. cut: see Cut; level as in rollups, and 3 hour; a, b, c: words, 0 where there is none, -1 for the rest of a bounded cut.
CREATE TABLE cuts (
  cut     INTEGER NOT NULL,
  level   INTEGER NOT NULL,
  bucket  INTEGER NOT NULL,
  tenant  INTEGER NOT NULL,
  app     INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  a       INTEGER NOT NULL,
  b       INTEGER NOT NULL,
  c       INTEGER NOT NULL,
  figures BLOB    NOT NULL,              -- see PackedFigures
  PRIMARY KEY (cut, level, bucket, tenant, app, outcome, a, b, c)
) WITHOUT ROWID;

-- Who made the calls of an hour (level 3) or day (2): field 0 users, 1 sessions.
CREATE TABLE people (
  level  INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  tenant INTEGER NOT NULL,
  app    INTEGER NOT NULL,
  field  INTEGER NOT NULL,
  people INTEGER NOT NULL,               -- exact, within the bucket and app
  calls  INTEGER NOT NULL,               -- that have one
  sketch BLOB    NOT NULL,               -- see PeopleSketch
  PRIMARY KEY (level, bucket, tenant, app, field)
) WITHOUT ROWID;

-- Hours (3) and days (2) of which the above stands. state 0: being made; whoever changes a call of it deletes the row.
CREATE TABLE derived (
  level  INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  state  INTEGER NOT NULL,
  PRIMARY KEY (level, bucket)
) WITHOUT ROWID;
