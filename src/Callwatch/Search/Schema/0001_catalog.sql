-- The index's table of contents and its place in the journal.
CREATE TABLE files (
  file     TEXT PRIMARY KEY,
  day      INTEGER NOT NULL,             -- as in the store's catalog
  sequence INTEGER NOT NULL,
  documents INTEGER NOT NULL,
  -- Journal number of the last batch that touched the file. A file that knows less has lost commits in a power cut: reading resumes from what it knows.
  applied  INTEGER NOT NULL
) WITHOUT ROWID;

-- One row. Records from began on are indexed as far as number; through is how far they were before a damaged file made reading begin again.
CREATE TABLE place (id INTEGER PRIMARY KEY CHECK (id = 1), epoch TEXT NOT NULL, number INTEGER NOT NULL, began INTEGER NOT NULL, through INTEGER NOT NULL);

-- Days whose file was damaged: what the journal still had was indexed again from this record on.
CREATE TABLE rebuilt (day INTEGER PRIMARY KEY, began INTEGER NOT NULL);
