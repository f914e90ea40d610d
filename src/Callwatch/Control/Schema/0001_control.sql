-- Control data (architecture, section 4): small, synchronous=FULL. Times are nanoseconds since 1970 UTC.
CREATE TABLE tenants (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL);
CREATE TABLE apps (
  id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL REFERENCES tenants (id), name TEXT NOT NULL, created INTEGER NOT NULL,
  UNIQUE (tenant, name));
CREATE TABLE keys (
  id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL REFERENCES tenants (id), app INTEGER REFERENCES apps (id),
  scopes INTEGER NOT NULL, hash BLOB NOT NULL UNIQUE, prefix TEXT NOT NULL, label TEXT, created INTEGER NOT NULL, revoked INTEGER);
-- A price book is three layers, looked up in this order: the operator's own entries, the operator's file, the built-in book.
-- A layer is kept once, by the hash of its content; bodies are Brotli-compressed JSON. Books are never deleted: calls name them.
CREATE TABLE price_layers (hash TEXT PRIMARY KEY, source TEXT NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE price_books (
  id INTEGER PRIMARY KEY, version TEXT NOT NULL, in_force INTEGER NOT NULL,
  own TEXT REFERENCES price_layers (hash), file TEXT REFERENCES price_layers (hash), built_in TEXT NOT NULL REFERENCES price_layers (hash));
