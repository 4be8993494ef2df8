"""Links by which a JupyterHub fetches a repository for whoever follows them, with nbgitpuller."""

from __future__ import annotations

from urllib.parse import SplitResult, quote_plus, urlsplit, urlunsplit

from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.reading import printable


def pull_link(hub: str, repo: str, path: str = "", branch: str = "main") -> str:
    """Return a link that brings a repository to a student's server and opens it in JupyterLab.

    It is what nbgitpuller's own generator makes (its documentation, page "link"), with one
    addition: nbgitpuller calls the folder by the end of the address, so for one that ends in
    ``.git`` the folder is named, without these letters, or the file would not be found.

    Parameters
    ----------
    hub
        Address of the JupyterHub, such as ``https://hub.example.edu``.
    repo
        Address of the repository, from which the hub can fetch it.
    path
        Of the file to open, within the repository; by default, the repository's folder.
    branch
        Of the repository.

    Raises
    ------
    ZsbirError
        If an address is none or holds a password, the branch has no name, or the path leads out of
        the repository.
    """
    place = _address(hub, "hub", ("http", "https"))
    source = _address(repo, "repo", ("http", "https", "ssh", "git"))
    if place.query or place.fragment:
        raise ZsbirError(f"{printable(hub)} is a page of a hub ({argument('hub')}): give the hub's "
                         "own address")  # fmt: skip
    if not branch or branch != "".join(branch.split()):
        raise ZsbirError(f"{branch!r} is no name of a branch ({argument('branch')})")
    steps = [step for step in path.split("/") if step not in ("", ".")]
    if ".." in steps or any(letter in path for letter in "#?%\\"):
        raise ZsbirError(
            f"{printable(path)} is no path in a repository ({argument('path')}): give it from the "
            "repository's top on, separated by /, without .. and without the signs # ? %"
        )
    folder = source.path.rstrip("/").rpartition("/")[2]
    name = folder.removesuffix(".git")
    if not name:
        raise ZsbirError(f"{printable(repo)} names no repository ({argument('repo')})")
    asked = {
        "repo": repo.strip().rstrip("/"),
        "urlpath": f"lab/tree/{name}/{'/'.join(steps)}",
        "branch": branch,
    }
    if name != folder:
        asked["targetpath"] = name
    query = "&".join(f"{key}={_encoded(value)}" for key, value in asked.items())
    base = place.path.rstrip("/")
    return urlunsplit((place.scheme, place.netloc, f"{base}/hub/user-redirect/git-pull", query, ""))


def _address(text: str, name: str, schemes: tuple[str, ...]) -> SplitResult:
    try:
        found = urlsplit(text.strip())
        known = found.scheme in schemes and found.hostname
    except ValueError:  # an IPv6 address without its bracket
        known = None
    if not known:
        raise ZsbirError(
            f"{printable(text)} is no address ({argument(name)}): give one that begins with https://"
        )
    if found.password:
        raise ZsbirError(f"the address for {argument(name)} holds a password, which everybody who "
                         "gets the link could read")  # fmt: skip
    return found


def _encoded(text: str) -> str:
    """Return a value as a browser's URLSearchParams writes it."""
    return quote_plus(text, safe="*").replace("~", "%7E")
