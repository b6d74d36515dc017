import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0003_contact_changed")]
    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=16, verbose_name="种类")),
                ("subject_id", models.UUIDField(verbose_name="任务")),
                ("at", models.DateTimeField(verbose_name="时间")),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="受邀者",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["party", "kind", "subject_id"], name="invited_party")],
                "constraints": [models.UniqueConstraint(fields=("subject_id", "party"), name="invited_once")],
            },
        )
    ]
