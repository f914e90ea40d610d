-- How often each kind of control data has changed. Who holds a kind in memory reads it anew when its own number has moved, and not for
-- every change of another: a sign-in must not have all keys read again. Kept by the file itself, whichever program writes it.
CREATE TABLE changes (what TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO changes (what, number) VALUES ('tenants', 1), ('apps', 1), ('keys', 1), ('sessions', 1), ('retention', 1);
CREATE TRIGGER tenants_added AFTER INSERT ON tenants BEGIN UPDATE changes SET number = number + 1 WHERE what = 'tenants'; END;
CREATE TRIGGER tenants_changed AFTER UPDATE ON tenants BEGIN UPDATE changes SET number = number + 1 WHERE what = 'tenants'; END;
CREATE TRIGGER tenants_removed AFTER DELETE ON tenants BEGIN UPDATE changes SET number = number + 1 WHERE what = 'tenants'; END;
CREATE TRIGGER apps_added AFTER INSERT ON apps BEGIN UPDATE changes SET number = number + 1 WHERE what = 'apps'; END;
CREATE TRIGGER apps_changed AFTER UPDATE ON apps BEGIN UPDATE changes SET number = number + 1 WHERE what = 'apps'; END;
CREATE TRIGGER apps_removed AFTER DELETE ON apps BEGIN UPDATE changes SET number = number + 1 WHERE what = 'apps'; END;
CREATE TRIGGER keys_added AFTER INSERT ON keys BEGIN UPDATE changes SET number = number + 1 WHERE what = 'keys'; END;
CREATE TRIGGER keys_changed AFTER UPDATE ON keys BEGIN UPDATE changes SET number = number + 1 WHERE what = 'keys'; END;
CREATE TRIGGER keys_removed AFTER DELETE ON keys BEGIN UPDATE changes SET number = number + 1 WHERE what = 'keys'; END;
CREATE TRIGGER sessions_added AFTER INSERT ON sessions BEGIN UPDATE changes SET number = number + 1 WHERE what = 'sessions'; END;
CREATE TRIGGER sessions_changed AFTER UPDATE ON sessions BEGIN UPDATE changes SET number = number + 1 WHERE what = 'sessions'; END;
CREATE TRIGGER sessions_removed AFTER DELETE ON sessions BEGIN UPDATE changes SET number = number + 1 WHERE what = 'sessions'; END;
CREATE TRIGGER retention_added AFTER INSERT ON retention BEGIN UPDATE changes SET number = number + 1 WHERE what = 'retention'; END;
CREATE TRIGGER retention_changed AFTER UPDATE ON retention BEGIN UPDATE changes SET number = number + 1 WHERE what = 'retention'; END;
CREATE TRIGGER retention_removed AFTER DELETE ON retention BEGIN UPDATE changes SET number = number + 1 WHERE what = 'retention'; END;
