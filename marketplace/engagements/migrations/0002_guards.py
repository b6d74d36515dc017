from django.db import migrations

from backend.common.states import guard_jumps

FOR_GOOD = ("engagements_delivery", "engagements_deliveredfile", "engagements_remark", "engagements_message")
"""What was said, handed in or withheld is never changed."""


class Migration(migrations.Migration):
    dependencies = [("engagements", "0001_initial"), ("common", "0002_guards")]
    operations = [
        guard_jumps("engagements_contract", "contract"),
        guard_jumps("engagements_milestone", "milestone"),
        guard_jumps("engagements_claim", "work_claim"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {table}_for_good BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION common_refuse_change()",
                f"DROP TRIGGER {table}_for_good ON {table}",
            )
            for table in FOR_GOOD
        ),
    ]
