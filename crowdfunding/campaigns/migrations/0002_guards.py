"""The database refuses a jump that the tables of moves lack."""

from django.db import migrations

from backend.common.states import guard_jumps


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial"), ("common", "0002_guards")]
    operations = [
        guard_jumps("campaigns_campaign", "campaign"),
        guard_jumps("campaigns_pledge", "pledge"),
    ]
