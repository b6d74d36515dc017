from django.db import migrations

from backend.common.states import guard_jumps


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0001_initial"), ("common", "0002_guards")]
    operations = [
        guard_jumps("knowledge_article", "article"),
        guard_jumps("knowledge_change", "change"),
        guard_jumps("knowledge_gap", "gap"),
        migrations.RunSQL(
            "CREATE TRIGGER knowledge_version_for_good BEFORE UPDATE OR DELETE ON knowledge_version "
            "FOR EACH ROW EXECUTE FUNCTION common_refuse_change()",
            "DROP TRIGGER knowledge_version_for_good ON knowledge_version",
        ),
    ]
