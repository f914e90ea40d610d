-- Requests of applications for a model's answer whose rows are gone, by the day (bucket, in seconds since 1970).
CREATE TABLE model_requests (
  bucket INTEGER NOT NULL, tenant INTEGER NOT NULL, app INTEGER NOT NULL, provider INTEGER NOT NULL, requests INTEGER NOT NULL, without_call INTEGER NOT NULL,
  PRIMARY KEY (bucket, tenant, app, provider)
) WITHOUT ROWID;
