-- A part of the settled sequence: up to a million revisions in the order they were settled. Times are nanoseconds since 1970 UTC.
CREATE TABLE settled (
  seq            INTEGER PRIMARY KEY,
  tenant         INTEGER NOT NULL,
  trace          BLOB    NOT NULL,       -- 16 bytes
  revision       INTEGER NOT NULL,
  reason         INTEGER NOT NULL,       -- SettleReason
  settled_at     INTEGER NOT NULL,
  first_received INTEGER NOT NULL,
  last_received  INTEGER NOT NULL,
  first_number   INTEGER NOT NULL,       -- journal records that brought it
  last_number    INTEGER NOT NULL,
  last_offset    INTEGER NOT NULL,       -- in the last record: what lies behind it is for the next revision
  places         BLOB    NOT NULL        -- of spans and log records, see SettledPlaces
);
CREATE INDEX settled_trace ON settled (trace);
CREATE INDEX settled_tenant ON settled (tenant, seq);

-- One row, in the file written last: how far the journal has been read, and the record before the first that is needed again after a restart.
CREATE TABLE place (id INTEGER PRIMARY KEY CHECK (id = 1), epoch TEXT NOT NULL, read INTEGER NOT NULL, needed INTEGER NOT NULL);
