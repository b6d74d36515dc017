"""Spreadsheets that leave the platform (导出表格): every cell is text, whatever people typed."""

from __future__ import annotations

import io
from collections.abc import Iterable

from django.http import HttpResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def book(title: str, head: Iterable[str], lines: Iterable[Iterable[str]]) -> bytes:
    """A workbook of plain text: no cell is ever a formula."""
    made = Workbook(write_only=True)
    sheet = made.create_sheet(title)
    for line in (head, *lines):
        sheet.append([_text(sheet, value) for value in line])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _text(sheet: object, value: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=value)
    cell.data_type = "s"
    return cell


def download(body: bytes, name: str) -> HttpResponse:
    """A workbook as a file to keep; browsers and proxies do not."""
    reply = HttpResponse(body, content_type=KIND)
    reply["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    reply["Cache-Control"] = "no-store"
    return reply
