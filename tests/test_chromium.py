"""What the browser tests call an error of a page."""

import pytest
from chromium import LATE, note_errors


@pytest.mark.browser
def test_a_late_model_is_no_error_and_everything_else_is(browser):
    page, errors = browser.new_page(), []
    note_errors(page, errors)
    page.set_content(
        f"""<script>
        console.error("told"); console.log("chat");
        Promise.reject(new Error({LATE!r})); Promise.reject(new Error("left alone"));
        setTimeout(() => {{ document.title = "done"; throw new Error("thrown"); }});
        </script>"""
    )
    page.wait_for_function("document.title === 'done'")
    page.close()
    assert sorted(errors) == ["left alone", "thrown", "told"]
