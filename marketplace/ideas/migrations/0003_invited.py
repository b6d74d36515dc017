from django.db import migrations, models

import marketplace.invitations.models


class Migration(migrations.Migration):
    dependencies = [("ideas", "0002_guards")]
    operations = [
        migrations.AddField(
            model_name="solicitation",
            name="visibility",
            field=models.CharField(
                choices=[("public", "公开"), ("invited", "仅受邀者可见")],
                default="public",
                max_length=8,
                verbose_name="可见范围",
            ),
        ),
        migrations.AddField(
            model_name="solicitation",
            name="invite_code",
            field=models.CharField(default="", max_length=32, verbose_name="邀请码"),
        ),
        migrations.RunSQL(
            "UPDATE ideas_solicitation SET invite_code = replace(gen_random_uuid()::text, '-', '')",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name="solicitation",
            name="invite_code",
            field=models.CharField(
                default=marketplace.invitations.models.new_code,
                max_length=32,
                unique=True,
                verbose_name="邀请码",
            ),
        ),
    ]
