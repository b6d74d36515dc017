"""The ledger's functions, triggers and rights."""

from django.db import migrations

from backend.ledger.sql import FUNCTIONS


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop)]
