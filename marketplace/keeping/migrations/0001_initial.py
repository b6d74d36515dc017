import django.db.models.deletion
from django.db import migrations, models

import backend.common.ids


def _party() -> models.ForeignKey:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.party", verbose_name="主体"
    )


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0003_contact_changed")]
    operations = [
        migrations.CreateModel(
            name="Favourite",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=16, verbose_name="种类")),
                ("subject_id", models.UUIDField(verbose_name="任务")),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("party", _party()),
            ],
            options={
                "indexes": [models.Index(fields=["party", "-at", "-id"], name="kept_party")],
                "constraints": [models.UniqueConstraint(fields=("party", "subject_id"), name="kept_once")],
            },
        ),
        migrations.CreateModel(
            name="SavedSearch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=backend.common.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=16, verbose_name="种类")),
                ("name", models.CharField(max_length=30, verbose_name="名称")),
                ("query", models.CharField(max_length=500, verbose_name="条件")),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("party", _party()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("party", "kind", "name"), name="search_kept_once")]
            },
        ),
    ]
