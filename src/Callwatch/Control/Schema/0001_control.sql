-- Control data (architecture, section 4): small, synchronous=FULL. Times are nanoseconds since 1970 UTC.
CREATE TABLE tenants (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL);
CREATE TABLE apps (
  id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL REFERENCES tenants (id), name TEXT NOT NULL, created INTEGER NOT NULL,
  UNIQUE (tenant, name));
CREATE TABLE keys (
  id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL REFERENCES tenants (id), app INTEGER REFERENCES apps (id),
  scopes INTEGER NOT NULL, hash BLOB NOT NULL UNIQUE, prefix TEXT NOT NULL, label TEXT, created INTEGER NOT NULL, revoked INTEGER);
CREATE TABLE price_books (
  id INTEGER PRIMARY KEY, version TEXT NOT NULL UNIQUE, in_force INTEGER NOT NULL, source TEXT NOT NULL, body BLOB NOT NULL);
