"""Historical campaigns: exact sums, refusals by field, stopping and going on, agreement with the record."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from backend.common.tables import Dirty
from backend.ledger import queries as books
from crowdfunding.campaigns.history.records import read
from crowdfunding.campaigns.models import Campaign, Pledge

HEAD = "id,name,category,main_category,currency,deadline,goal,launched,pledged,state,backers,country\n"
GOOD = """\
1,Won by a cent,Rock,Music,USD,2014-03-31,100.00,2014-03-01 10:00:00,100.01,successful,3,US
2,Lost by a cent,Rock,Music,GBP,2014-03-31,100.00,2014-03-01 10:00:00,99.99,failed,7,GB
3,Nobody came,Rock,Music,USD,2014-03-31,100.00,2014-03-01 10:00:00,0.00,failed,0,US
4,Given up,Rock,Music,USD,2014-03-31,100.00,2014-03-01 10:00:00,12.34,canceled,2,US
5,Stopped,Rock,Music,USD,2014-03-31,100.00,2014-03-01 10:00:00,500.00,suspended,5,US
6,Money without people,Rock,Music,USD,2014-03-31,100.00,2014-03-01 10:00:00,435.00,undefined,0,"N,0"
"""
DIRTY = [
    ("goal", "7,x,c,m,USD,2014-03-31,-5,2014-03-01 10:00:00,1.00,failed,1,US"),
    ("goal", "7,x,c,m,USD,2014-03-31,0.00,2014-03-01 10:00:00,1.00,failed,1,US"),
    ("pledged", "7,x,c,m,USD,2014-03-31,5.00,2014-03-01 10:00:00,1e3,failed,1,US"),
    ("pledged", "7,x,c,m,USD,2014-03-31,5.00,2014-03-01 10:00:00,1.234,failed,1,US"),
    ("launched", "7,x,c,m,USD,2014-03-31,5.00,1970-01-01 01:00:00,1.00,failed,1,US"),
    ("launched", "7,x,c,m,USD,2014-03-31,5.00,yesterday,1.00,failed,1,US"),
    ("deadline", "7,x,c,m,USD,2014-02-01,5.00,2014-03-01 10:00:00,1.00,failed,1,US"),
    ("state", "7,x,c,m,USD,2014-03-31,5.00,2014-03-01 10:00:00,1.00,lost,1,US"),
    ("backers", "7,x,c,m,USD,2014-03-31,5.00,2014-03-01 10:00:00,0.01,failed,2,US"),
    ("backers", "7,x,c,m,USD,2014-03-31,5.00,2014-03-01 10:00:00,1.00,failed,-1,US"),
    ("name", "7,,c,m,USD,2014-03-31,5.00,2014-03-01 10:00:00,1.00,failed,1,US"),
    ("id", "1,twice,c,m,USD,2014-03-31,5.00,2014-03-01 10:00:00,1.00,failed,1,US"),
    ("row", "7,x,c,m,USD,2014-03-31,5.00,2014-03-01 10:00:00,1.00,failed,1,US,more,fields"),
    ("backers", "7,short,c,m,USD,2014-03-31,5.00,2014-03-01 10:00:00,1.00,failed"),
]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "campaigns.csv"
    path.write_text(HEAD + GOOD + "\n".join(row for _, row in DIRTY) + "\n", encoding="utf-8")
    return path


def run(path, *options: str) -> dict:
    out = StringIO()
    call_command("import_campaigns", str(path), "--json", *options, stdout=out, stderr=StringIO())
    return json.loads(out.getvalue().splitlines()[-1])


def test_dirty_rows_are_refused_with_row_field_and_reason(file):
    refused = [row for row in read(file) if isinstance(row, Dirty)]
    assert [row.field for row in refused] == [field for field, _ in DIRTY]
    assert [row.row for row in refused] == list(range(7, 7 + len(DIRTY)))
    assert all(row.reason for row in refused)


def test_records_are_lived_to_the_fen_and_a_second_run_doubles_nothing(own_db, file):
    first = run(file)
    again = run(file)

    expected = {"taken": 6, "refused": len(DIRTY), "agree": 3, "disagree": 0, "pledges": 18, "ledger_clean": True}
    for result in (first, again):
        assert {name: result[name] for name in expected} == expected
        assert result["pledged_fen"] == 10_001 + 9_999 + 1_234 + 50_000 + 43_500
    states = dict(Campaign.objects.values_list("source_no", "state"))
    assert states == {"1": "closed", "2": "failed", "3": "failed", "4": "cancelled", "5": "cancelled", "6": "closed"}
    assert Pledge.objects.count() == 18
    assert Pledge.objects.aggregate(total=Sum("total_fen"))["total"] == first["pledged_fen"]
    assert Pledge.objects.filter(backer=None).count() == 1
    assert list(books.differences()) == []


def test_a_dry_run_writes_nothing(own_db, file):
    result = run(file, "--dry-run")
    assert (result["taken"], result["agree"], result["ledger_clean"]) == (6, 3, None)
    assert Campaign.objects.count() == 0


def test_a_file_of_another_shape_is_refused(own_db, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(CommandError, match="lacks the columns"):
        run(path)
