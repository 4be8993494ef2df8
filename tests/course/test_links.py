"""A link of nbgitpuller leads where it should, written as a browser would write it."""

import json
import re
import shutil
import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest

from zsbir_lib.course import pull_link
from zsbir_lib.errors import ZsbirError

HUB, REPO = "https://hub.example.edu", "https://github.com/me/my-course"


def test_it_is_written_as_nbgitpullers_generator_writes_it():
    assert pull_link(HUB, REPO, "autumn/retrieval.ipynb") == (
        "https://hub.example.edu/hub/user-redirect/git-pull"
        "?repo=https%3A%2F%2Fgithub.com%2Fme%2Fmy-course"
        "&urlpath=lab%2Ftree%2Fmy-course%2Fautumn%2Fretrieval.ipynb&branch=main"
    )


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not here")
def test_what_is_encoded_is_what_a_browser_encodes():
    path, branch = "Übung 1 (neu)/a+b&c=d~e*f'g!.ipynb", "term/2027+x"
    code = f"""
        const url = new URL({json.dumps(HUB + "/jupyter/")});
        url.searchParams.set("repo", {json.dumps(REPO)});
        url.searchParams.set("urlpath", {json.dumps("lab/tree/my-course/" + path)});
        url.searchParams.set("branch", {json.dumps(branch)});
        url.pathname += "hub/user-redirect/git-pull";
        console.log(url.toString());
    """
    shown = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=True)
    made = pull_link(HUB + "/jupyter/", REPO, path, branch)
    assert made == shown.stdout.strip()
    assert made == pull_link(HUB + "/jupyter", REPO + "/", "/" + path, branch)


@pytest.mark.parametrize(
    ("repo", "folder"),
    [
        ("https://github.com/me/course", None),
        ("https://github.com/me/course.git", "course"),
        ("ssh://git@git.example.edu/course.git/", "course"),
    ],
)
def test_the_file_is_looked_for_where_nbgitpuller_puts_it(repo, folder):
    asked = parse_qs(urlsplit(pull_link(HUB, repo, "a.ipynb")).query)
    # nbgitpuller: `targetpath`, or else what stands behind the last stroke of the address.
    lies_in = asked.get("targetpath", asked["repo"][0].split("/")[-1:])
    assert asked["urlpath"] == [f"lab/tree/{lies_in[0]}/a.ipynb"] == ["lab/tree/course/a.ipynb"]
    assert asked.get("targetpath") == (folder and [folder])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"hub": "hub.example.edu"}, "is no address (hub)"),
        ({"hub": "https://[::1"}, "is no address (hub)"),
        ({"hub": HUB + "?next=x"}, "is a page of a hub (hub)"),
        ({"repo": "git@github.com:me/course.git"}, "is no address (repo)"),
        ({"repo": "https://github.com"}, "names no repository (repo)"),
        ({"repo": "https://me:secret@github.com/me/course"}, "holds a password"),
        ({"branch": ""}, "no name of a branch (branch)"),
        ({"path": "../b.ipynb"}, "no path in a repository (path)"),
        ({"path": "a#b.ipynb"}, "no path in a repository (path)"),
    ],
)
def test_what_makes_no_link_is_told(given, words):
    with pytest.raises(ZsbirError, match=re.escape(words)) as told:
        pull_link(**{"hub": HUB, "repo": REPO, **given})
    assert "secret" not in str(told.value)
