-- One row for each time that this file was found damaged and begun anew: destinations made before then have no rows although they had some.
CREATE TABLE lost (time INTEGER NOT NULL);

-- Looked for by age when retention takes them.
CREATE INDEX steps_time ON steps (time);
