-- Where the lanes stand, and what went wrong on the way (architecture, section 7). Times are nanoseconds since 1970 UTC.

-- One row per reader: replay 0 is the live lane of a destination, others are its replays.
CREATE TABLE lanes (
  destination   INTEGER NOT NULL,
  replay        INTEGER NOT NULL,
  cursor        INTEGER NOT NULL,        -- the last settled number it is done with
  until         INTEGER,                 -- of a replay: where it ends
  from_received INTEGER,                 -- of a replay: what was asked for
  to_received   INTEGER,
  created       INTEGER NOT NULL,
  ended         INTEGER,                 -- of a replay
  sent          INTEGER NOT NULL DEFAULT 0,
  refused       INTEGER NOT NULL DEFAULT 0,
  retried       INTEGER NOT NULL DEFAULT 0,
  expired       INTEGER NOT NULL DEFAULT 0,
  last_delivery INTEGER,
  began         INTEGER NOT NULL DEFAULT 0, -- where the cursor stood at first: what had settled before is none of its business
  stopped       TEXT,                    -- why it waits for a person
  stopped_at    INTEGER,
  PRIMARY KEY (destination, replay)
) WITHOUT ROWID;

-- What is frozen of a trace before its first request.
CREATE TABLE anchors (
  destination INTEGER NOT NULL,
  trace       BLOB    NOT NULL,          -- 16 bytes
  made        INTEGER NOT NULL,
  facts       TEXT    NOT NULL,          -- JSON, see Anchor
  PRIMARY KEY (destination, trace)
) WITHOUT ROWID;
CREATE INDEX anchors_made ON anchors (made);

-- What a platform refused for good.
CREATE TABLE dead_letters (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  destination INTEGER NOT NULL,
  seq         INTEGER NOT NULL,          -- of the revision it belongs to
  trace       BLOB    NOT NULL,
  route       TEXT    NOT NULL,
  item        TEXT,                      -- id at the platform
  spans       BLOB    NOT NULL,          -- 8 bytes each
  time        INTEGER NOT NULL,
  status      INTEGER,
  message     TEXT    NOT NULL,
  attempts    INTEGER NOT NULL,
  retry       INTEGER NOT NULL DEFAULT 0 -- 1: a person wants it sent again
);
CREATE INDEX dead_letters_destination ON dead_letters (destination, id);
CREATE INDEX dead_letters_seq ON dead_letters (destination, seq);
CREATE INDEX dead_letters_trace ON dead_letters (trace);

-- What of a settled number will never arrive: the journal had lost it (gone), or its time was over (expired).
CREATE TABLE losses (
  destination INTEGER NOT NULL,
  seq         INTEGER NOT NULL,
  what        TEXT    NOT NULL,
  count       INTEGER NOT NULL,
  time        INTEGER NOT NULL,
  PRIMARY KEY (destination, seq, what)
) WITHOUT ROWID;

-- One row for each step of a lane's cursor: when what had settled up to there was delivered.
CREATE TABLE steps (
  destination INTEGER NOT NULL,
  through     INTEGER NOT NULL,
  time        INTEGER NOT NULL,
  PRIMARY KEY (destination, through)
) WITHOUT ROWID;
