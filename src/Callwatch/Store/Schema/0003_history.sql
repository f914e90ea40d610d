-- What users thought of answers.
ALTER TABLE rollups ADD COLUMN positive INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollups ADD COLUMN negative INTEGER NOT NULL DEFAULT 0;
