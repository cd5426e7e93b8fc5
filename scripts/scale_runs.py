"""What the page about scale measures: a log made up, and checked in every way, each in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from replykit.columnar.files import PIECE_ROWS

__all__ = ["AGAIN", "GROUP", "WAYS", "Run", "log_size", "same_results", "watched", "write_log"]

GROUP = PIECE_ROWS  # rows of a row group, so that pieces are as small as they get
AGAIN = "the same again"
_EVERY = 0.25  # seconds between two looks at the memory
_GOOD = (
    "您好，已经为您查到，包裹预计{d}日送达，请您留意查收。",
    "非常抱歉让您着急了，我马上联系站点核实，{h}小时内给您回复。",
    "您好，您的退款{a}元已经原路退回，一般{h}个工作日到账。",
    "感谢您的耐心等待，订单{n}已由仓库打包，今天发出。",
    "您好，这款商品支持七天无理由退货，您可以在订单页面提交申请。",
    "已为您登记，编号{n}，专员会在{h}小时内与您联系，请您保持电话畅通。",
    "您好，優惠券可以在結帳頁面使用，滿{a}元減{h}元。",
    "明白了，您是想更换收货地址对吗？请把新地址发给我，我来为您修改。",
)
_BAD = (
    "呵呵，这个没办法的，您再等等吧。",
    "是仓库发错了，跟我们没关系。",
    "大概{d}号到吧，我也不清楚。",
    "保证明天一定到，绝对不会有问题！",
    "大哥，您自己看着办吧。",
    "您弄错了，上面已经说得很清楚了。",
)
_SHARE = 0.08  # of replies with one of the bad ones in it


class Run(NamedTuple):
    """One way of checking the log.

    Attributes:
        name: the way.
        seconds: from the first reply read to the last result.
        parts: other times: what was waited for before and after, in seconds by their names.
        tally: what was counted.
        memory: the most that all of its processes had at once, in bytes; what they share is counted once.
        processes: the most processes at once.
        cpu: seconds of a core that they took together, from the first to the last of them.
    """

    name: str
    seconds: float
    parts: dict[str, float]
    tally: dict[str, int]
    memory: int
    processes: int
    cpu: float

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.tally["rows"] / self.seconds


def write_log(path: Path, rows: int) -> None:
    """Write a log of replies: made-up sentences of service, one in twelve with a word that it should not have.

    Args:
        path: a Parquet file with the columns text, agent, day and channel; every run writes the same.
        rows: how many replies.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    chance = random.Random(10)
    columns = {"text": pa.string(), "agent": pa.string(), "day": pa.date32(), "channel": pa.string()}
    with pq.ParquetWriter(path, pa.schema(list(columns.items())), compression="zstd") as writer:
        for start in range(0, rows, GROUP):
            size = min(GROUP, rows - start)
            made = {
                "text": [_reply(chance) for _ in range(size)],
                "agent": [f"坐席{chance.randrange(400):03}" for _ in range(size)],
                "day": [20_000 + (start + at) * 30 // rows for at in range(size)],
                "channel": chance.choices(["chat", "email", "phone"], [8, 1, 1], k=size),
            }
            arrays = [pa.array(made[name], kind) for name, kind in columns.items()]
            writer.write_batch(pa.record_batch(arrays, list(columns)))


def _reply(chance: random.Random) -> str:
    said = chance.choices(_GOOD, k=chance.randint(1, 3))
    if chance.random() < _SHARE:
        said[chance.randrange(len(said))] = chance.choice(_BAD)
    numbers = {"d": chance.randint(1, 30), "h": chance.randint(1, 48), "a": chance.randint(5, 900)}
    return "".join(said).format(**numbers, n=f"A{chance.randrange(10**8):08}")


def log_size(path: Path) -> tuple[int, float]:
    """Return the bytes of a log, and the characters of one of its replies on the average."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    lengths = [pc.sum(pc.utf8_length(batch.column(0))).as_py() for batch in pq.ParquetFile(path).iter_batches()]
    return path.stat().st_size, sum(lengths) / pq.ParquetFile(path).metadata.num_rows


# --- each in a process of its own


_Done = tuple[float, dict[str, float], dict[str, int]]  # seconds, other times, counts


def _one_process(log: Path, out: Path) -> _Done:
    return _columns(log, out, 1)


def _two_cores(log: Path, out: Path) -> _Done:
    return _columns(log, out, 2)


def _columns(log: Path, out: Path, processes: int) -> _Done:
    from collections import Counter

    from replykit.checker import checker_for
    from replykit.columnar import check_batches, open_replies, tallied, write_results
    from replykit.loader import load_playbook

    tally = Counter[str]()

    def counted(batches: Iterator[Any]) -> Iterator[Any]:
        for batch in batches:
            tally.update(tallied(batch))
            yield batch

    since = time.perf_counter()
    checker = checker_for(load_playbook("zh"))
    checker.check("您好，呵呵。")
    ready = time.perf_counter()
    pieces = open_replies([str(log)], "text", piece=None)
    batches = (batch for piece in pieces for batch in piece.batches())
    write_results(str(out), counted(check_batches(checker, batches, pieces[0].out, processes=processes)))
    return time.perf_counter() - ready, {"the playbook": ready - since}, dict(tally)


def _check_many(log: Path, out: Path) -> _Done:
    import pyarrow.parquet as pq

    import replykit

    tally = dict.fromkeys(("rows", "fine", "errors", "warnings"), 0)
    since = time.perf_counter()
    batches = pq.ParquetFile(log).iter_batches(4096, columns=["text"])
    texts = (text for batch in batches for text in batch.column(0).to_pylist())
    for report in replykit.check_many(texts, processes=2):
        tally["rows"] += 1
        tally["fine"] += report.ok
        tally["errors"] += len(report.errors)
        tally["warnings"] += len(report.warnings)
    return time.perf_counter() - since, {}, tally


def _on_ray(log: Path, out: Path) -> _Done:
    parts = {}
    since = time.perf_counter()

    def lap(name: str) -> float:
        nonlocal since
        now = time.perf_counter()
        parts[name] = now - since
        since = now
        return parts[name]

    from replykit.integrations.ray import check_files, command_ray, started

    command_ray()
    lap("to import it")
    with started(num_cpus=2, object_store_memory=200_000_000):
        lap("to start it")
        small = log.with_name("small.parquet")
        for _ in check_files([str(small)], "text"):
            pass
        lap("a piece of 1,000 rows, for which a worker starts and compiles the playbook")
        for _ in check_files([str(small)], "text"):
            pass
        lap(AGAIN)
        run = check_files([str(log)], "text", output=str(out))
        for _ in run:
            pass
        seconds = lap("run")
    lap("to stop it")
    return seconds, {name: value for name, value in parts.items() if name != "run"}, dict(run.tally)


WAYS = {
    "one process": _one_process,
    "`check_many`, two cores": _check_many,
    "columns, two cores": _two_cores,
    "Ray, two workers": _on_ray,
}


def watched(name: str, log: Path, out: Path) -> Run:
    """Check a log in one way, in a process of its own whose memory is watched.

    Args:
        name: the way, one of `WAYS`.
        log: the log; of Ray's, a small one lies beside it as small.parquet.
        out: where results go.
    """
    command = [sys.executable, __file__, name, str(log), str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        peak, cpu = [0, 0], dict[int, float]()
        is_over = threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, peak, cpu, is_over))
        watcher.start()
        try:
            said, _ = process.communicate()
        finally:
            is_over.set()
            watcher.join()
    if process.returncode:
        raise SystemExit(f"{name} failed")
    seconds, parts, tally = json.loads(said.splitlines()[-1])
    return Run(name, seconds, parts, tally, *peak, sum(cpu.values()))


def _watch(root: int, peak: list[int], cpu: dict[int, float], is_over: threading.Event) -> None:
    tick = os.sysconf("SC_CLK_TCK")
    while not is_over.wait(_EVERY):
        processes = _below(root)
        sizes = [size for process in processes if (size := _memory(process))]
        peak[0], peak[1] = max(peak[0], sum(sizes)), max(peak[1], len(sizes))
        for process in processes:
            with contextlib.suppress(OSError):
                cpu[process] = sum(map(int, _state(process)[11:13])) / tick  # in user mode and in the kernel


def _state(process: int) -> list[str]:
    """Return what the system tells of a process, from its state on: its parent is next, its times the 12th and 13th."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def _below(root: int) -> list[int]:
    """Return a process and all that it started, directly or not."""
    parents: dict[int, int] = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(place.name)] = int(_state(int(place.name))[1])
    found = [root]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found


def _memory(process: int) -> int:
    """Return the bytes of a process, of shared pages its part; 0 where it is gone."""
    with contextlib.suppress(OSError, IndexError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def same_results(one: Path, other: Path) -> bool:
    """Return whether two files or folders of results count the same in every row, in order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = ["ok", "errors", "warnings"]
    parts = sorted(other.glob("part-*")) if other.is_dir() else [other]
    whole = pa.concat_tables([pq.read_table(part, columns=columns) for part in parts])
    return bool(pq.read_table(one, columns=columns).equals(whole))


if __name__ == "__main__":
    print(json.dumps(WAYS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))))
