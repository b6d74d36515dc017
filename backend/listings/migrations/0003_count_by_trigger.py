from django.db import migrations

CLOSES = "is_open AND closes_at IS NOT NULL"
CELL = f"kind, category, county, state, {CLOSES} AS closes"
INTO = "INSERT INTO listings_tally (kind, category, county, state, closes, n)"

COUNT = f"""
CREATE FUNCTION listings_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {INTO} SELECT {CELL}, count(*) FROM now_there WHERE is_public GROUP BY 1, 2, 3, 4, 5;
    ELSIF TG_OP = 'DELETE' THEN
        {INTO} SELECT {CELL}, -count(*) FROM was_there WHERE is_public GROUP BY 1, 2, 3, 4, 5;
    ELSE
        {INTO} SELECT kind, category, county, state, closes, sum(n) FROM (
            SELECT {CELL}, 1 AS n FROM now_there WHERE is_public
            UNION ALL
            SELECT {CELL}, -1 AS n FROM was_there WHERE is_public
        ) changed GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER listings_counted_new AFTER INSERT ON listings_listing
    REFERENCING NEW TABLE AS now_there FOR EACH STATEMENT EXECUTE FUNCTION listings_count();
CREATE TRIGGER listings_counted_anew AFTER UPDATE ON listings_listing
    REFERENCING OLD TABLE AS was_there NEW TABLE AS now_there FOR EACH STATEMENT EXECUTE FUNCTION listings_count();
CREATE TRIGGER listings_counted_gone AFTER DELETE ON listings_listing
    REFERENCING OLD TABLE AS was_there FOR EACH STATEMENT EXECUTE FUNCTION listings_count();
{INTO} SELECT {CELL}, count(*) FROM listings_listing WHERE is_public GROUP BY 1, 2, 3, 4, 5;
"""
"""Statement by statement: what an upsert of many rows changed is one sum, and figures that change no count add no row."""

UNDO = """
DROP TRIGGER listings_counted_new ON listings_listing;
DROP TRIGGER listings_counted_anew ON listings_listing;
DROP TRIGGER listings_counted_gone ON listings_listing;
DROP FUNCTION listings_count();
DELETE FROM listings_tally;
"""


class Migration(migrations.Migration):
    dependencies = [("listings", "0002_tallies")]
    operations = [migrations.RunSQL(COUNT, UNDO)]
