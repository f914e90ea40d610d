-- What is asked of other spans than calls as a whole.

-- Tools, retrievals and nodes of workflows over time: figures of them are read from here alone. Hardly any span is one of them.
CREATE INDEX spans_steps ON spans (tenant, "end", kind, app, outcome, display, duration) WHERE kind IN (20, 23, 42);

-- Requests of applications for a model's answer by environment, too: counted anew from the rows, which say which spans are some.
CREATE TABLE model_requests_of (
  bucket       INTEGER NOT NULL,
  tenant       INTEGER NOT NULL,
  app          INTEGER NOT NULL,
  environment  INTEGER NOT NULL,         -- words; 0: none
  provider     INTEGER NOT NULL,         -- words
  requests     INTEGER NOT NULL,
  without_call INTEGER NOT NULL,
  PRIMARY KEY (bucket, tenant, app, environment, provider)
) WITHOUT ROWID;
INSERT INTO model_requests_of (bucket, tenant, app, environment, provider, requests, without_call)
  SELECT s."end" / 1000000000 / 900 * 900, s.tenant, s.app, coalesce(s.environment, 0), w.id, count(*), sum(coalesce(s.thin ->> '$.without_call', 0))
  FROM spans s JOIN words w ON w.word = s.thin ->> '$.request' WHERE instr(s.thin, '"request":"') > 0 GROUP BY 1, 2, 3, 4, 5;
DROP TABLE model_requests;
ALTER TABLE model_requests_of RENAME TO model_requests;
