from django.db import migrations

from backend.common.states import guard_jumps


class Migration(migrations.Migration):
    dependencies = [("errands", "0001_initial"), ("common", "0002_guards")]
    operations = [
        guard_jumps("errands_errand", "errand"),
        guard_jumps("errands_stop", "stop"),
        guard_jumps("errands_offer", "offer"),
        guard_jumps("errands_licence", "licence"),
    ]
