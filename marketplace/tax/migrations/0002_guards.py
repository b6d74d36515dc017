from django.db import migrations

FOR_GOOD = ("tax_withheld",)
"""What was said, handed in or withheld is never changed."""


class Migration(migrations.Migration):
    dependencies = [("tax", "0001_initial"), ("common", "0002_guards")]
    operations = [
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {table}_for_good BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION common_refuse_change()",
                f"DROP TRIGGER {table}_for_good ON {table}",
            )
            for table in FOR_GOOD
        ),
    ]
