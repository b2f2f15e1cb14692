from rich.console import Console

from recommendations.evaluation.progress import LINE_SECONDS, Lines, telling


def test_without_a_terminal_a_line_now_and_then_says_how_long_it_will_take(capsys):
    times = iter([0.0, 10.0, LINE_SECONDS, LINE_SECONDS + 1, 2 * LINE_SECONDS])
    lines = Lines(Console(), clock=lambda: next(times))
    for n_done in (0, 100, 250, 260, 500):
        lines.tell("ask", n_done, 1000)
    assert capsys.readouterr().out == "ask: 250 of 1,000, about 90 s left\nask: 500 of 1,000, about 60 s left\n"


def test_what_is_over_soon_is_not_spoken_of(capsys):
    with telling(Console()) as tell:
        for n_done in range(100):
            tell("read", n_done, 100)
    assert capsys.readouterr().out == ""
