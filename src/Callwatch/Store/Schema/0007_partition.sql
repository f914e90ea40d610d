-- What is asked of failures as a whole is read from their index alone: which, when, of which app, provider and model, who met them.
DROP INDEX calls_fingerprint;
CREATE INDEX calls_fingerprint ON calls (fingerprint, "end", tenant, app, outcome, provider, model, user) WHERE fingerprint IS NOT NULL;
