"""The database refuses a jump that the tables of moves lack."""

from django.db import migrations

from backend.common.states import guard_jumps


class Migration(migrations.Migration):
    dependencies = [("fulfilment", "0001_initial"), ("common", "0001_initial")]
    operations = [guard_jumps("fulfilment_survey", "survey"), guard_jumps("fulfilment_parcel", "parcel")]
