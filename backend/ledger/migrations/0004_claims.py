from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_receivable")]

    operations = [
        migrations.AlterField(
            model_name="account",
            name="kind",
            field=models.CharField(
                choices=[
                    ("clearing", "支付机构在途"),
                    ("escrow", "托管资金"),
                    ("payable", "应付款"),
                    ("fees", "平台收费"),
                    ("suspense", "待核资金"),
                    ("reserve", "风险准备"),
                    ("receivable", "应收欠款"),
                    ("claims", "待补退款"),
                ],
                max_length=12,
                verbose_name="类别",
            ),
        ),
    ]
