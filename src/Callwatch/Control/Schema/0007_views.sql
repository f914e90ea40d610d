-- Lists that people have saved: a page and its address's state, by name. Names are one of a kind per tenant and page.
CREATE TABLE views (
  id INTEGER PRIMARY KEY AUTOINCREMENT, tenant INTEGER NOT NULL REFERENCES tenants (id), page TEXT NOT NULL, name TEXT NOT NULL, query TEXT NOT NULL,
  who TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, UNIQUE (tenant, page, name));

-- What browser a sign-in was begun with, in its own words: for people who look through theirs.
ALTER TABLE sessions ADD COLUMN agent TEXT;
