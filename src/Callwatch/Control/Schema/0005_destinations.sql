-- Where traces are carried on to, and the secrets that takes (architecture, sections 7 and 12). Ids are never used again: lanes go by them.

-- What a tenant's secrets are sealed with, itself sealed with the master key of that id. One is in use, others only for what it could not open.
CREATE TABLE data_keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT, tenant INTEGER NOT NULL REFERENCES tenants (id), master TEXT NOT NULL, wrapped BLOB NOT NULL, made INTEGER NOT NULL);

-- Master keys that were put in force by a change; the last one is the one to seal with. Ids say nothing of the keys.
CREATE TABLE master_keys (id TEXT PRIMARY KEY, since INTEGER NOT NULL);

CREATE TABLE destinations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, tenant INTEGER NOT NULL REFERENCES tenants (id), revision INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
  config TEXT NOT NULL,                  -- JSON, normalised, without secrets
  secret_fields TEXT NOT NULL,           -- JSON: names of the fields that are sealed
  secrets BLOB,                          -- JSON of them, sealed for this tenant and this id
  data_key INTEGER REFERENCES data_keys (id),
  all_apps INTEGER NOT NULL, filter TEXT, sample_rate REAL NOT NULL, keep_errors INTEGER NOT NULL,
  mask TEXT NOT NULL, signals TEXT NOT NULL, enabled INTEGER NOT NULL, paused INTEGER NOT NULL DEFAULT 0,
  start TEXT NOT NULL,                   -- now, beginning, or nanoseconds
  created INTEGER NOT NULL, updated INTEGER NOT NULL);
CREATE INDEX destinations_tenant ON destinations (tenant);
CREATE INDEX destinations_data_key ON destinations (data_key);

-- With all_apps the exceptions (served 0), else the apps it serves (served 1).
CREATE TABLE destination_apps (
  destination INTEGER NOT NULL REFERENCES destinations (id) ON DELETE CASCADE, app INTEGER NOT NULL REFERENCES apps (id), served INTEGER NOT NULL,
  PRIMARY KEY (destination, app)) WITHOUT ROWID;

-- Apps whose traces go nowhere: somebody has switched them off.
CREATE TABLE apps_off (app INTEGER PRIMARY KEY REFERENCES apps (id), since INTEGER NOT NULL);
