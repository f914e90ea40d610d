-- Providers' own accounts of what was used, as imported; what we have is asked of the store each time. Bounded and deletable.
CREATE TABLE reconcile_imports (
  id INTEGER PRIMARY KEY AUTOINCREMENT, tenant INTEGER NOT NULL REFERENCES tenants (id), name TEXT NOT NULL, provider TEXT NOT NULL, kind TEXT NOT NULL,
  first_day TEXT NOT NULL, last_day TEXT NOT NULL, lines INTEGER NOT NULL, who TEXT NOT NULL, time INTEGER NOT NULL);
CREATE INDEX reconcile_imports_tenant ON reconcile_imports (tenant);
-- By UTC day and model; null is what the export does not say. Money is in 10^-12 US dollars.
CREATE TABLE reconcile_rows (
  import INTEGER NOT NULL REFERENCES reconcile_imports (id) ON DELETE CASCADE, day TEXT NOT NULL, model TEXT NOT NULL,
  requests INTEGER, input INTEGER, cache_read INTEGER, cache_write INTEGER, output INTEGER, cost INTEGER,
  PRIMARY KEY (import, day, model)) WITHOUT ROWID;
