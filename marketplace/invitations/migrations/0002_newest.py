from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invitations", "0001_initial")]
    operations = [
        migrations.RemoveIndex(model_name="invitation", name="invited_party"),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(fields=["party", "-at", "-id"], name="invited_newest"),
        ),
    ]
