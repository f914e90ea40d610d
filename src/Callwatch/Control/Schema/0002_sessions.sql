-- Sign-ins of the browser: the cookie's secret hashed, and the key it stands for (none: the link printed at the start, which may do all).
CREATE TABLE sessions (
  hash BLOB PRIMARY KEY, key INTEGER REFERENCES keys (id), created INTEGER NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;
