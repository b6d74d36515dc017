from django.db import migrations

FOR_GOOD = ("contests_pledge", "contests_secretread")
"""Promises and the record of who read what are never changed."""


class Migration(migrations.Migration):
    dependencies = [("contests", "0003_finals_and_secrets"), ("common", "0002_guards")]
    operations = [
        migrations.RunSQL(
            f"CREATE TRIGGER {table}_for_good BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION common_refuse_change()",
            f"DROP TRIGGER {table}_for_good ON {table}",
        )
        for table in FOR_GOOD
    ]
