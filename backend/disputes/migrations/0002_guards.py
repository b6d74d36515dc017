"""Evidence and rulings are append-only, and the database refuses a jump that no table of moves has."""

from django.db import migrations

from backend.common.states import guard_jumps


class Migration(migrations.Migration):
    dependencies = [("disputes", "0001_initial"), ("common", "0002_guards")]
    operations = [
        guard_jumps("disputes_case", "dispute"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE ON disputes_{name} "
                "FOR EACH ROW EXECUTE FUNCTION common_refuse_change()",
                f"DROP TRIGGER {name}_append_only ON disputes_{name}",
            )
            for name in ("evidence", "ruling")
        ),
    ]
