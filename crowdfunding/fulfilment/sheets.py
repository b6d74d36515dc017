"""Batch files of makers: spreadsheets out, spreadsheets or CSV in."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence

from openpyxl import load_workbook

from backend.common.errors import Invalid
from backend.common.workbooks import book
from crowdfunding.fulfilment.operations.shipments import MOST_ROWS, Packing, Sent

MOST_BYTES = 20_000_000
MOST_UNPACKED = 200_000_000
HEADER = ("包裹编号", "承运商", "运单号")


def packing_book(rows: Sequence[Packing]) -> bytes:
    """A packing list as a workbook; the last two columns wait for carrier and number, so that it comes back as a batch."""
    asked = list(dict.fromkeys(question for row in rows for question in row.answers))
    head = ("包裹编号", "回报", "份数", "每份发货", "收件人", "电话", "省市区", "详细地址", *asked, "承运商", "运单号")
    lines = (
        (
            str(row.no),
            row.tier,
            str(row.quantity),
            f"{row.percent}%",
            row.address.name,
            row.address.phone,
            row.address.region,
            row.address.street,
            *(row.answers.get(question, "") for question in asked),
            "",
            "",
        )
        for row in rows
    )
    return book("打包清单", head, lines)


def read_batch(name: str, body: bytes) -> list[Sent]:
    """The rows of a batch file by the names of its columns.

    Raises:
        Invalid: too large, not a spreadsheet, or a column is missing.
    """
    if len(body) > MOST_BYTES:
        raise Invalid("文件超过 20 MB", "The file is larger than 20 MB", field="file")
    try:
        rows = _workbook(body) if body[:2] == b"PK" else _csv(body)
        head = [str(cell or "").strip() for cell in next(rows, [])]
        places = [head.index(column) for column in HEADER]
    except (ValueError, KeyError, OSError, zipfile.BadZipFile, csv.Error) as error:
        raise Invalid(
            f"文件须为 Excel 或 CSV，并有“{'、'.join(HEADER)}”三列",
            f"The file must be Excel or CSV with the columns {', '.join(HEADER)}",
            field="file",
        ) from error
    found = []
    for row in rows:
        cells = [str(row[place] if place < len(row) and row[place] is not None else "").strip() for place in places]
        if cells[2] or cells[1]:  # a packing list comes back with what is not sent yet left empty
            found.append(Sent(*cells))
        if len(found) > MOST_ROWS:
            break
    return found


def _csv(body: bytes) -> Iterator[Sequence[object]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("gb18030")
    return iter(csv.reader(io.StringIO(text)))


def _workbook(body: bytes) -> Iterator[Sequence[object]]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        if sum(one.file_size for one in archive.infolist()) > MOST_UNPACKED:
            raise ValueError("the workbook unpacks too large")
    sheet = load_workbook(io.BytesIO(body), read_only=True, data_only=True).active
    if sheet is None:
        raise ValueError("the workbook has no sheet")
    rows: Iterator[Sequence[object]] = sheet.iter_rows(values_only=True)
    return rows
