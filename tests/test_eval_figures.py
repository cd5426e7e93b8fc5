"""What a run comes to, and how the command shows it."""

from __future__ import annotations

import pytest
from eval_runs import run_of, trial, violation
from hypothesis import given
from hypothesis import strategies as st

from replykit.batch.price import Price
from replykit.cli.eval_tables import show_kinds, show_run
from replykit.evaluation import Figures, Run, WeakAnswer
from replykit.evaluation.figures import percentile


def mixed() -> Run:
    """Return a run in which every way to end occurs."""
    blame, rude = violation("no-blame"), violation("professional-register", severity="warning")
    return run_of(
        [
            trial("case-1", seconds=1.0),
            trial("case-1", "re-ask", run=2, wrong=[blame], seconds=2.0),
            trial("case-2", "fix", wrong=[blame, rude], seconds=3.0, text="明天送到。"),
            trial("case-2", "review", run=2, wrong=[blame], seconds=None),
            trial("case-3", "no answer"),
        ]
    )


def test_every_reply_ends_in_one_way() -> None:
    """The five ends add up to all replies, and each is counted where it belongs."""
    figures = Figures.of(mixed())
    ends = {id: figures.measure(id).count for id in ("first", "re_ask", "fix", "review", "no_answer")}
    assert ends == dict.fromkeys(ends, 1)
    assert (figures.trials, figures.cases) == (5, 3)
    assert figures.measure("good").count == 2


def test_a_measure_speaks_only_of_what_it_knows() -> None:
    """No reply says nothing of what it must; an answer that came before the run was stopped has no known time."""
    figures = Figures.of(mixed())
    assert (figures.measure("must").count, figures.measure("must").of) == (3, 4)
    seconds = figures.measure("seconds")
    assert (seconds.of, seconds.value, seconds.p50, seconds.p95) == (3, pytest.approx(11 / 3), 4.0, 6.0)


def test_violations_stand_by_principle() -> None:
    """Those of the first answers beside those of the replies."""
    (first, *_) = Figures.of(mixed()).principles
    assert (first.principle, tuple(first.before), tuple(first.after)) == ("no-blame", (3, 0), (1, 0))


TABLE = """\
model-a: 5 replies to 3 cases
                                           share or mean                    count
─────────────────────────────────────────────────────────────────────────────────
leaves, and keeps must and must_not                40.0%                   2 of 5
clean at the first try                             20.0%                   1 of 5
clean after the re-ask                             20.0%                   1 of 5
clean after the fix                                20.0%                   1 of 5
needs review                                       20.0%                   1 of 5
no answer                                          20.0%                   1 of 5
says all that it must                              75.0%                   3 of 4
says nothing that it must not                      75.0%                   3 of 4
repaired, and a repair broke a rule anew            0.0%                   0 of 3
errors in the first answer                          0.75
warnings in the first answer                        0.25
calls of the model                                  1.75
tokens sent                                       175.00
tokens received                                    35.00
tokens in all                                     210.00
seconds that the model took                       3.67 s   p50 4.00 s, p95 6.00 s

violations              errors in first answers   warnings   errors in replies   warnings
─────────────────────────────────────────────────────────────────────────────────────────
no-blame                                      3          0                   1          0
professional-register                         0          1                   0          0

3 answers asked for again, a rule broken anew after 0 (0.0%)
1 answer mended by the fixer, a rule broken anew after 0 (0.0%)
7 calls of the model, 700 tokens sent, 140 received, ¥0.0025
"""


def test_the_table_is_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    """All that is shown of a run, as a person reads it."""
    run = mixed()
    show_run(run, Figures.of(run), Price.of("¥2", "¥8"))
    assert capsys.readouterr().out == TABLE


KINDS = """\
kind        answers   clean   repaired   needs review   not as expected   wrongly clean
───────────────────────────────────────────────────────────────────────────────────────
brush-off         1       0          0              1                 0               0
承诺              1       1          0              0                 1               1
all               2       1          0              1                 1               1
"""


def test_replayed_answers_stand_by_kind(capsys: pytest.CaptureFixture[str]) -> None:
    """The table of kinds is aligned under Chinese as well, and what may never leave is named."""
    fields = {"case": "case-1", "answers": ["…"], "expect": ["needs_review"], "never": ["在路上"]}
    one = WeakAnswer.model_validate({**fields, "id": "one\nclean", "kind": "承诺"})
    two = WeakAnswer.model_validate({**fields, "id": "two\x1b[31m", "kind": "brush-off"})
    run = run_of([trial("case-1", script=one), trial("case-1", "review", run=2, script=two)])
    show_kinds(run, Figures.of(run))
    out, err = capsys.readouterr()
    assert out == f"{KINDS}\n"
    assert err.splitlines() == [
        "wrongly clean: one clean to case-1 ends clean with 在路上",
        "not as expected: one clean to case-1 ends clean with 在路上",
    ]


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 100))
def test_a_percentile_is_a_value_that_so_many_do_not_pass(values: list[float], percent: float) -> None:
    """At least so many percent are at most it, and no smaller value would do."""
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= percent * len(values) - 1e-6
    smaller = [value for value in values if value < found]
    assert not smaller or len(smaller) * 100 < percent * len(values) + 1e-6
