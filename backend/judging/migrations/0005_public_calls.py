from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("judging", "0004_revoked")]
    operations = [
        migrations.AddField(
            model_name="call",
            name="is_public",
            field=models.BooleanField(default=True, verbose_name="公开"),
        )
    ]
