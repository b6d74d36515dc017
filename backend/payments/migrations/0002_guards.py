"""The database refuses a jump that the tables of moves lack; notices are kept as they came."""

from django.db import migrations

from backend.common.states import guard_jumps


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("common", "0002_guards")]
    operations = [
        guard_jumps("payments_paymentintent", "payment_intent"),
        guard_jumps("payments_refund", "refund"),
        guard_jumps("payments_refundbatch", "refund_batch"),
        guard_jumps("payments_payout", "payout"),
        guard_jumps("payments_dispute", "payment_dispute"),
        migrations.RunSQL(
            """
            DO $$ BEGIN
                IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'sizhong_web') THEN
                    REVOKE DELETE, TRUNCATE ON payments_paymentintent, payments_refund, payments_payout,
                        payments_notice, payments_dispute, payments_refundbatch FROM sizhong_web;
                END IF;
            END $$;
            """,
            migrations.RunSQL.noop,
        ),
    ]
