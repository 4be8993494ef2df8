"""One visit to a page of the built book, and all that the tests want to know about it.

To load a page takes seconds, so it is loaded twice and no more: on a phone in dark mode, and on a
desktop in light mode, as different from each other as two readers can be. What was seen is plain
data, which the processes of a test run share; each test judges its own part of it.
"""

import contextlib
import copy

from axe_playwright_python.sync_playwright import Axe
from chromium import note_errors
from playwright.sync_api import TimeoutError

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
# The width of A4 without margins of 18 mm, in CSS pixels.
PAPER = {"width": 657, "height": 986}

# Contrast is measured element by element, in the order in which they are painted, which takes a
# minute where there are thousands. So what is left of a page for that is one element with text of
# each look: of those whose tags, classes and styles agree, and whose blocks' do. Rows of a table
# stay, since every second one has a ground of its own.
ONE_OF_EACH_LOOK = """() => {
    const met = new Set();
    for (const one of document.body.querySelectorAll("*")) {
        if (![...one.childNodes].some(part => part.nodeType === 3 && part.data.trim())) continue;
        let look = "";
        for (let at = one; at !== document.body; at = at.parentElement)
            look += [at.tagName, at.className, at.getAttribute("style"),
                     at.tagName === "TR" && at.rowIndex % 2].join(" ") + "|";
        if (!met.has(look)) one.setAttribute("data-look", "");
        met.add(look);
    }
    const kept = "[data-look], :has([data-look]), [data-look] *, tr, td, th";
    for (const one of document.querySelectorAll(`main :not(${kept})`)) one.remove();
}"""
COLOURS = """() => [
    document.documentElement.dataset.theme,
    getComputedStyle(document.body).backgroundColor,
    getComputedStyle(document.body).color,
]"""
# A wide formula can be scrolled to the right, but what sticks out on the left is lost.
LOST = """() => [...document.querySelectorAll('div.math mjx-container')].filter(formula => {
    const left = formula.closest('div.math').getBoundingClientRect().left;
    return [...formula.querySelectorAll('mjx-mi, mjx-mo, mjx-mn')].some(
        sign => sign.getBoundingClientRect().width > 0
            && sign.getBoundingClientRect().right < left);
}).map(formula => formula.querySelector('mjx-assistive-mml').textContent)"""
# Formulae that stick out of their column, by as many pixels; and whether the column can be scrolled
# to their end. A box with a frame counts as its contents.
WIDE = """() => [...document.querySelectorAll('div.math')].map(column => {
    const parts = [...column.querySelectorAll('mjx-math, mjx-itable, mjx-mtd')];
    const right = Math.max(...parts.map(part => part.getBoundingClientRect().right));
    const by = Math.round(right - column.getBoundingClientRect().right);
    const scroller = [column, ...column.querySelectorAll('mjx-container')].find(
        one => one.scrollWidth >= one.clientWidth + by - 2
            && /auto|scroll/.test(getComputedStyle(one).overflowX));
    return { by, scrolls: Boolean(scroller),
             text: column.querySelector('mjx-assistive-mml')?.textContent };
}).filter(one => one.by > 1)"""
SQUEEZED = """() => [...document.querySelectorAll('article img:is([data-photos], [data-panels])')]
.map(one => one.getBoundingClientRect().width / Number(one.getAttribute('width')))
.filter(scale => scale < 0.55)"""
CUT = """() => [...document.querySelectorAll(
    'article :is(div.math mjx-container, pre, table, img, figure)')]
.filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0
    || one.getBoundingClientRect().right > innerWidth + 1)
.map(one => `${one.tagName}: ${one.textContent.slice(0, 60)}`)"""
# Tables, code and printed text of which a reader at a desk sees a part only. What is quoted in the
# API pages may be long.
BEHIND = """() => [...document.querySelectorAll(
    'article :is(.cell_input pre, .cell_output pre, .pst-scrollable-table-container)'
    + ', article :not(dd) > div[class*="highlight-"] pre')]
.filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
.map(one => `${one.scrollWidth} > ${one.clientWidth}: ${one.textContent.trim().slice(0, 60)}`)"""
TALL = """() => [...document.querySelectorAll('article img')]
.map(one => one.getBoundingClientRect().height).filter(height => height > innerHeight)"""
UNSEEN = "[...document.images].filter(i => !i.hidden && i.naturalWidth === 0).map(i => i.src)"
UNTYPESET = """[...document.querySelectorAll('.math')]
.filter(m => !m.querySelector('mjx-container')).map(m => m.textContent)"""
FAULTS = "[...document.querySelectorAll('mjx-merror')].map(e => e.textContent)"
WIDGETS = 'script[type="application/vnd.jupyter.widget-view+json"]'


def axe_faults(tab, **options):
    """Return what axe-core finds wrong with a page."""
    found = Axe().run(tab, options={"resultTypes": ["violations"], **options})
    return found.response["violations"]


def contrast_faults(tab):
    """Return the text of a page that is hard to read; most of the page is gone afterwards."""
    tab.evaluate(ONE_OF_EACH_LOOK)
    return axe_faults(tab, runOnly=["color-contrast"])


def nothing_wrong():
    """Return lists for what goes wrong while a page is open."""
    return {"external": [], "failed": [], "complaints": []}


@contextlib.contextmanager
def opened(browser, url, viewport, scheme, wrong=None):
    """Open a page until it is typeset and still, and add to the lists of `wrong`."""
    context = browser.new_context(viewport=viewport, color_scheme=scheme)
    tab = context.new_page()
    if wrong is not None:
        local = (url[: url.index("/", len("http://"))], "data:", "blob:")
        tab.on("request", lambda r: r.url.startswith(local) or wrong["external"].append(r.url))
        tab.on("requestfailed", lambda request: wrong["failed"].append(request.url))
        tab.on("response", lambda r: r.status >= 400 and wrong["failed"].append(r.url))
        note_errors(tab, wrong["complaints"])
    tab.goto(url, wait_until="load")
    tab.evaluate("window.MathJax?.startup?.promise")
    tab.wait_for_load_state("networkidle")
    yield tab
    context.close()


def show_pictures(tab):
    """Load the pictures below the fold too, which else load when they come into view."""
    tab.evaluate("document.querySelectorAll('img').forEach(one => one.loading = 'eager')")
    tab.wait_for_function("[...document.images].every(one => one.complete)")


def widget_heights(tab):
    """Return how many widgets a page has, and the heights of the places where they show."""
    count = tab.locator(WIDGETS).count()
    if count:
        # Each is made when a reader comes near, or prints.
        tab.evaluate("dispatchEvent(new Event('beforeprint'))")
        with contextlib.suppress(TimeoutError):  # then there are too few
            tab.wait_for_function(
                "n => document.querySelectorAll('.zsbir-widget-shown').length >= n",
                arg=count,
                timeout=15_000,
            )
    shown = "[...document.querySelectorAll('.zsbir-widget-shown')].length"
    heights = "[...document.querySelectorAll('.zsbir-widget')].map(e => e.clientHeight)"
    return {"count": count, "shown": tab.evaluate(shown), "heights": tab.evaluate(heights)}


def live_widgets(tab):
    """Return left and right end of each live widget, in pixels."""
    return tab.evaluate(
        """[...document.querySelectorAll('.zsbir-live')].map(one => one.getBoundingClientRect())
        .map(box => [box.left, box.right])"""
    )


def moved_slider(tab):
    """Move the first slider of the first explorer by a step; return what there was and is."""
    if not tab.locator(".zsbir-explorer").count():
        return None
    figure = tab.locator(".zsbir-explorer").first
    figure.scroll_into_view_if_needed()
    picture, slider = figure.locator("img"), figure.locator("input").first
    before = picture.get_attribute("src"), picture.get_attribute("alt")
    slider.focus()
    if slider.get_attribute("role") == "switch":
        tab.keyboard.press("Space")
    else:
        place, last = int(slider.input_value()), int(slider.get_attribute("max"))
        tab.keyboard.press("ArrowRight" if place < last else "ArrowLeft")
    box = figure.bounding_box()
    return {
        "sources": [before[0], picture.get_attribute("src")],
        "words": [before[1], picture.get_attribute("alt")],
        "value": figure.locator("output").first.inner_text(),
        "ends": [box["x"], box["x"] + box["width"]],
    }


def visit(browser, url):
    """Return what two readers of a page see."""
    seen = {}
    with opened(browser, url, PHONE, "dark", wrong := nothing_wrong()) as tab:
        phone = {"width": tab.evaluate("document.documentElement.scrollWidth")}
        phone["lost"] = tab.evaluate(LOST)
        phone["wide"] = tab.evaluate(WIDE)
        phone["squeezed"] = tab.evaluate(SQUEEZED)
        widget_heights(tab)
        phone |= {"live": live_widgets(tab), "moved": moved_slider(tab)}
        seen |= {"phone": phone, "dark": tab.evaluate(COLOURS)}
        tab.set_viewport_size(DESKTOP)
        seen["wrong on a phone"] = copy.deepcopy(wrong)  # axe makes requests of its own
        # What a page says and how it is built is the same in both modes; its colours are not.
        seen["axe dark"] = contrast_faults(tab)
    with opened(browser, url, DESKTOP, "light", wrong := nothing_wrong()) as tab:
        seen["widgets"] = widget_heights(tab)
        show_pictures(tab)
        seen["light"] = tab.evaluate(COLOURS)
        seen["wide"] = tab.evaluate(WIDE)
        seen["behind"] = tab.evaluate(BEHIND)
        for name, question in (("unseen", UNSEEN), ("untypeset", UNTYPESET), ("faults", FAULTS)):
            seen[name] = tab.evaluate(question)
        tab.emulate_media(media="print", color_scheme="light")
        tab.set_viewport_size(PAPER)
        seen["paper"] = {"cut": tab.evaluate(CUT), "tall": tab.evaluate(TALL)}
        tab.emulate_media(media="screen", color_scheme="light")
        tab.set_viewport_size(DESKTOP)
        tab.wait_for_timeout(1000)  # the theme looks a moment later which code has to scroll now
        seen["wrong on a desktop"] = copy.deepcopy(wrong)
        no_contrast = {"color-contrast": {"enabled": False}}
        seen["axe light"] = axe_faults(tab, rules=no_contrast) + contrast_faults(tab)
    return seen
