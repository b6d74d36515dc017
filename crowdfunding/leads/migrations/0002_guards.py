from django.db import migrations

from backend.common.states import guard_jumps


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial"), ("common", "0001_initial")]
    operations = [
        guard_jumps("leads_ledround", "led_round"),
        guard_jumps("leads_lead", "lead"),
        guard_jumps("leads_report", "lead_report"),
    ]
