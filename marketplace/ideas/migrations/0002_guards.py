from django.db import migrations

from backend.common.states import guard_jumps


class Migration(migrations.Migration):
    dependencies = [("ideas", "0001_initial"), ("common", "0002_guards")]
    operations = [guard_jumps("ideas_solicitation", "solicitation"), guard_jumps("ideas_idea", "idea")]
