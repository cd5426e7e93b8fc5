"""What reading and writing sheets costs beside a load and save through openpyxl, and how memory grows with the rows."""

from __future__ import annotations

import csv
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import xlsxwriter
from measuring import Compared, compare

from replykit.sheets import Edit, open_sheet

__all__ = ["Growth", "csv_growth", "xlsx_ratio"]

_CHARACTERS = "您好订单已经寄出请留意短信抱歉我帮核实退款预计三天到账感谢支持"
Growth = tuple[int, int]  # rows, and the most bytes in memory while they were read and written


def _rows(count: int) -> Iterator[tuple[int, str, str, str, int, str]]:
    draw = random.Random(7)

    def text(length: int) -> str:
        return "".join(draw.choices(_CHARACTERS, k=length))

    for number in range(1, count + 1):
        yield number, text(2), text(15), text(40), 46_000 + number % 300, f"x{number % 50}"


def _workbook(path: Path, count: int) -> None:
    with xlsxwriter.Workbook(path, {"constant_memory": False}) as made:
        sheet = made.add_worksheet("话术")
        sheet.write_row(0, 0, ("编号", "分类", "客户", "回复", "更新", "备注"))
        for row, cells in enumerate(_rows(count), 1):
            sheet.write_row(row, 0, cells)


def _splice(source: Path, output: Path) -> None:
    sheet = open_sheet(source)
    column = sheet.column("回复")
    edits = (Edit(row.number, (), f"{row.cells[column]}！") for row in sheet.rows())
    sheet.write(output, (), edits, replace=column)


def _load_and_save(source: Path, output: Path) -> None:
    workbook = openpyxl.load_workbook(source)
    for row in workbook.worksheets[0].iter_rows(min_row=2, min_col=4, max_col=4):
        row[0].value = f"{row[0].value}！"
    workbook.save(output)


def xlsx_ratio(rows: int = 50_000, rounds: int = 3) -> list[Compared]:
    """Edit one of six columns of a workbook, read included: openpyxl first, as the measure, then ours."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "a.xlsx"
        _workbook(source, rows)
        return compare(
            {
                "openpyxl, load and save": lambda: _load_and_save(source, Path(folder) / "b.xlsx"),
                "replykit.sheets, read and write": lambda: _splice(source, Path(folder) / "c.xlsx"),
            },
            rounds,
        )


def csv_growth(*counts: int) -> list[Growth]:
    """Copy CSV files of so many rows with two new columns, each in a process of its own."""
    found = []
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "a.csv"
            with source.open("w", encoding="gb18030", newline="") as file:
                csv.writer(file).writerows([("编号", "分类", "客户", "回复", "更新", "备注"), *_rows(count)])
            done = subprocess.run(
                [sys.executable, __file__, str(source)], capture_output=True, encoding="utf-8", check=True
            )
            found.append((count, int(done.stdout)))
    return found


def _copy_and_tell(source: Path) -> None:
    sheet = open_sheet(source)
    edits = (Edit(row.number, (row.cells[3], "clean")) for row in sheet.rows())
    sheet.write(source.with_name("b.csv"), ("润色", "状态"), edits)
    # Not what `getrusage` says, which counts the memory of the process that started this one.
    status = Path("/proc/self/status").read_text("ascii")
    print(int(re.findall(r"VmHWM:\s+([0-9]+) kB", status)[0]) * 1024)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _copy_and_tell(Path(sys.argv[1]))
    else:
        for one in xlsx_ratio():
            print(f"{one.name}: {one.seconds:.2f} s, {one.ratio:.2f} ×")
        for count, peak in csv_growth(1_000, 100_000):
            print(f"CSV of {count:,} rows: at most {peak / 1024 / 1024:.1f} MiB in memory")
