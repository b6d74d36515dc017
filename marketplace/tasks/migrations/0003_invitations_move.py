from django.db import migrations


class Migration(migrations.Migration):
    """Invitations are alike for all kinds of work: they move to an app of their own."""

    dependencies = [("tasks", "0002_guards"), ("invitations", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "INSERT INTO invitations_invitation (kind, subject_id, party_id, at) "
            "SELECT 'task', task_id, party_id, at FROM tasks_invitation",
            migrations.RunSQL.noop,
        ),
        migrations.DeleteModel(name="Invitation"),
    ]
