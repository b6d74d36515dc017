from django.db import migrations


class Migration(migrations.Migration):
    """Favourites and kept searches are alike for all kinds of work: they move to an app of their own."""

    dependencies = [("tasks", "0003_invitations_move"), ("keeping", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "INSERT INTO keeping_favourite (kind, subject_id, party_id, at) "
            "SELECT 'task', task_id, party_id, at FROM tasks_favourite",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "INSERT INTO keeping_savedsearch (id, kind, party_id, name, query, at) "
            "SELECT id, 'task', party_id, name, query, at FROM tasks_savedfilter",
            migrations.RunSQL.noop,
        ),
        migrations.DeleteModel(name="Favourite"),
        migrations.DeleteModel(name="SavedFilter"),
    ]
