"""When a bank sent a transfer back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0001_initial")]
    operations = [
        migrations.AddField("transfermade", "returned_at", models.DateTimeField(null=True)),
    ]
