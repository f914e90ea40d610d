-- The words of the spans that ended on one UTC day, in order of arrival; several files on a busy day.

-- Keys: applied (journal number of the last batch that touched this file; in the same transaction as its documents), closed (1 once another file of the day follows).
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- What each document is of: 16 bytes of the trace, then the 8 of the span as a little-endian integer.
CREATE TABLE docs (id INTEGER PRIMARY KEY, key BLOB NOT NULL);

-- The ends of the spans of each 4,096 neighbouring documents, so that a range of time is a few ranges of documents.
CREATE TABLE blocks (block INTEGER PRIMARY KEY, first_end INTEGER NOT NULL, last_end INTEGER NOT NULL);

-- Words as WordStream makes them, already folded: SQLite only has to divide at the spaces. It keeps no text, and nothing for ranking.
CREATE VIRTUAL TABLE words USING fts5 (text, content = '', columnsize = 0, detail = full, tokenize = 'ascii');
