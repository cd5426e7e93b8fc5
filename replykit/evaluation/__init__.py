"""Which model, playbook and prompts to trust: cases played, replies measured by rules and numbers, runs compared."""

from __future__ import annotations

from replykit.evaluation.case_files import load_answers, load_cases
from replykit.evaluation.comparison import Comparison, compare
from replykit.evaluation.eval_case import EvalCase
from replykit.evaluation.evaluation import Evaluation, evaluate
from replykit.evaluation.figures import Figures
from replykit.evaluation.measures import Judged
from replykit.evaluation.messages import CaseMessages, Messages, ToldPrinciple, measure_messages
from replykit.evaluation.replay import recorded, replay
from replykit.evaluation.report import write_page
from replykit.evaluation.run import MadeWith, Run
from replykit.evaluation.saved import load_run, save_recording, save_run
from replykit.evaluation.trial import Trial
from replykit.evaluation.weak_answer import WeakAnswer

__all__ = [
    "CaseMessages",
    "Comparison",
    "EvalCase",
    "Evaluation",
    "Figures",
    "Judged",
    "MadeWith",
    "Messages",
    "Run",
    "ToldPrinciple",
    "Trial",
    "WeakAnswer",
    "compare",
    "evaluate",
    "load_answers",
    "load_cases",
    "load_run",
    "measure_messages",
    "recorded",
    "replay",
    "save_recording",
    "save_run",
    "write_page",
]
