-- Days that are rebuilt beside the store and then put in place of what stood there (Store/Reindexing).

-- Files on their way in: until the swap is committed they are nobody's, and a start takes them away.
CREATE TABLE coming (file TEXT PRIMARY KEY) WITHOUT ROWID;

-- Files that rebuilt ones stand in for; they go when no reader can be in them any more, at the latest at the next start.
CREATE TABLE replaced (file TEXT PRIMARY KEY) WITHOUT ROWID;

-- Traces that reach from a rebuilt day into others, to be judged once more as a whole.
CREATE TABLE unjudged (tenant INTEGER NOT NULL, trace BLOB NOT NULL, PRIMARY KEY (tenant, trace)) WITHOUT ROWID;
