"""``zsbir evaluate`` on embeddings and rankings that were made elsewhere."""

import json
import os

import numpy as np
import pytest
from cli_samples import assert_one_line

from zsbir_lib.cli.embeddings import read_column, read_matrix
from zsbir_lib.protocols.embeddings import evaluate_embeddings


@pytest.fixture
def files(tmp_path):
    """Embeddings of 6 queries and 10 photos of two classes, with labels; and the arrays."""
    rng = np.random.default_rng(0)
    arrays = {
        "queries": rng.normal(size=(6, 4)).astype(np.float16),
        "gallery": rng.normal(size=(10, 4)).astype(np.float32),
        "query_labels": np.array(["cat", "dog"] * 3),
        "gallery_labels": np.array(["cat", "dog"] * 5),
    }
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    return arrays, {name: tmp_path / f"{name}.npy" for name in arrays}


def options(paths):
    return [x for name, path in paths.items() for x in ("--" + name.replace("_", "-"), path)]


def test_every_metric_in_one_table(run, run_json, files):
    arrays, paths = files
    found = run_json("evaluate", *options(paths))
    wanted = evaluate_embeddings(**arrays)
    assert found == wanted.to_dict()
    assert found["distance"] == "cosine"
    code, out, err = run("evaluate", *options(paths), "--per-class", "--k", 3)
    assert (code, err) == (0, "")
    for words in ("6 queries, 10 photos, cosine", "mAP@3 (divided by min(R, K))", "mAP@all", "dog"):
        assert words in out


def test_the_evaluators_of_the_field_stand_side_by_side_with_the_tables_that_print_them(run, files):
    code, out, _ = run("evaluate", *options(files[1]), "--k", 5)
    assert code == 0
    for name in ("CVAE", "SEM-PCYC", "SAKE", "Doodle2Search", "ZSE-SBIR", "CLIP-AT"):
        assert f"\n{name} " in out
    assert "mAP@200 divided by min(R, 200): SAKE (CLIP-AT, ZSE-SBIR, " in out
    assert "evaluator not known to us: TVT (" in out


def test_an_earlier_run_is_set_beside_and_print_of_another_split_is_refused(
    run, run_json, files, tmp_path
):
    values = run_json("evaluate", *options(files[1]), "--distance", "euclidean")
    (tmp_path / "earlier.json").write_text(json.dumps(values))
    code, out, _ = run("evaluate", *options(files[1]), "--compare", tmp_path / "earlier.json")
    assert code == 0
    assert "beside" in out
    found = run_json("evaluate", *options(files[1]), "--compare", tmp_path / "earlier.json")
    (beside,) = found["compared"]
    assert beside["figures"][0]["other"] == values["mean over queries"]["P@1"]
    assert_one_line(run("evaluate", *options(files[1]), "--compare", "SAKE"), "other split", "cat")
    assert_one_line(run("evaluate", "--compare", "SAKE", "--method", "cosine"), "--compare is for")


def test_distance_and_a_gallery_without_the_query(run_json, files):
    arrays, paths = files
    paths = paths | {"queries": paths["gallery"], "query_labels": paths["gallery_labels"]}
    given = {"gallery": arrays["gallery"], "gallery_labels": arrays["gallery_labels"]}
    wanted = evaluate_embeddings(
        given["gallery"], given["gallery"], given["gallery_labels"], given["gallery_labels"],
        distance="euclidean", exclude_same_id=True,
    )  # fmt: skip
    flags = ["--distance", "euclidean", "--exclude-same-id"]
    assert run_json("evaluate", *options(paths), *flags) == wanted.to_dict()


def test_a_ranking_with_minus_one(run_json, files, tmp_path):
    _, paths = files
    np.savetxt(tmp_path / "r.csv", [[0, 2, -1]] * 6, fmt="%d", delimiter=",")
    labels = {name: paths[name] for name in ("query_labels", "gallery_labels")}
    found = run_json("evaluate", "--ranking", tmp_path / "r.csv", *options(labels), "--k", 1)
    assert found["mean over queries"]["P@1"] == 0.5


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("l.txt", "a\nb b\nc\n"),
        ("l.txt", "\ufeff# classes\r\na\r\nb b\r\nc"),
        ("l.csv", "label\na\nb b\nc\n"),
        ("l.csv", 'file,class,n\nx,a,1\ny,"b b",2\nz,c,3\n'),
        ("l.tsv", "name\tlabel\nx\ta\ny\tb b\nz\tc\n"),
    ],
)
def test_labels_in_text_files(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    assert read_column(tmp_path / name).tolist() == ["a", "b b", "c"]


def test_labels_that_are_numbers(tmp_path):
    (tmp_path / "l.txt").write_text("3\n-1\n")
    assert read_column(tmp_path / "l.txt").tolist() == [3, -1]
    np.savez(tmp_path / "l.npz", np.array([[3], [-1]]))
    assert read_column(tmp_path / "l.npz").tolist() == [3, -1]


@pytest.mark.parametrize("delimiter", [",", "\t", " "])
def test_numbers_in_text_files(tmp_path, delimiter):
    wanted = np.arange(6).reshape(2, 3) + 0.5
    np.savetxt(tmp_path / "x.txt", wanted, delimiter=delimiter)
    np.testing.assert_allclose(read_matrix(tmp_path / "x.txt"), wanted)
    np.savetxt(tmp_path / "i.txt", [[1, -1], [0, 2]], delimiter=delimiter)
    assert read_matrix(tmp_path / "i.txt").dtype == np.int64


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gallery": None}, ["--queries needs --gallery"]),
        ({"query_labels": None}, ["--query-labels"]),
        ({"queries": "nowhere.npy"}, ["nowhere.npy", "no such file"]),
        ({"queries": "."}, ["folder"]),
        ({"query_labels": "gallery_labels.npy"}, ["one label for each of 6 rows", "10"]),
        ({"query_labels": "queries.npy"}, ["queries.npy", "one label for each row"]),
        ({"queries": "query_labels.npy"}, ["rows of numbers"]),
    ],
)
def test_what_cannot_be_right_is_one_line(run, files, tmp_path, monkeypatch, changes, words):
    monkeypatch.chdir(tmp_path)
    paths = {name: path for name, path in (files[1] | changes).items() if path is not None}
    assert_one_line(run("evaluate", *options(paths)), *words)


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (["--method", "cosine"], ["leave out --method"]),
        (["--distance", "far"], ["--distance 'far'", "cosine"]),
        (["--k", 11], ["--k is 11", "10 photos"]),
        (["--exclude-same-id"], ["6 queries are not the gallery of 10", "--query-ids"]),
        (["--ranking", "queries.npy"], ["--ranking is a result already: leave out --queries"]),
    ],
)
def test_options_that_do_not_go_together(run, files, tmp_path, monkeypatch, extra, words):
    monkeypatch.chdir(tmp_path)
    assert_one_line(run("evaluate", *options(files[1]), *extra), *words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "0 bytes"),
        (b"\x93NUMPY\x01\x00cut off", "is damaged"),
        (b"PK\x03\x04cut off", "is damaged"),
        (b"\xff\xfe\xfa", "neither a NumPy file nor text"),
        (b"1,2\n3\n", "as many in each"),
        (b"# nothing\n", "holds nothing"),
    ],
)
def test_damaged_files_are_named(run, files, tmp_path, content, words):
    bad = tmp_path / "bad.npy"
    bad.write_bytes(content)
    assert_one_line(run("evaluate", *options(files[1] | {"queries": bad})), "bad.npy", words)


def test_python_objects_are_not_unpickled(run, files, tmp_path):
    np.save(tmp_path / "o.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    result = run("evaluate", *options(files[1] | {"query_labels": tmp_path / "o.npy"}))
    assert_one_line(result, "o.npy holds Python objects")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_a_pipe_is_not_waited_for(run, files, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("queries", "query_labels"):
        assert_one_line(run("evaluate", *options(files[1] | {name: tmp_path / "pipe"})), "pipe")
