-- Figures by environment (cut 7) were not made by early versions: hours and days that lack them stand no more, and are made anew.
DELETE FROM derived WHERE EXISTS (SELECT 1 FROM cuts c WHERE c.cut = 0 AND c.level = derived.level AND c.bucket = derived.bucket)
  AND NOT EXISTS (SELECT 1 FROM cuts c WHERE c.cut = 7 AND c.level = derived.level AND c.bucket = derived.bucket);
