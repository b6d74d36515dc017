"""History is append-only, and the database refuses a jump that no table of moves has."""

from django.db import migrations

GUARDS = r"""
CREATE FUNCTION common_refuse_jump() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM common_allowedmove
        WHERE machine = TG_ARGV[0] AND source = OLD.state AND target = NEW.state
    ) THEN
        RAISE EXCEPTION '% does not go from % to %', TG_ARGV[0], OLD.state, NEW.state USING ERRCODE = 'ST001';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION common_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'LD000';
END $$;

CREATE TRIGGER statechange_append_only BEFORE UPDATE OR DELETE ON common_statechange
    FOR EACH ROW EXECUTE FUNCTION common_refuse_change();
CREATE TRIGGER statechange_no_truncate BEFORE TRUNCATE ON common_statechange
    FOR EACH STATEMENT EXECUTE FUNCTION common_refuse_change();

DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'sizhong_web') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON common_statechange FROM sizhong_web;
        REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON common_allowedmove, common_rule FROM sizhong_web;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("common", "0001_initial")]
    operations = [migrations.RunSQL(GUARDS, migrations.RunSQL.noop)]
