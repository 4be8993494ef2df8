"""Slides of the chapters: what is on them, and that they live in a browser without a network."""

import subprocess
import threading

import build_slides
import pytest
from bs4 import BeautifulSoup
from build_slides import Deck, build, chapters, lead, room

PAGE = """<article><section><h1>Title</h1><p><strong>You will</strong> learn.</p><p>More.</p>
<section><h2>Part</h2><p>{long} The sentence before it:</p><div class="math">\\(x\\)</div>
<p>And a figure.</p>
<div class="cell"><div class="cell_input"><pre>plot()</pre></div>
<div class="cell_output"><img src="data:,"></div></div>
<div class="cell"><div class="cell_input"><pre>import google.colab</pre></div></div>
<section><h3>Below</h3><p>Only text.</p><p>And more text.</p></section></section>
<section><h2>Exercises</h2>
<p><strong>1. First</strong> (easy). Do this.</p><p>Then that.</p>
<details><summary>Hint</summary>a hint</details>
<div class="cell"><div class="cell_input"><pre>#@title Solution to exercise 1</pre></div>
<div class="cell_output"><pre>42</pre></div></div>
<p><strong>2. Second</strong> (hard). Do another.</p></section></section></article>"""


def deck(html):
    return Deck(BeautifulSoup(html.replace("{long}", "Many words. " * 30), "html.parser"))


def test_a_slide_for_each_heading_and_figure():
    title, part, exercises = deck(PAGE).parts
    assert [slide.heading for slide in title + part] == [
        "<h1>Title</h1>",
        "<h2>Part</h2>",
        "<h2>Part</h2>",
        "<h3>Below</h3>",
    ]
    assert title[0].notes == ["<p>More.</p>"]
    formula, figure, below = part
    assert "<p>The sentence before it:</p>" in formula.shown
    assert "Many words" in "".join(formula.notes)
    assert "Many words" not in "".join(formula.shown)
    assert figure.shown[0] == "<p>And a figure.</p>"
    assert "plot()" in figure.code[0]
    assert "plot()" not in "".join(figure.shown)
    assert (below.above, below.shown, below.notes) == (
        "Part", ["<p>Only text.</p>"], ["<p>And more text.</p>"])  # fmt: skip
    assert "google.colab" not in deck(PAGE).html()
    assert len(exercises) == 3


def test_an_exercise_is_one_slide_with_its_solution_folded():
    _, first, second = deck(PAGE).parts[2]
    shown = BeautifulSoup("".join(first.shown), "html.parser")
    assert "Then that." in shown.get_text()
    assert [one.summary.get_text() for one in shown.find_all("details")] == ["Hint", "Solution"]
    assert "42" in shown.find_all("details")[1].get_text()
    assert "Do another." in second.shown[0]
    assert first.code
    assert not second.code


def test_a_short_paragraph_is_shown_whole():
    (short,) = BeautifulSoup("<p>One. Two <b>three</b>.</p>", "html.parser").contents
    assert lead(short) == ("<p>One. Two <b>three</b>.</p>", [])


@pytest.mark.parametrize(
    ("html", "size"),
    [
        ('<div class="math">x</div>', 1),
        ("<div><table>" + "<tr></tr>" * 4 + "</table></div>", 2),
        ("<ol><li>one</li></ol>", 3),
        ('<div class="cell"><div class="cell_output"><pre>1</pre></div></div>', 1),
        ('<div class="cell"><div class="cell_output"><script></script></div></div>', 3),
    ],
)
def test_what_takes_how_much(html, size):
    assert room(BeautifulSoup(html, "html.parser").find()) == size


def test_without_a_built_book_it_says_what_to_do(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(build_slides, "SITE", tmp_path)
    monkeypatch.setattr(build_slides.argparse.ArgumentParser, "parse_args", lambda self: None)
    assert build_slides.main() == 1
    assert "run make book first" in capsys.readouterr().err


def test_every_chapter_is_named():
    assert len(chapters()) >= 15
    assert chapters()[0] == "tour"


@pytest.fixture(scope="module")
def shown(browser, site, tmp_path_factory):
    """Return a tab with the slides of a chapter, what it asked for, and what went wrong."""
    from serve import make_server

    out = tmp_path_factory.mktemp("slides")
    build(site, out, ["metric_learning"])
    asked, wrong = [], []
    with make_server(out) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}/"
        tab = browser.new_page(viewport={"width": 1280, "height": 720})
        tab.set_default_timeout(120_000)
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("requestfailed", lambda request: wrong.append(request.url))
        tab.goto(f"{base}metric_learning.html")
        tab.wait_for_function("window.Reveal?.isReady()")
        tab.evaluate("MathJax.startup.promise.then(() => 0)")
        tab.wait_for_load_state("networkidle")
        yield tab, base, asked, wrong
        tab.close()
        server.shutdown()


GO = """(slide) => { const at = Reveal.getIndices(slide.closest("section.slide"));
                      Reveal.slide(at.h, at.v); }"""


def test_nothing_is_asked_of_another_machine(shown):
    _, base, asked, wrong = shown
    assert [url for url in asked if not url.startswith((base, "data:", "blob:"))] == []
    assert wrong == []


def test_formulae_are_set_and_no_notes_or_code_are_in_the_way(shown):
    tab = shown[0]
    tab.locator(".math mjx-container").first.evaluate(GO)
    assert tab.locator("section.slide.present .math mjx-container").first.is_visible()
    assert tab.evaluate("document.querySelectorAll('mjx-merror').length") == 0
    for hidden in ("aside.notes", "details.code pre"):
        assert not any(one.is_visible() for one in tab.locator(f".present {hidden}").all())


def test_a_widget_answers_and_its_keys_turn_no_page(shown):
    tab = shown[0]
    # It is made when its slide is shown.
    widget = (
        tab.locator(".cell_output")
        .filter(has=tab.locator("script[type='application/vnd.jupyter.widget-view+json']"))
        .first
    )
    widget.evaluate(GO)
    slider = widget.locator("input[type=range]").first
    slider.wait_for(state="visible")
    before, number = widget.inner_text(), tab.evaluate("Reveal.getIndices()")
    slider.focus()
    for _ in range(3):
        tab.keyboard.press("ArrowRight")
    tab.wait_for_function("([one, before]) => one.innerText !== before",
                          arg=[widget.element_handle(), before])  # fmt: skip
    assert tab.evaluate("Reveal.getIndices()") == number
    slider.evaluate("one => one.blur()")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("Reveal.getIndices()") != number


def test_all_pictures_have_words(shown):
    silent = "[...document.images].filter((one) => !one.alt.trim()).length"
    assert shown[0].evaluate(silent) == 0


def test_make_course_builds_all_in_their_order(root):
    told = subprocess.run(["make", "-n", "course"], cwd=root, capture_output=True, text=True)
    steps = ("course build", "course exam", "book/assignments/", "build_book.py", "build_slides.py")
    places = [told.stdout.find(step) for step in steps]
    assert -1 not in places
    assert places == sorted(places)
