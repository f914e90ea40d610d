-- The store's table of contents. Everything here can be found again from the partition files; it only saves opening them.
CREATE TABLE partitions (
  file     TEXT PRIMARY KEY,
  day      INTEGER NOT NULL,             -- the UTC day of the span ends in it, counted from 0001-01-01 (DateOnly.DayNumber)
  sequence INTEGER NOT NULL,             -- 1 for the first of the day
  rows     INTEGER NOT NULL,
  first_end INTEGER,
  last_end INTEGER,
  closed   INTEGER NOT NULL,
  -- Journal number of the last batch that touched the file. A file that knows less has lost commits in a power cut: reading resumes from what it knows.
  applied  INTEGER NOT NULL
) WITHOUT ROWID;

-- One row: the journal record after which reading resumes, and the one up to which all files are known to be synced.
CREATE TABLE position (id INTEGER PRIMARY KEY CHECK (id = 1), epoch TEXT NOT NULL, number INTEGER NOT NULL, synced INTEGER NOT NULL);
