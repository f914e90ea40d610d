-- How long things are kept, in days; null inherits. Tenant 0 is the instance, app 0 the tenant as a whole.
CREATE TABLE retention (
  tenant INTEGER NOT NULL, app INTEGER NOT NULL, journal INTEGER, rows INTEGER, minutes INTEGER, quarter_hours INTEGER,
  PRIMARY KEY (tenant, app)) WITHOUT ROWID;
