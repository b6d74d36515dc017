from django.db import migrations

from backend.common.states import guard_jumps


class Migration(migrations.Migration):
    dependencies = [("moderation", "0002_appeals"), ("common", "0002_guards")]
    operations = [guard_jumps("moderation_appeal", "appeal")]
