"""One draft, mended without a model: what was wrong with it, and what may be sent instead.

It needs no key and no network.

    python examples/one_shot.py
"""

from __future__ import annotations

import replykit

DRAFT = "哎，没办法，都是物流的问题，大概三五天吧。"
CUSTOMER = "我的包裹怎么还没到？等得很着急。"


def main() -> None:
    """Check the draft, rewrite it offline, and print both."""
    report = replykit.check(DRAFT, customer=CUSTOMER)
    print(f"客户：{CUSTOMER}\n原稿：{DRAFT}\n")
    for violation in report.violations:
        print(f"{violation.severity:<7}  [{violation.start}:{violation.end}] {violation.message}")
    with replykit.ReplyKit() as kit:  # no model: the phrasebook alone
        reply = kit.rewrite(DRAFT, customer=CUSTOMER)
    print(f"\n改写（{reply.status}）：{reply.text}")
    for violation in reply.violations:
        print(f"{violation.severity:<7}  {violation.message}")


if __name__ == "__main__":
    main()
