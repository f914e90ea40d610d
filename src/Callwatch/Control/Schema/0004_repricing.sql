-- Who changed what, in words and with the details as JSON. Never deleted.
CREATE TABLE audit (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, tenant INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL);

-- Repricings that were begun: what was chosen, by which book, what was shown before. One that has not ended goes on at the next start.
CREATE TABLE repricings (
  id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, from_end INTEGER NOT NULL, to_end INTEGER NOT NULL, app TEXT, model TEXT, q TEXT,
  book TEXT NOT NULL, difference TEXT NOT NULL, who TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER, reason TEXT);
