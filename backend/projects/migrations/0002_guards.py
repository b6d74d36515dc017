from django.db import migrations

from backend.common.states import guard_jumps


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_initial"), ("common", "0002_guards")]
    operations = [guard_jumps("projects_passport", "passport"), guard_jumps("projects_evidence", "evidence")]
