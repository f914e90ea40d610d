-- Requests of applications for a model's answer, by quarter hour (bucket, in seconds since 1970), and how many of them have no call in their trace.
CREATE TABLE model_requests (
  bucket       INTEGER NOT NULL,
  tenant       INTEGER NOT NULL,
  app          INTEGER NOT NULL,
  provider     INTEGER NOT NULL,         -- words
  requests     INTEGER NOT NULL,
  without_call INTEGER NOT NULL,
  PRIMARY KEY (bucket, tenant, app, provider)
) WITHOUT ROWID;
