from django.db import migrations

from backend.common.states import guard_jumps


class Migration(migrations.Migration):
    dependencies = [("contests", "0001_initial"), ("common", "0002_guards")]
    operations = [guard_jumps("contests_contest", "contest")]
