from django.db import migrations

from backend.common.states import guard_jumps


class Migration(migrations.Migration):
    dependencies = [("pots", "0001_initial"), ("common", "0001_initial")]
    operations = [guard_jumps("pots_pot", "match_pot"), guard_jumps("pots_match", "match")]
