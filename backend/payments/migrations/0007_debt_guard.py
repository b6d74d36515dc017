from django.db import migrations

from backend.common.states import guard_jumps


class Migration(migrations.Migration):
    dependencies = [("payments", "0006_debts"), ("common", "0001_initial")]
    operations = [guard_jumps("payments_debt", "debt")]
