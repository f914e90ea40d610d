-- Requests for a model's answer by environment, too. -1: nobody has counted by environment then.
CREATE TABLE model_requests_of (
  bucket INTEGER NOT NULL, tenant INTEGER NOT NULL, app INTEGER NOT NULL, environment INTEGER NOT NULL, provider INTEGER NOT NULL, requests INTEGER NOT NULL, without_call INTEGER NOT NULL,
  PRIMARY KEY (bucket, tenant, app, environment, provider)
) WITHOUT ROWID;
INSERT INTO model_requests_of SELECT bucket, tenant, app, -1, provider, requests, without_call FROM model_requests;
DROP TABLE model_requests;
ALTER TABLE model_requests_of RENAME TO model_requests;
