from django.db import migrations, models

import marketplace.invitations.models


class Migration(migrations.Migration):
    dependencies = [("tasks", "0004_keeping_moves")]
    operations = [
        migrations.AlterField(
            model_name="task",
            name="invite_code",
            field=models.CharField(
                default=marketplace.invitations.models.new_code,
                max_length=32,
                unique=True,
                verbose_name="邀请码",
            ),
        ),
    ]
